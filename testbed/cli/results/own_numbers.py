"""The option for numbers that users bring."""

import click

number_option = click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="A number of yours: a file (./mine.py), or what an installed package brings; repeatable.",
)
