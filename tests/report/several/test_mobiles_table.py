"""What different mobile nodes do when their link goes, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.report.several.mobiles_table import MobileRun, mobiles_table
from testbed.report.terminal import console

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


def test_row_has_the_numbers_of_both_directions(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(mobiles_table([mobile_run(), mobile_run(handover=None, gap_ms=None)]))
    moved, stayed = capsys.readouterr().out.splitlines()[-2:]
    assert " ".join(moved.split()).endswith("18.26 20.0 / 20.0 40.0 / 40.0 2 / 2 4.34 / 4.34")
    assert "– no end / no end" in " ".join(stayed.split())
