"""What signalling cost: `signalling` of a run, and of each of its handovers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.numbers.number import Number, by_key
from testbed.measure.units import ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.measure.call.signalling import Asked, Cost, MobilityCost, Signalling
    from testbed.measure.numbers.number import Kind


class HandoverCost(NamedTuple):
    """What one handover cost, and how long its INVITE took."""

    delay_ns: int | None
    cost: Cost
    mobility: MobilityCost | None = None


def _costs(
    column: str, about: str, cost: Callable[[Signalling], Cost], part: str = ""
) -> tuple[Number[Signalling], ...]:
    """The numbers that say what something cost."""
    return (
        Number(f"{part}messages", "integer", "messages", f"{column}_messages", f"SIP messages {about}",
               lambda one: cost(one).messages, "Both ways, retransmissions included"),
        Number(f"{part}bytes", "integer", "bytes", f"{column}_bytes", "their UDP payload",
               lambda one: cost(one).bytes, "Of the messages, without headers of UDP or TCP"),
        Number(f"{part}retransmissions", "integer", "messages", f"{column}_retransmissions",
               "those of them that were sent again", lambda one: cost(one).retransmissions,
               "The same interface had seen them before, between the same addresses"),
    )  # fmt: skip


SETUP = Number["Signalling"](
    "setup_ms", "number", "ms", "setup_ms", "the MN's first INVITE to its ACK", lambda one: ms(one.setup_ns)
)
COSTS = _costs("sip", "at the MN's interfaces, both ways", lambda one: one.cost())
MESSAGES, BYTES, RETRANSMISSIONS = COSTS
PARTS = (
    *_costs("handover", "of all handovers", lambda one: one.cost(lambda each: each.handover is not None), "handover."),
    *_costs("registering", "of registering", lambda one: one.cost(lambda each: each.registers), "registering."),
    *_costs("rest", "of all else: set-up, hanging up",
            lambda one: one.cost(lambda each: each.handover is None and not each.registers), "rest."),
)  # fmt: skip


def _asked(
    key: str, kind: str, column: str, about: str, compute: Callable[[Asked], float | str | None]
) -> Number[Signalling]:
    return Number(
        f"question.{key}", "number" if kind == "ms" else "text", "ms" if kind == "ms" else "", column, about,
        lambda one: None if one.question is None else compute(one.question))  # fmt: skip


QUESTION = (
    _asked("asked_by", "text", "question_asked_by", "who asked for the Handover extension in the set-up",
           lambda one: one.asked_by),
    _asked("answer", "text", "question_answer", "what the correspondent said", lambda one: one.answer),
    _asked("round_ms", "ms", "question_round_ms", "after a 420: from that INVITE to the next",
           lambda one: ms(one.round_ns)),
    _asked("setup_without_round_ms", "ms", "setup_without_round_ms", "set-up less that round",
           lambda one: ms(one.setup_without_round_ns)),
)  # fmt: skip


def _mobility(key: str, kind: Kind, unit: str, about: str, more: str = "") -> Number[Signalling]:
    return Number(f"mobility.{key}", kind, unit, f"mobility_{key}", about,
                  lambda one: None if one.mobility is None else getattr(one.mobility, key), more)  # fmt: skip


MOBILITY = (
    _mobility("protocol", "text", "", "what moves the MN, or its media, beside SIP"),
    _mobility("messages", "integer", "messages", "messages of that protocol at the MN's interfaces, both ways",
              "Requests that were sent again count again. Of Proxy Mobile IPv6 at the anchor's: the MN has none"),
    _mobility("bytes", "integer", "bytes", "their UDP payload, of Mobile IPv6 their mobility headers and ICMPv6"),
)  # fmt: skip
SIGNALLING = by_key((SETUP, *COSTS, *QUESTION, *MOBILITY, *PARTS))
"""Key -> row, in the order of result.json; before `PARTS` stand `requests` by method and `responses` by status."""

HANDOVER_SIGNALLING: dict[str, Number[HandoverCost]] = by_key((
    Number("delay_ms", "number", "ms", "signalling_delay_ms",
           "its first INVITE to the final response of the one that did it; or what moved media, until it was answered",
           lambda one: ms(one.delay_ns)),
    Number("messages", "integer", "messages", "sip_messages", "SIP messages of it", lambda one: one.cost.messages),
    Number("bytes", "integer", "bytes", "sip_bytes", "their UDP payload", lambda one: one.cost.bytes),
    Number("retransmissions", "integer", "messages", "sip_retransmissions", "those of them that were sent again",
           lambda one: one.cost.retransmissions),
    Number("mobility_messages", "integer", "messages", "mobility_messages",
           "messages of what moves the MN beside SIP, from the trigger to the next one",
           lambda one: None if one.mobility is None else one.mobility.messages),
    Number("mobility_bytes", "integer", "bytes", "mobility_bytes", "their UDP payload",
           lambda one: None if one.mobility is None else one.mobility.bytes),
))  # fmt: skip
"""Of `signalling` of each of `handovers`."""
