"""`testbed ladder`: the chart on standard output, or one line that says why not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from testbed.cli.main import USERS_FAULT, commands, main
from tests.measure import frames, synthetic
from tests.measure.bare import Bare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.handover_cn_run().write(tmp_path_factory.mktemp("run") / "handover-cn")


def test_the_chart_is_printed_plain_and_120_columns_wide_in_a_pipe(run: Path) -> None:
    argv = [sys.executable, "-c", "from testbed.cli import main; main()", "ladder", str(run)]
    done = subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "Handover: A" in line)
    assert line.startswith("  6004.0 B  │   ")
    assert line.endswith("──INVITE─────────▶│ +110.0 Handover: A, Require: handover")
    assert 100 < max(map(len, done.stdout.splitlines())) <= 120


def test_the_width_can_be_said(run: Path) -> None:
    result = CliRunner().invoke(commands, ["ladder", str(run), "--width", "80"])
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert "──INVITE────" in result.output


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["ladder", str(tmp_path)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    assert said.err == f"error: {tmp_path / 'manifest.json'}: No such file or directory\n"


def test_any_capture_has_a_chart(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=3000)
    bare.rtp(range(100), 100)
    path = frames.write_pcap(tmp_path / "call.pcap", sorted(bare.frames, key=lambda one: one.time_ns))
    result = CliRunner().invoke(commands, ["ladder", str(path), "--call-id", "one"])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:8] == [
        f"{path}: 6 SIP messages",
        "",
        "      ms 192.0.2.10         198.51.100.20 +ms",
        "     0.0 A  │────────INVITE─────────▶│",
        "    10.0 A  │◀─180 Whatever (INVITE)─│",
        "    50.0 A  │◀─200 Whatever (INVITE)─│",
        "    60.0 A  │──────────ACK──────────▶│",
        "   100.0    │┄┄┄┄┄media begins┄┄┄┄┄┄▶│",
    ]
    assert "?" not in result.output


def test_a_file_that_is_no_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("not a capture at all")
    with pytest.raises(SystemExit) as end:
        main(["ladder", str(tmp_path / "notes.txt")])
    said = capsys.readouterr()
    assert (end.value.code, said.out, said.err.count("\n")) == (USERS_FAULT, "", 1)
