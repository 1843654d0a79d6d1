"""What goes into a guest has nothing for readers in it, does the same, and its tracebacks lead to the right lines."""

from __future__ import annotations

import ast

from testbed.engine.guest.guest_code import ROOT, LeanModule, guest_code, with_own_numbers

SOURCE = b'''"""What it is."""

# Why.
A = """one

# no comment
"""  # after it


class B:
    """A class."""

    number: int = 1
    """How many."""


def c(x: str) -> str:
    """Says.

    More.
    """
    return (
        "# neither"  # but this is
        "two" + x
    )
'''
LEAN = b'''""
A = """one

# no comment
"""
class B:
    ""
    number: int = 1
    ""
def c(x: str) -> str:
    ""
    return (
        "# neither"
        "two" + x
    )
'''


def without_texts(source: bytes) -> str:
    """What Python makes of it, but for texts that are statements."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
    return ast.dump(tree)


def test_comments_docstrings_and_blank_lines_stay_here() -> None:
    lean = LeanModule.of(SOURCE)
    assert lean.text == LEAN
    assert lean.numbers == [1, 4, 5, 6, 7, 10, 11, 13, 14, 17, 18, 22, 23, 24, 25]


def test_all_modules_of_a_guest_do_what_they_do_here() -> None:
    files = guest_code()
    assert {name.rpartition(".")[2] for name in files} == {"py", "au", "g722", "opus"}
    for name, text in files.items():
        if name.endswith(".py") and name != "testbed/__init__.py":
            assert without_texts(text) == without_texts((ROOT / name).read_bytes()), name


def test_what_is_for_readers_changes_nothing_in_a_guest() -> None:
    other = SOURCE.replace(b"# Why.", b"# Therefore,\n# or for another reason.").replace(b"Says.", b"Says it")
    assert LeanModule.of(other).text == LEAN


def test_tracebacks_have_the_numbers_that_lines_have_here() -> None:
    name = "testbed/lab/links/draws.py"
    here = (ROOT / name).read_text().splitlines()
    there = guest_code()[name].decode().splitlines()
    number = there.index("def cell(at_s: float) -> int:") + 1
    log = f'  File "/tmp/run/code/{name}", line {number}, in cell\n  File "/usr/lib/x.py", line 3, in y\n'
    mended = with_own_numbers(log.encode()).decode()
    assert mended == log.replace(f"line {number},", f"line {here.index('def cell(at_s: float) -> int:') + 1},")
    assert mended != log
