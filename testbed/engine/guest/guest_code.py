"""The project's code as a guest gets it: what Python carries out, and nothing that is for readers.

A guest computes in virtual time, and whatever is in its memory may move what happens there by some nanoseconds. So
comments, docstrings and blank lines stay here, and with them every file that is no module and no speech: to change
them changes no run. Lines are left as they are otherwise, and tracebacks get their numbers back.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
# The code that a guest needs: the lab, and the agents that it starts; with the speech that they play.
GUEST_CODE, SUFFIXES = ("agents", "testbed/lab"), (".py", ".au", ".g722", ".opus")
# The lab's package is the testbed's, of which the guest has nothing else: so not our own __init__.
GUEST_INIT = b""
# How a guest's tracebacks name a place (guest/boot.py, WORKSPACE).
PLACE = re.compile(rb'(File "/tmp/run/code/([^"]+)", line )([0-9]+)')
# What a module's texts and comments look like, with what stands before each; `\\.` is a pair in raw texts too.
LEXEMES = re.compile(
    r"""[^'"\#]*(?:(?P<comment>\#[^\n]*)"""
    r"""|(?P<text>"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3}|'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}"""
    r"""|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')|\Z)""",
    re.DOTALL,
)
ENDS = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


def guest_code() -> dict[str, bytes]:
    """The files of the guest's code, by their path in the project."""
    files = {"testbed/__init__.py": GUEST_INIT}
    for part in GUEST_CODE:
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                name, data = str(path.relative_to(ROOT)), path.read_bytes()
                files[name] = LeanModule.of(data).text if path.suffix == ".py" else data
    return files


@dataclass(frozen=True)
class LeanModule:
    """A module without what is for readers; `numbers` are those that its lines have here."""

    text: bytes
    numbers: list[int]

    @classmethod
    @cache
    def of(cls, source: bytes) -> "LeanModule":
        """`source` is a module that Python takes, in UTF-8."""
        whole = source.decode()
        pieces, at, depth = [], 0, 0
        inside: set[int] = set()  # blank lines there are part of a text
        for match in LEXEMES.finditer(whole):
            if match.lastgroup is None:
                break  # there is only code left
            text = match[match.lastgroup]
            start, end = match.span(match.lastgroup)
            depth += depth_of(whole[match.start() : start])
            if match.lastgroup == "comment":
                pieces.append(whole[at:start].rstrip(" \t"))
                at = end
            elif depth == 0 and is_statement(whole, start, end):
                pieces += [whole[at:start], '""', "\n" * text.count("\n")]
                at = end
            elif "\n" in text:
                row = whole.count("\n", 0, start) + 1
                inside |= set(range(row, row + text.count("\n")))
        lines = "".join([*pieces, whole[at:]]).split("\n")
        numbers = [number for number, line in enumerate(lines, 1) if line.strip() or number in inside]
        return cls("".join(f"{lines[number - 1]}\n" for number in numbers).encode(), numbers)


def depth_of(code: str) -> int:
    """How many more brackets are open after some code, without texts and comments, than before it."""
    return sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))


def is_statement(whole: str, start: int, end: int) -> bool:
    """Whether a text outside all brackets is alone in its line: Python does nothing with it."""
    line = whole.rfind("\n", 0, start) + 1
    return not whole[line:start].strip() and whole[line - 2 : line] != "\\\n" and ENDS.match(whole, end) is not None


def with_own_numbers(log: bytes) -> bytes:
    """A guest's log whose tracebacks have the numbers that lines have here."""

    def mended(match: re.Match[bytes]) -> bytes:
        path, number = ROOT / match[2].decode(), int(match[3])
        numbers = LeanModule.of(path.read_bytes()).numbers if path.is_file() else []
        return match[1] + b"%d" % numbers[number - 1] if 0 < number <= len(numbers) else match[0]

    return PLACE.sub(mended, log)
