"""What moved a phone's address below its call, as a table: where anything did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.several.costs.cost_table import mobility_table
from testbed.report.terminal import console

if TYPE_CHECKING:
    import pytest


def result(mobility: dict[str, Any] | None) -> dict[str, Any]:
    return {"signalling": {"mobility": mobility}, "cost": {"tunnel_bytes_per_packet": 20.0 if mobility else 0.0}}


def test_only_who_was_moved_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    moved = result({"protocol": "Mobile IPv4", "messages": 4, "bytes": 176})
    table = mobility_table([("handover-cn", result(None)), ("below", moved)])
    assert table is not None
    console().print(table)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == "below Mobile IPv4 4 176 20.0"
    assert not any(line.startswith("handover-cn") for line in lines)


def test_there_is_none_where_nobody_was() -> None:
    assert mobility_table([("handover-cn", result(None)), ("a capture", {})]) is None
