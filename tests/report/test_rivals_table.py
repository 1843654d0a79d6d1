"""The table of schemes of all layers, of a campaign's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.rivals_table import rivals_table
from testbed.report.terminal import console

if TYPE_CHECKING:
    import pytest


def row(scheme: str, direction: str, gap: str, *, mobility: str = "", tunnel: str = "0.0") -> dict[str, str]:
    return {
        "scenario": "all-schemes", "failure": "wifi-fade", "scheme": scheme, "direction": direction, "gap_ms": gap,
        "path_step_ms": "115.0", "interruption_ms": "0.0", "interruption_call_ms": "20.0", "packets_lost": "6",
        "handover_messages": "2",
        "handover_bytes": "1200", "mobility_messages": mobility, "mobility_bytes": mobility and "88",
        "tunnel_bytes_per_packet": tunnel,
    }  # fmt: skip


def test_each_scheme_has_two_rows_and_what_moving_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row("sip", way, gap) for gap in ("10.0", "12.0") for way in ("to_mn", "to_cn")]
    rows += [row("below", way, "", mobility="2", tunnel="20.0") for way in ("to_mn", "to_cn")]
    console().print(rivals_table(rows))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()][-4:]
    assert lines == [
        "all-schemes wifi-fade sip 2 to MN 11.0 ±12.7 115.0 0.0 20.0 6.0 2.0 1200.0 0.0",
        "to CN 11.0 ±12.7 115.0 0.0 20.0 6.0",
        "below 1 to MN – 115.0 0.0 20.0 6.0 4.0 1288.0 20.0",
        "to CN – 115.0 0.0 20.0 6.0",
    ]


def test_what_else_was_varied_has_a_column_where_it_has_several_values(capsys: pytest.CaptureFixture[str]) -> None:
    far = {"vary_failure": "wifi-fade", "vary_ip": "6", "vary_delay.home [ms]": "50.0"}
    rows = [{**row("below", way, "10.0"), **far} for way in ("to_mn", "to_cn")]
    rows += [{**one, "vary_delay.home [ms]": "0.0"} for one in rows]
    console().print(rivals_table(rows))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-5].startswith("scenario failure delay.home [ms] scheme runs")
    assert [line.split(" to ")[0] for line in lines[-4:]] == [
        "all-schemes wifi-fade 50.0 below 1", "to CN 10.0 115.0 0.0 20.0 6.0", "0.0 below 1",
        "to CN 10.0 115.0 0.0 20.0 6.0",
    ]  # fmt: skip
