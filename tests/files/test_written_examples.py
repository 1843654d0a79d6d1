"""What `testbed new` writes is what the pages show, and can become one of ours as docs/developing.md says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import testbed
from testbed.measure import MeasuredRun
from testbed.measure.numbers import media_numbers
from testbed.measure.numbers.media_facts import MediaFacts
from testbed.measure.result.typed import DirectionResult
from testbed.scenario.kinds.loaded_program import load_program
from tests.measure import synthetic
from tests.rules import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = [
    ("scheme", "hasty", "schemes.md", "agents/roles/mn/schemes"),
    ("trigger", "drop", "triggers.md", "agents/roles/mn/triggers"),
    ("phone", "mycn", "programs.md", "topologies/programs"),
    ("number", "longest-hole", "metrics.md", ""),
]
"""A kind, its example's name, the page that shows it, and where it goes to be shipped."""


def written(kind: str, name: str, folder: Path) -> Path:
    return next(path for path in testbed.new(kind, name, folder) if path.name == f"{name}.py")


@pytest.mark.parametrize(("kind", "name", "page", "_"), SHOWN)
def test_the_page_shows_what_is_written(kind: str, name: str, page: str, _: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    example = written(kind, name, tmp_path).read_text()
    assert example in text or textwrap.indent(example, "    ") in text


def test_the_page_shows_the_phone_s_own_file(tmp_path: Path) -> None:
    phone = written("phone", "mycn", tmp_path).with_suffix(".yaml")
    assert phone.read_text() in (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    assert load_program(phone).settings.hang_up is not None, "tests/engine/test_phones.py has it hang up"


@pytest.mark.parametrize(("kind", "name", "_", "place"), [row for row in SHOWN if row[3]])
def test_style_is_ours_where_it_goes(kind: str, name: str, _: str, place: str, tmp_path: Path) -> None:
    text = written(kind, name, tmp_path).read_text()
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", f"{place}/{name}.py", "-"]
        done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_ours(tmp_path: Path) -> None:
    files = [str(written(kind, name, tmp_path)) for kind, name, *_ in SHOWN]
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), "--scripts-are-modules", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_number_that_is_shipped_is_that_of_the_user_s_file(tmp_path: Path) -> None:
    recipe = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8").partition("### A number")[2]
    (text,) = re.findall(r"```python\n(.*?)```", recipe, re.DOTALL)
    file = vars(media_numbers).copy()
    exec(compile(f"from __future__ import annotations\n{text}", "recipe", "exec"), file)  # noqa: S102 - our own page
    row = file["LONGEST_HOLE"]
    run = MeasuredRun(synthetic.reinvite_run().write(tmp_path / "run"))
    assert {name: row.compute(MediaFacts(one, None)) for name, one in run.listened.items()} == {
        "to_mn": 2960.0,
        "to_cn": 3080.0,
    }
    for word in ("`MEDIA`", f"`{DirectionResult.__name__}`", f"`{MediaFacts.__name__}`"):
        assert word in recipe
