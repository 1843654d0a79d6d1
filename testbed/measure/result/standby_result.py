"""`standby` of result.json: what stood by, when and why media went over both legs, and what ends took for a break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.cost.stood_by import Standby
from testbed.measure.numbers.number import fill
from testbed.measure.numbers.standby_numbers import SILENCES, STANDBY, SWITCHES, SilenceFacts, SwitchFacts
from testbed.measure.units import seconds

if TYPE_CHECKING:
    from testbed.measure.call.recording import Recording


def standby_of(run: Recording) -> dict[str, Any] | None:
    """Return it; None where nothing stood by, and nobody heard a silence."""
    facts, start_ns = Standby(run), run.start_ns
    if not facts.is_there:
        return None

    def at(time_ns: int | None) -> float | None:
        return None if time_ns is None else seconds(time_ns - start_ns)

    return {
        **fill(STANDBY.values(), facts),
        "dialogs": [
            {
                "link": one.link,
                "call_id": one.call_id,
                "copies": one.copies,
                "invited_s": at(one.invited_ns),
                "answered_s": at(one.answered_ns),
                "status": one.status,
                "over_s": at(one.over_ns),
            }
            for one in facts.dialogs
        ],
        "copies": [
            {"end": one.end, "from_s": at(one.from_ns), "until_s": at(one.until_ns), "because": list(one.because)}
            for one in facts.copies
        ],
        "switches": [fill(SWITCHES.values(), SwitchFacts(one, start_ns)) for one in facts.switches],
        "silences": [fill(SILENCES.values(), SilenceFacts(one, start_ns)) for one in facts.silences],
    }
