"""Pictures beside the tables: one for each run, none for several seeds, and no end of a command for want of one."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING

from click.testing import CliRunner
from rich.console import Console

from testbed.cli.main import commands
from testbed.cli.results.picturing import show_pictures
from testbed.measure import MeasuredRun
from testbed.report.one_run.terminal_picture import TITLE
from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path


def said(*runs: tuple[str, MeasuredRun]) -> str:
    out = Console(file=io.StringIO(), width=120)
    show_pictures(out, runs)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_measure_draws_each_run_beside_the_table(tmp_path: Path) -> None:
    one, two = synthetic.handover_cn_run().write(tmp_path / "one"), synthetic.reinvite_run().write(tmp_path / "two")
    lines = CliRunner().invoke(commands, ["measure", str(one), str(two)]).output.splitlines()
    assert [line.partition(":")[0] for line in lines if "ms a column" in line] == ["handover-cn", "reinvite"]
    same = CliRunner().invoke(commands, ["measure", str(one), str(one)]).output.splitlines()
    assert [line.partition(":")[0] for line in same if "ms a column" in line] == ["one", "one"]
    assert "\x1b[" not in "".join(lines)
    assert TITLE not in CliRunner().invoke(commands, ["measure", str(one), "--json"]).output


def test_runs_of_several_seeds_have_none(tmp_path: Path) -> None:
    one, other = (MeasuredRun(synthetic.handover_cn_run().write(tmp_path / name)) for name in ("one", "other"))
    assert said(("one", one), ("two", other)).count("ms a column") == 2
    manifest = tmp_path / "other" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "seed": 8}))
    assert said(("one", one), ("two", MeasuredRun(tmp_path / "other"))) == ""
    assert said() == ""


def test_a_run_that_cannot_be_drawn_is_told_and_the_others_are_drawn(tmp_path: Path) -> None:
    one, gone = (MeasuredRun(synthetic.handover_cn_run().write(tmp_path / name)) for name in ("one", "gone"))
    assert gone.result == one.result
    gone.let_go()
    shutil.rmtree(tmp_path / "gone")
    text = said(("gone", gone), ("one", one))
    assert text.startswith("no picture of gone: ")
    assert text.count("ms a column") == 1
