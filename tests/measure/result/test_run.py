"""One run: its captures are opened once, whoever asks for what; and let go of before those of the next one."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from testbed.cli.main import main
from testbed.cli.results.picturing import show_pictures
from testbed.measure import MeasuredRun, RunFolderError
from testbed.measure.capture import pcap
from testbed.measure.capture.capture_bytes import load
from testbed.runner import annotate, measure, write_report
from tests.measure import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.measure.capture.capture import Bytes

FILES = {f"{name}.pcap" for name in synthetic.INTERFACES}
ENDS = {"mn-wifi.pcap", "mn-umts.pcap", "cn-eth0.pcap"}


class Opened:
    """Counts how often each capture is opened; `mapped`, once it is a list, how many under `folder` were mapped before.

    Other tests of the same process may still hold captures of their own (a kept exception does), so only these count.
    """

    def __init__(self, load: Callable[[Path], Bytes], folder: Path) -> None:
        self._load = load
        self._held = re.compile(rf"{re.escape(str(folder))}/.*\.pcap$", re.MULTILINE)
        self.times = Counter[Path]()
        self.mapped: list[int] | None = None

    def __call__(self, path: Path, *, pipes: bool = False) -> Bytes:
        if self.mapped is not None:
            self.mapped.append(len(self._held.findall(Path("/proc/self/maps").read_text())))
        self.times[path] += 1
        assert not pipes, "of a run folder no pipe is read"
        return self._load(path)

    def by_name(self) -> dict[str, int]:
        return {path.name: times for path, times in self.times.items()}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opened:
    counter = Opened(load, tmp_path)
    monkeypatch.setattr(pcap, "load", counter)
    return counter


def unmeasured(folder: Path) -> Path:
    """A run folder as the lab leaves it."""
    synthetic.handover_cn_run().write(folder)
    (folder / "run.pcapng").unlink()
    return folder


def test_all_that_testbed_run_does_after_the_lab_opens_each_capture_once(tmp_path: Path, opened: Opened) -> None:
    folder = unmeasured(tmp_path / "run")
    opened.times.clear()
    run = MeasuredRun(folder)
    assert annotate(run, "a run") == []
    result = measure(run)
    write_report(run)
    out = Console(file=io.StringIO(), width=120)
    show_pictures(out, [("run", run)])
    assert opened.by_name() == dict.fromkeys(FILES, 1)
    assert result == json.loads((folder / "result.json").read_text())
    assert {"run.pcapng", "report.html"} <= {path.name for path in folder.iterdir()}
    assert isinstance(out.file, io.StringIO)
    assert "ms a column" in out.file.getvalue()


@pytest.mark.parametrize("command", ["measure", "report", "ladder"])
def test_every_command_on_a_run_opens_each_capture_once(tmp_path: Path, opened: Opened, command: str) -> None:
    folder = unmeasured(tmp_path / "run")
    opened.times.clear()
    main([command, str(folder)])
    assert opened.by_name() == dict.fromkeys(ENDS, 1)


def test_export_opens_one_run_after_the_other_and_keeps_none(tmp_path: Path, opened: Opened) -> None:
    folders = [synthetic.reinvite_run().write(tmp_path / "runs" / name) for name in ("a", "b", "c")]
    for folder in folders:
        measure(MeasuredRun(folder))
    opened.times.clear()
    opened.mapped = []
    main(["export", str(tmp_path / "runs"), "--table", "packets", "--out", str(tmp_path / "packets.csv")])
    assert list(opened.times) == [folder / "captures" / name for folder in folders for name in sorted(ENDS)]
    assert set(opened.times.values()) == {1}
    assert opened.mapped == [0, 1, 2] * len(folders), "when a run is opened, none of the run before is mapped"


def test_a_run_that_let_go_still_tells_and_can_be_asked_again(tmp_path: Path, opened: Opened) -> None:
    run = MeasuredRun(synthetic.handover_cn_run().write(tmp_path / "run"))
    story = run.story
    opened.times.clear()
    run.let_go()
    assert run.story is story
    assert story.result is run.result
    assert not opened.times
    assert {name: one.name for name, one in run.listened.items()} == {"to_mn": "to_mn", "to_cn": "to_cn"}
    assert opened.by_name() == dict.fromkeys(ENDS, 1)


def test_a_file_that_cannot_be_read_is_tried_once_too(tmp_path: Path, opened: Opened) -> None:
    folder = unmeasured(tmp_path / "run")
    (folder / "captures" / "mn-wifi.pcap").write_bytes(b"")
    run = MeasuredRun(folder)
    assert annotate(run)[0].startswith("capture mn-wifi: is empty")
    (folder / "run.pcapng").unlink()
    opened.times.clear()
    assert run.result["warnings"][0].startswith("capture mn-wifi: is empty")
    assert run.chart.warnings[0].startswith("capture mn-wifi: is empty")
    assert opened.by_name() == {"run.pcapng": 1}, "which might have had what it held"


def test_what_cannot_be_measured_says_so_whenever_it_is_asked(tmp_path: Path) -> None:
    folder = unmeasured(tmp_path / "run")
    (folder / "events.jsonl").unlink()
    run = MeasuredRun(folder)
    for _ in range(2):
        with pytest.raises(RunFolderError, match=r"events\.jsonl: No such file"):
            _ = run.result
    assert measure(run) is None
