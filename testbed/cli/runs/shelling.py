"""`shell` and `live`: a call in wall-clock time, at Mininet's prompt, or with its packets in a running Wireshark."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from testbed.api import by_hand
from testbed.api.runs import DEFAULT_SCENARIO
from testbed.cli.results.opening import what_is_lacking
from testbed.cli.runs.progress import SHOWN, Progress
from testbed.cli.runs.running import failure_option, finish, out_option, seed_option
from testbed.cli.whole_number import WholeNumber
from testbed.engine.errors import MissingRequirementError
from testbed.engine.hands.user import User
from testbed.plain_text import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.api.carrying_out import News

WIRESHARK = ("wireshark", "-k", "-i", "-")
STANDARD_OUTPUT = "-"
LONGEST_MINUTES = 55

scheme_option = click.option("--scheme", metavar="SCHEME", help="Another scheme than the scenario's.")


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@scheme_option
@failure_option
@seed_option
@click.option(
    "--minutes", type=WholeNumber(min=1, max=LONGEST_MINUTES), default=10, show_default=True,
    help="When the call ends, if the prompt has not been left before.",
)  # fmt: skip
@click.option("--live", metavar="FILE", help="Stream the captures into a file or pipe, too; 'wireshark' starts it.")
@out_option
def shell(
    scenario: str, scheme: str | None, failure: str | None, seed: int | None, minutes: int, live: str | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Mininet's prompt in the lab of SCENARIO, with its links shaped and a call up, in wall-clock time.

    Nothing befalls the links but what is typed, or a script that --failure names. 'exit' hangs up; then the run is
    measured as any other. It is not reproducible.
    """
    with target(live) as stream:
        done = by_hand.shell(
            scenario, User(has_prompt=True, stream=stream), scheme=scheme, failure=failure, seed=seed,
            longest_s=60.0 * minutes, out=out, watch=tell,
        )  # fmt: skip
    finish([done], as_json=False, single=True)


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@scheme_option
@failure_option
@seed_option
@click.option("--to", "to", metavar="FILE", default="wireshark", help="A file, a pipe, or - for standard output.")
@out_option
def live(
    scenario: str, scheme: str | None, failure: str | None, seed: int | None, to: str, out: Path | None
) -> None:  # fmt: skip
    """Carry out SCENARIO in wall-clock time and stream all of its captures into a running Wireshark.

    Packets come as pcapng, an interface each, about a second after they were captured. It is not reproducible.
    """
    is_ours = to == STANDARD_OUTPUT
    with target(to) as stream, Progress() as progress:
        done = by_hand.live(
            scenario, User(has_prompt=False, stream=stream), scheme=scheme, failure=failure, seed=seed, out=out,
            watch=progress.show,
        )  # fmt: skip
    if is_ours:
        say(f"run folder: {done.folder}", err=True)
        sys.exit(0 if done.failure is None else 1)
    finish([done], as_json=False, single=True)


@contextlib.contextmanager
def target(word: str | None) -> Iterator[IO[bytes] | None]:
    """Where captures are streamed: a file, a pipe, standard output, or a Wireshark that is started for it."""
    if word is None:
        yield None
    elif word == STANDARD_OUTPUT:
        yield sys.stdout.buffer
    elif word == "wireshark":
        lacking = what_is_lacking()
        if lacking is not None:
            raise MissingRequirementError(f"{lacking}; or --to FILE, or --to - for standard output")
        with subprocess.Popen(WIRESHARK, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as started:
            if started.stdin is None:
                raise RuntimeError("it has no input")
            yield started.stdin
            with contextlib.suppress(BrokenPipeError):
                started.stdin.close()
    else:
        try:
            with Path(word).open("wb") as file:
                yield file
        except OSError as error:
            raise click.UsageError(f"{word}: {error.strerror}") from None


def tell(news: News) -> None:
    """What happens, in a line of its own each, also where the terminal takes every byte as it is."""
    if news.stage == "told":
        report = news.report or {}
        if report.get("event") in SHOWN:
            where = f" {report['link']}" if "link" in report else ""
            line(f"[{report['t_s']:.3f} s: {SHOWN[report['event']]}{where}]")
        return
    line(f"{news.run}: {news.text or 'begins'}" if news.run else news.text)


def line(text: str) -> None:
    """A line on standard error."""
    os.write(2, f"{text}\r\n".encode() if os.isatty(2) else f"{text}\n".encode())
