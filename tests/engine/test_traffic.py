"""A download over the link that a call goes to: captures beside what iperf3 says, and what speech waits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import call, result_of

if TYPE_CHECKING:
    from pathlib import Path

UP = "  - {from: mn, to: cn, over: umts, kind: udp, rate: 24 kbit/s, size: 300, start: 6 s, for: 4 s}"
UNITS = {"K": 1024, "M": 1024**2}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shorter call, beside BBR's download and some UDP the other way."""
    folder = tmp_path_factory.mktemp("traffic") / "run"
    text = SCENARIO.find("download").read_text()
    text = text.replace("cubic, start: 5 s, for: 22 s}", f"bbr, start: 5 s, for: 10 s}}\n{UP}")
    scenario = folder.with_suffix(".yaml")
    scenario.write_text(text.replace("duration: 30 s", "duration: 19 s"))
    done = call("run", scenario, "--no-page", "--out", folder, "--scheme", "handover-cn")
    assert done.returncode == 0, done.stderr
    assert "bbr, cn to mn, umts" in done.stdout
    return folder


def said_by_iperf3(run: Path, name: str, who: str) -> int:
    """Bytes that the sender or receiver counts, rounded to 1 KB."""
    text = (run / "logs" / f"{name}.log").read_text()
    ((amount, unit),) = re.findall(rf"([\d.]+) ([KM])Bytes [^\n]*{who}", text)
    return int(float(amount) * UNITS[unit])


def flows(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result_of(run)["traffic"]
    return found


def test_a_download_is_what_iperf3_received_and_speech_waits_behind_it(run: Path) -> None:
    down, _ = flows(run)
    assert down["congestion"] == "bbr"
    # The receiver stops counting when its time is up, and what the sender has given to its kernel comes all the same.
    assert said_by_iperf3(run, "traffic1-mn", "receiver") < down["delivered_bytes"]
    assert down["delivered_bytes"] == pytest.approx(said_by_iperf3(run, "traffic1-mn", "sender"), abs=1024)
    again = re.findall(r"bits/sec +(\d+) +sender", (run / "logs" / "traffic1-mn.log").read_text())
    assert [down["retransmitted"]] == [int(one) for one in again]
    assert 150 < down["throughput_kbit_s"] < 384
    assert down["delay_ms"]["min"] > 110
    assert down["queue_delay_ms"]["mean"] < down["queue_delay_ms"]["p99"]
    quiet = result_of(run)["media"]["to_mn"]["paths"]["umts"]["delay_ms"]["min"]
    assert down["speech_delay_ms"]["mean"] > quiet + 50


def test_udp_the_other_way_is_counted_to_the_datagram(run: Path) -> None:
    _, up = flows(run)
    received = said_by_iperf3(run, "traffic2-mn", "receiver")
    assert up["retransmitted"] is None
    assert (up["sent"], up["lost"]) == (up["delivered_bytes"] // 300 + up["lost"], up["lost"])
    assert abs(up["delivered_bytes"] - received) <= 1024 * 0.1
    assert up["throughput_kbit_s"] == pytest.approx(24, rel=0.1)


def test_nothing_of_it_is_taken_for_speech_that_could_not_be_read(run: Path) -> None:
    assert result_of(run)["warnings"] == []
