"""What the correspondent answered when it was asked for the Handover extension, and how long the question took.

Whoever asks sends an INVITE with `Require: handover`: the MN itself, or a B2BUA on its behalf in a dialog of its own. A
correspondent that does not have the extension refuses with 420 (RFC 3261, 8.2.2.3), and is invited again without the
question (8.1.3.5): that round comes on top of the set-up. A 200 is proof only if it says `Require: handover` itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testbed.measure.sip.scan import SipMessage

OPTION_TAG = "handover"
BAD_EXTENSION = 420
_CHALLENGES = frozenset({401, 407})


@dataclass(frozen=True, slots=True)
class SupportQuestion:
    """The INVITE that asks, as it left whoever asks; its final response; and the next INVITE of the same Call-ID."""

    asked: SipMessage
    answer: SipMessage | None
    again: SipMessage | None

    @property
    def said(self) -> str | None:
        """What the answer means: `420` or another status, `200 with proof`, `200 without proof`; None without one."""
        if self.answer is None or self.answer.status is None:
            return None
        if not self.answer.is_success:
            return str(self.answer.status)
        proof = "with" if OPTION_TAG in self.answer.require else "without"
        return f"{self.answer.status} {proof} proof"

    @property
    def round_ns(self) -> int | None:
        """From the INVITE that was refused with 420 to the one without the question; None where there was none."""
        if self.answer is None or self.answer.status != BAD_EXTENSION or self.again is None:
            return None
        return self.again.time_ns - self.asked.time_ns


def find_question(messages: Sequence[SipMessage], is_for_cn: Callable[[SipMessage], bool]) -> SupportQuestion | None:
    """Return the first question that the correspondent answered for good, a challenge being no answer; else None.

    `messages` are in order of time, and may be those of several interfaces: of each the first sighting counts, which is
    that of its sender. `is_for_cn` says which of them go to the correspondent. An INVITE with a Handover header asks
    nothing: it hands over. Where the question was never answered, `answer` is None.
    """
    invites: dict[tuple[str, int], SipMessage] = {}
    finals: dict[tuple[str, int], SipMessage] = {}
    asking: dict[tuple[str, int], None] = {}
    for one in messages:
        key = (one.call_id, one.cseq)
        if one.method != "INVITE":
            continue
        if one.is_request:
            invites.setdefault(key, one)
            if OPTION_TAG in one.require and not one.handover and is_for_cn(one):
                asking.setdefault(key)
        elif one.is_final:
            finals.setdefault(key, one)
    unanswered = None
    for key in asking:
        answer = finals.get(key)
        if answer is None:
            unanswered = unanswered or SupportQuestion(invites[key], None, None)
        elif answer.status not in _CHALLENGES:
            later = sorted(number for call_id, number in invites if call_id == key[0] and number > key[1])
            return SupportQuestion(invites[key], answer, invites[key[0], later[0]] if later else None)
    return unanswered
