"""The new link dies in the middle of the handover: the call goes on over what is left, and nothing stays behind."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from .command import run_scenario

if TYPE_CHECKING:
    from pathlib import Path

DIED_S, BACK_S = 12.2, 17.2


def test_the_call_goes_on_and_every_dialog_ends_on_both_sides(tmp_path: Path) -> None:
    options = ("--scheme", "handover-cn", "--failure", "umts-dies-in-handover")
    result = run_scenario("wifi-to-umts", tmp_path / "run", *options)
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]

    begun = {one["call_id"] for one in events if one["event"] in {"call_established", "duplicating"}}
    assert len(begun) == 3  # the call, a handover that UMTS took with it, and the one that went well
    ended = Counter((one["source"], one["call_id"]) for one in events if one["event"] == "session_ended")
    assert ended == {(side, call_id): 1 for side in ("mn", "cn") for call_id in begun}
    assert [one["t_s"] > BACK_S for one in events if one["event"] == "handover_done"] == [True]
    # WiFi, which fades, carries the call until UMTS is back. What it loses meanwhile is not hidden.
    assert all(result["media"][way]["interruption_ms"] < 1000 * (BACK_S - DIED_S) / 5 for way in ("to_mn", "to_cn"))
