"""Whatever becomes of a file: it is loaded and compiled, or refused with a line that there is. Nothing else."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError

from .files import NET, SCENARIO_FILE, SCRIPT, UMTS, WIFI, Files

YAML_FILES = (SCENARIO_FILE, WIFI, UMTS, SCRIPT)
SCALAR = re.compile(r"(?<=[:,{-] )[^\s,{}][^,{}\n#]*")
ODD = ["", "null", "~", "true", "on", "no", "2026-01-01", "12:30:45", "0x1f", "1e400", "-0", ".inf", "5", "-5 s", "5 %",
       "9" * 400 + " ms", "{}", "[]", "{a: b}", "[a, b]", "*a", "&a b", "!!set {a}", "'", '"', "|", ">", "- a", "? a",
       "#", "\t", "\x00", "\x85", "\u2028x", "\ufeff", "wifi", "mn", "é", "'\\", '"\\q"', "%", "@", "`", "<<: {a: b}",
       "0.0000001 %", "99.99999 %", "60 min", "100 bit/s", "1000000 packets", "mn/../..", "x" * 5000]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """The text after some slips of the hand."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from([delete, repeat, move, indent, swap, put, cut, spoil]))(draw, text)
    return text


def some_line(draw: st.DrawFn, lines: list[str]) -> int:
    return draw(st.integers(0, max(0, len(lines) - 1)))


def delete(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    del lines[some_line(draw, lines)]
    return "\n".join(lines)


def repeat(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    lines.insert(some_line(draw, lines), lines[some_line(draw, lines)])
    return "\n".join(lines)


def move(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    lines.insert(some_line(draw, lines), lines.pop(some_line(draw, lines)))
    return "\n".join(lines)


def indent(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    number = some_line(draw, lines)
    lines[number] = draw(st.sampled_from([" ", "  ", "\t", "- "])) + lines[number]
    return "\n".join(lines)


def swap(draw: st.DrawFn, text: str) -> str:
    """One value in the place of another."""
    found = list(SCALAR.finditer(text))
    if not found:
        return text
    value, place = draw(st.sampled_from(found)), draw(st.sampled_from(found))
    return text[: place.start()] + value[0] + text[place.end() :]


def put(draw: st.DrawFn, text: str) -> str:
    """Something odd in the place of a value."""
    found = list(SCALAR.finditer(text))
    if not found:
        return text
    place = draw(st.sampled_from(found))
    return text[: place.start()] + draw(st.sampled_from(ODD)) + text[place.end() :]


def cut(draw: st.DrawFn, text: str) -> str:
    return text[: draw(st.integers(0, len(text)))]


def spoil(draw: st.DrawFn, text: str) -> str:
    """Any character anywhere."""
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.characters(exclude_categories=["Cs"])) + text[place:]


def check(error: ScenarioError, folder: Path) -> None:
    """A complaint is one line about a file of the user's, about a line that it has, and says what would be right."""
    assert len(str(error).splitlines()) == 1
    assert "; " in error.what
    assert error.path.parent == folder
    lines = error.path.read_text(encoding="utf-8", errors="replace").split("\n")
    assert 1 <= error.line <= len(lines)


def load_or_refuse(name: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        files = Files(Path(scratch) / "mine")
        files.write(name, text)
        try:
            plan = compile_plan(load_experiment(str(files.scenario)))
            json.dumps(plan, allow_nan=False)
        except BadScenarioError as error:
            for one in error.errors:
                check(one, files.folder)


def shipped_text(name: str) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return Files(Path(scratch) / "mine").read(name)


TEXTS = {name: shipped_text(name) for name in (*YAML_FILES, NET)}
slips = st.sampled_from(YAML_FILES).flatmap(lambda name: st.tuples(st.just(name), damaged(TEXTS[name])))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(slips)
def test_slips_of_the_hand(slip: tuple[str, str]) -> None:
    load_or_refuse(*slip)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(TEXTS[NET].split("\n")), max_size=60).map("\n".join)
    | st.integers(0, len(TEXTS[NET])).map(lambda end: TEXTS[NET][:end])
)
def test_topologies_cut_and_shuffled(text: str) -> None:
    load_or_refuse(NET, text)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(YAML_FILES), st.text(max_size=80) | st.text(alphabet="ab:-{}[],'\"#&*!|>%@ \n\t?\\U0", max_size=60)
)
@example(SCENARIO_FILE, "%YAML 1.99\n---\na: 1")
@example(SCENARIO_FILE, 'a: "\\UFFFFFFFF"')
@example(SCENARIO_FILE, "a: !<")
@example(SCENARIO_FILE, "\ufeff")
def test_anything_at_all(name: str, text: str) -> None:
    load_or_refuse(name, text.encode("utf-8", errors="replace").decode())
