"""Schemes behind kinds of NAT as a table: a call that fell silent is no call without an interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.nat_table import nat_table
from testbed.report.terminal import console

if TYPE_CHECKING:
    import pytest


def row(scheme: str, direction: str, gap: str, missed: str, received: str = "1500") -> dict[str, str]:
    return {
        "vary_nat.umts": "symmetric", "scheme": scheme, "direction": direction, "gap_ms": gap,
        "interruption_ms": missed, "packets_received": received,
    }  # fmt: skip


def test_what_is_silent_is_said_and_counts_in_no_mean(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        row("handover-cn", "to_mn", "110.0", "0.0"),
        row("handover-cn", "to_mn", "120.0", "20.0"),
        row("handover-cn", "to_cn", "120.0", "0.0"),
        row("handover-cn", "to_cn", "", "", "600"),
        row("mipv4", "to_mn", "", "", "0"),
        row("mipv4", "to_cn", "", "", ""),
        row("reinvite", "to_cn", "", "0.0", "600"),
    ]
    console().print(nat_table(rows))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-2:] == ["symmetric 2 to MN 10 no call no call", "to CN silent 1/2 no call silent"]
