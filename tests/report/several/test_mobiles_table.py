"""What different mobile nodes do when their link goes, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.report.several.mobiles_table import MobileRun, mobiles_table
from testbed.report.terminal import wide_console

if TYPE_CHECKING:
    from collections.abc import Sequence

HANDOVER = {"trigger_s": 18.26, "new_path": "umts"}


def mobile_run(
    *, name: str = "phone", by_home: bool = False, handover: dict[str, Any] | None = HANDOVER,
    invites: Sequence[tuple[str, float, int | None]] = (), gap_ms: float | None = 20.0,
) -> MobileRun:  # fmt: skip
    """A run whose MN sent these INVITEs: (interface, second, status)."""
    media = {"gap_call_ms": gap_ms, "interruption_call_ms": 40.0, "lost": 2, "mos": 4.345}
    manifest: dict[str, Any] = {
        "scheme": name, "mn": "phone" if name == "phone" else "testbed", "failure_script": "wifi-break",
        "roles": {"mn": {}, "cn": {}, **({"relay": {}} if by_home else {})},
    }  # fmt: skip
    return MobileRun(
        manifest,
        {
            "handover": handover,
            "media": {"to_mn": media, "to_cn": media},
            "transactions": [
                {"method": "INVITE", "interface": interface, "request_s": at_s, "status": status}
                for interface, at_s, status in invites
            ],
        },
    )


@pytest.mark.parametrize(
    ("run", "does"),
    [
        (mobile_run(handover=None), "stays where it is"),
        (mobile_run(invites=[("mn-wifi", 1.0, 200)]), "sends on, and says nothing"),
        (mobile_run(invites=[("mn-umts", 19.0, None)]), "says so, and nobody answers"),
        (mobile_run(invites=[("mn-umts", 19.0, 401), ("mn-umts", 19.3, 200)]), "moves, and says so"),
        (mobile_run(invites=[("mn-umts", 1.0, 200)]), "sends on, and says nothing"),
    ],
)
def test_what_was_seen_of_it_in_words(run: MobileRun, does: str) -> None:
    assert run.does == does


def test_who_calls_by_home_is_told_from_who_does_not() -> None:
    assert mobile_run(by_home=True).name == "phone, by home"
    assert mobile_run().name == "phone"
    assert mobile_run(name="handover-b2bua", by_home=True).name == "handover-b2bua"


def test_a_row_for_each_direction_and_a_silence_without_end(capsys: pytest.CaptureFixture[str]) -> None:
    wide_console().print(mobiles_table([mobile_run(by_home=True), mobile_run(handover=None, gap_ms=None)]))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()][-4:]
    assert lines[0].endswith("sends on, and says nothing 1 18.26 to MN 20.0 40.0 2 4.34")
    assert lines[1] == "to CN 20.0 40.0 2 4.34"
    assert lines[2].endswith("stays where it is 1 – to MN no end 40.0 2 4.34")


def test_several_seeds_are_means_and_say_what_each_did(capsys: pytest.CaptureFixture[str]) -> None:
    """20 and 40 by Student's t: 30 ±127.1; what had no end is counted."""
    moves = [("mn-umts", 19.0, 200)]
    runs = [mobile_run(invites=moves, gap_ms=gap) for gap in (20.0, 40.0)] + [mobile_run(gap_ms=None)]
    wide_console().print(mobiles_table(runs))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "to MN" in line)
    said = " ".join(line.split())
    assert "moves, and says so (2), sends on, and says nothing (1) 3 18.26 each to MN" in said
    assert "30.0 ±127.1 (2 of 3)" in said
