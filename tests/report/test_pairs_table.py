"""Handovers between pairs of links as a table: what was missed, what of it could have been avoided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.pairs_table import pairs_table
from testbed.report.terminal import console

if TYPE_CHECKING:
    import pytest


def row(scheme: str, direction: str, missed: str, unavoidable: str, call: str) -> dict[str, str]:
    return {
        "vary_links.wifi": "wifi-good",
        "vary_links.umts": "edge",
        "vary_call.codec": "PCMU",
        "scheme": scheme,
        "direction": direction,
        "interruption_ms": missed,
        "unavoidable_ms": unavoidable,
        "interruption_call_ms": call,
    }


def test_mean_and_most_and_what_failed_counts_in_none(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        row("handover-cn", "to_mn", "0.0", "0.0", "40.0"),
        row("handover-cn", "to_mn", "60.0", "40.0", "80.0"),
        row("handover-cn", "to_cn", "20.0", "20.0", "20.0"),
        row("handover-b2bua", "to_mn", "", "", ""),
    ]
    console().print(pairs_table(rows))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-2:] == [
        "wifi-good edge PCMU 2 to MN 30 (60) 10 (20) 60 (80) –",
        "to CN 20 (20) 0 (0) 20 (20) –",
    ]
