"""A moment as it is written."""

from __future__ import annotations

import pytest

from testbed.measure.selection.moment import Moment
from tests.measure.frames import START_NS

S = 1_000_000_000
"""START_NS is 2026-01-01T00:00:00Z."""


@pytest.mark.parametrize(
    ("text", "after_ns"),
    [
        ("0", 0),
        ("12.5", 12_500_000_000),
        ("0.000000001", 1),
        ("00:00:07", 7 * S),
        ("14:03:05.25", (14 * 3600 + 3 * 60 + 5) * S + 250_000_000),
        ("2026-01-01T00:00:10", 10 * S),
        ("2026-01-01 01:00:10+01:00", 10 * S),
        ("2026-01-02", 86400 * S),
    ],
)
def test_a_moment_is_seconds_or_a_time_in_utc(text: str, after_ns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert Moment.parse(text).ns(START_NS) == START_NS + after_ns


@pytest.mark.parametrize(
    "text", ["", "-1", "now", "1e3", "25:00:00", "2026-13-01", "١٢", "1" * 13, "2026-01-01T00:00:00Z\0"]
)
def test_what_is_no_moment_is_told_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no moment: say seconds \(12\.5\), 14:03:05 or 2026-01-31T14:03:05"):
        Moment.parse(text)
