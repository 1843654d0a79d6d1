"""`new`: begins something of the user's own, with a small working example and its test."""

import click

from testbed.cli.own_name import own_name, own_python
from testbed.files.beginning import BEGINNINGS, NotBegunError
from testbed.files.beginning import new as begun
from testbed.plain_text import say


@click.command()
@click.argument("kind", type=click.Choice(list(BEGINNINGS)))
@click.argument("name")
def new(kind: str, name: str) -> None:
    """Write a working example of KIND, called NAME, and its test into the current folder."""
    try:
        files = begun(kind, name)
    except NotBegunError as error:
        raise click.ClickException(str(error)) from None
    for path in files:
        say(path)
    say(f"\n{BEGINNINGS[kind].about}. Next:")
    for line in (f"testbed check {files[0]}", *BEGINNINGS[kind].next_lines):
        say(f"  {own_name()}{line.format(name=name).removeprefix('testbed')}")
    say(f"  {own_python()} -m pytest {files[-1]}")
