"""`check`: files of any kind, looked through without a run."""

import sys
from pathlib import Path

import click

from testbed.files.checking import check as checked
from testbed.files.kinds import KINDS
from testbed.plain_text import say

USERS_FAULT = 2


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as", "kind", type=click.Choice(list(KINDS)), help="Take them for this, whatever they look like.")
def check(files: tuple[Path, ...], kind: str | None) -> None:
    """Look through files of any kind, or run folders, without a run.

    A line for each: what it was taken for, and facts, or how many mistakes there are; each of them stands on standard
    error, as a run would say it. Ends with 2 when one has any.
    """
    found = [checked(file, kind) for file in files]
    for one in found:
        say(str(one))
        for mistake in one.mistakes:
            say(" ".join(mistake.split()), err=True)
    if not all(one.is_ok for one in found):
        sys.exit(USERS_FAULT)
