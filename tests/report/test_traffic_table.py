"""Calls beside a download as a table: what varies begins each row, the flow stands beside the direction it goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.terminal import wide_console
from testbed.report.traffic_table import traffic_table

if TYPE_CHECKING:
    import pytest


def found(direction: str, missed: str, throughput: float) -> tuple[dict[str, str], list[dict[str, Any]]]:
    row = {
        "vary_traffic.1.congestion": "bbr", "vary_links.umts.aqm": "pie", "scheme": "handover-cn",
        "direction": direction, "gap_ms": "100.0", "interruption_ms": missed, "unavoidable_ms": "0.0",
        "interruption_call_ms": missed, "packets_lost": "3",
    }  # fmt: skip
    flow = {
        "from": "cn", "to": "mn", "throughput_kbit_s": throughput, "retransmitted": 4,
        "queue_delay_ms": {"mean": 20.0, "p99": 80.0}, "speech_delay_ms": {"mean": 130.0, "p99": None},
    }  # fmt: skip
    return row, [flow]


def test_means_and_the_flow_s_own_direction(capsys: pytest.CaptureFixture[str]) -> None:
    some = [found("to_mn", "0.0", 300.0), found("to_cn", "", 300.0), found("to_mn", "40.0", 310.0)]
    wide_console().print(traffic_table(some))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-2:] == [
        "bbr pie handover-cn 2 to MN 100.0 20.0 0.0 20.0 3.0 305.0 4.0 20.0 80.0 130.0",
        "to CN 100.0 – 0.0 – 3.0",
    ]
