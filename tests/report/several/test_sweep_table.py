"""A campaign's table says what its numbers are not about."""

from __future__ import annotations

from testbed.report.several.groups import conditions
from testbed.report.several.sweep_table import first_alone
from tests.report.records import a_record


def test_calls_with_several_handovers_are_told_with_what_the_others_brought() -> None:
    """The table has the first handover's interruption, 0; the whole call's is not."""
    missed = a_record("handover-cn", 1, to_cn={"interruption_call_ms": 20.0})
    nothing = a_record("handover-cn", 2, to_cn={"interruption_call_ms": 0.0})
    for one in (missed, nothing):
        assert one.result is not None
        one.result["handovers"] = [{}, {}]
        for media in one.result["media"].values():
            media.setdefault("interruption_call_ms", 0.0)
    single = a_record("handover-cn", 3)
    (line,) = first_alone(conditions([missed, nothing, single]))
    assert "2 of 3 calls had several handovers" in line
    assert line.endswith("something in 1 of them.")
    assert not list(first_alone(conditions([single])))
