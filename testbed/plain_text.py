"""What is said to people, whoever wrote it: nothing in it moves a terminal's cursor, or turns the line around."""

import re

import click

# C0 but for tabs and new lines, DEL, C1; what changes the direction of writing; halves of UTF-16's pairs, which stand
# for bytes of file names that are no UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The same with those characters as JSON writes them."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def say(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Writes to standard output, or standard error."""
    click.echo(printable(str(text)), err=err, nl=nl)
