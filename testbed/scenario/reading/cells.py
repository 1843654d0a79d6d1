"""Rows of files with separated cells: one on each line, whatever stands in them."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from testbed.scenario.reading.tree import bad

MOST_COLUMNS = 1000
# A number, a date and a heading are shorter.
MOST_CELL = 1000
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def rows(path: Path, lines: Iterable[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The rows of lines that are not empty, each with its line; raises BadScenarioError where one can't be meant.

    Spaces around a cell are not part of it. A cell may stand in quotation marks, on one line.
    """
    for line, content in enumerate(lines, 1):
        try:
            found = [cell.strip() for cell in separate(content, delimiter)]
        except csv.Error as error:
            raise bad(path, line, what_is_wrong(content, error)) from None
        if len(found) > MOST_COLUMNS:
            raise bad(path, line, f"there are {len(found)} cells here; a row has at most {MOST_COLUMNS}")
        if len(content) > MOST_CELL and any(len(cell) > MOST_CELL for cell in found):
            raise bad(path, line, f"a cell of more than {MOST_CELL} characters; write numbers like 12.5")
        if any(found):
            yield line, found


def separate(content: str, delimiter: str) -> list[str]:
    """The cells of a line; raises csv.Error. A long file has a million of them, most without a quotation mark."""
    if '"' not in content:
        return content.split(delimiter)
    (found,) = csv.reader([content], delimiter=delimiter, strict=True, skipinitialspace=True)
    return found


def what_is_wrong(content: str, error: csv.Error) -> str:
    """A complaint of Python's reader in words; it has a limit of its own for cells."""
    if content.count('"') % 2:
        return "a quotation mark is not closed; close it on the same line, or leave it out"
    if "limit" in str(error):
        return f"a cell of more than {MOST_CELL} characters; write numbers like 12.5"
    return "something stands after a quotation mark that closes; put a comma there"


def number(text: str) -> float:
    """A number like 12.5 or 1e-3, in ASCII's digits; raises ValueError for what only Python takes for one."""
    if NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no number")
    return float(text)
