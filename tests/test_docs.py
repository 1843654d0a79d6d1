"""What README and docs/ promise: pages that one finds, and commands that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from testbed.cli.main import commands

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
# As an indented line, where two blanks end the command and begin a remark, or between back-quotes.
INDENTED = re.compile(r"^    (?:sudo )?(?:\.venv/bin/)?testbed (\S.*?)(?:  .*)?$", re.MULTILINE)
QUOTED = re.compile(r"`(?:sudo )?(?:\.venv/bin/)?testbed (\S[^`\n]*)`")


def text(page: str) -> str:
    return (ROOT / page).read_text()


def links(page: str) -> set[str]:
    """The pages that one links to."""
    folder = Path(page).parent
    found = re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", text(page))
    return {str((ROOT / folder / link).resolve().relative_to(ROOT)) for link in found}


def test_readme_leads_to_every_page() -> None:
    lost = set(PAGES) - {"README.md"} - links("README.md")
    assert not lost, f"give them a place in README's table: {sorted(lost)}"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert {link for link in links(page) if not (ROOT / link).exists()} == set()


def commands_of(page: str) -> list[str]:
    return INDENTED.findall(text(page)) + QUOTED.findall(text(page))


def complaint(line: str) -> str | None:
    """What is wrong with a command line, as far as one can say without its files; None where nothing is."""
    command: click.Command = commands
    words = shlex.split(line.replace("[", "").replace("]", ""))
    context = click.Context(command, **command.context_settings)
    try:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, found, words = command.resolve_command(context, words)
            if found is None:
                return f"no command {name}"
            command, context = found, click.Context(found, parent=context, info_name=name)
        _, left, _ = command.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return f"unexpected: {left}" if left else None


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)])
def test_commands_and_their_options_exist(page: str) -> None:
    wrong = [f"testbed {line}: {said}" for line in commands_of(page) if (said := complaint(line)) is not None]
    assert not wrong, f"{page}:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run wifi-to-umts --seed 7", None),
        ("profile show umts-r99-384", None),
        ("fly to-the-moon", "No such command 'fly'."),
        ("profile fly", "No such command 'fly'."),
        ("run --fly", "No such option"),
        ("run --seed", "Option '--seed' requires an argument."),
        ("doctor now", "unexpected: ['now']"),
    ],
)
def test_what_is_wrong_with_a_command_is_found(line: str, said: str | None) -> None:
    found = complaint(line)
    assert (found is None) if said is None else (found is not None and found.startswith(said))
