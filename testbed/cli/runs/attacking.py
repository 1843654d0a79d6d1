"""`attack`: calls with somebody in the network who would like to hear, move or end them."""

import sys
from pathlib import Path

import click
from rich.text import Text

from testbed.api import attacked_calls
from testbed.api.attacked_calls import ATTACKED_SCHEMES, known_attacks
from testbed.api.carrying_out import EngineName
from testbed.attacks.attacks_table import attack_table
from testbed.cli.runs.progress import Progress
from testbed.cli.runs.running import engine_option, out_option
from testbed.report.terminal import console


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option(
    "--scheme", "schemes", multiple=True, type=click.Choice(ATTACKED_SCHEMES), help="Only this scheme; repeatable."
)
@click.option("--unguarded", is_flag=True, help="Have the CN believe anybody: shows what its guards are for.")
@engine_option
@out_option
def attack(
    names: tuple[str, ...], schemes: tuple[str, ...], engine: EngineName | None, out: Path | None, *, unguarded: bool
) -> None:
    """Carry out the attacks of these names, all by default, on calls.

    Ends with 1 when one has another answer or effect than it has to have.
    """
    if unknown := set(names) - set(known_attacks()):
        raise click.UsageError(f"there is no attack {min(unknown)!r}; possible are: {', '.join(known_attacks())}.")
    shown, is_wrong = console(), False
    with Progress() as progress:
        calls = attacked_calls.attack(
            names, schemes=schemes, unguarded=unguarded, engine=engine, out=out, watch=progress.show
        )
        for call in calls:
            is_wrong |= not call.is_as_it_should_be
            if call.failure is not None:
                shown.print(Text(f"{call.folder}: the run failed: {call.failure}", style="red"))
            else:
                shown.print(attack_table(f"Attacks on a call under {call.scheme}", call.verdicts), Text())
    if is_wrong:
        sys.exit(1)
