"""What is shown to people: no text of a file or a packet is a command to their terminal."""

import pytest

from testbed.plain_text import printable, say
from testbed.report.terminal import console, new_table

HOSTILE = "\x1b[31mred\x07\x9b2J\u202egnp\x7f"
HARMLESS = r"\u001b[31mred\u0007\u009b2J\u202egnp\u007f"


def test_what_moves_the_cursor_or_turns_the_line_is_written_out() -> None:
    assert printable(HOSTILE) == HARMLESS


def test_all_other_text_stays() -> None:
    text = "Grüße, 日本 │ ▓\ttab\nline 😀"
    assert printable(text) == text


def test_a_file_s_name_that_is_no_utf8() -> None:
    assert printable(b"a\xffb".decode(errors="surrogateescape")) == r"a\udcffb"


def test_it_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(HOSTILE, err=True)
    assert capsys.readouterr() == (f"{HARMLESS}\n", f"{HARMLESS}\n")


def test_tables_show_it_so(capsys: pytest.CaptureFixture[str]) -> None:
    table = new_table(HOSTILE, "name")
    table.add_row(HOSTILE)
    console().print(table)
    shown = capsys.readouterr().out
    assert r"\u001b[31mred" in shown
    assert printable(shown) == shown
