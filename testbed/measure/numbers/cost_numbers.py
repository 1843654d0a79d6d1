"""What a call cost: `cost`, and each of `cost.radios`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.numbers.number import Number, by_key

if TYPE_CHECKING:
    from testbed.measure.cost.cost import CallCost


class RadioFacts(NamedTuple):
    """One radio of the MN."""

    cost: CallCost
    link: str


def _percent(one: CallCost) -> float | None:
    expenses = one.expenses
    return round(100 * expenses.extra / expenses.once, 3) if expenses.once else None


def _joules(one: CallCost, links: tuple[str, ...]) -> float | None:
    """The sum over all radios; None where one of them is unknown: a part is no sum."""
    spent = [one.spent(link) for link in links]
    known = [each.joules for each in spent if each is not None]
    return round(sum(known), 3) if known and len(known) == len(spent) else None


EXTRA_PERCENT = Number["CallCost"](
    "extra_percent", "number", "%", "extra_percent", "bytes over the radios beyond those of a call over one path",
    _percent, "`extra_bytes` in per cent of `once_bytes`",
)  # fmt: skip
EXTRA_BYTES = Number["CallCost"](
    "extra_bytes", "integer", "bytes", "extra_bytes", "IP bytes that a call over one path would not have had",
    lambda one: one.expenses.extra,
    "RTP packets that the MN had sent or got before; RTCP over a path that did not carry most of the speech in that "
    "second; SIP of handovers and of further dialogs, but for the last BYE",
)  # fmt: skip
ONCE_BYTES = Number["CallCost"](
    "once_bytes", "integer", "bytes", "once_bytes", "IP bytes of its RTP, RTCP and SIP without those",
    lambda one: one.expenses.once,
)  # fmt: skip
SIGNALLING_BYTES = Number["CallCost"](
    "signalling_bytes", "integer", "bytes", "signalling_bytes", "IP bytes of all its SIP",
    lambda one: one.expenses.signalling,
)  # fmt: skip
TUNNEL_BYTES = Number["CallCost"](
    "tunnel_bytes_per_packet", "number", "bytes", "tunnel_bytes_per_packet",
    "what a packet of speech has around its own IP header at the MN's radios, on average",
    lambda one: one.tunnel_bytes_per_packet, "0 without a tunnel; `null` without speech",
)  # fmt: skip
JOULES = Number["CallCost"](
    "joules", "number", "J", "energy_j", "what all radios took, by the model of their states",
    lambda one: _joules(one, one.links), "`null` where nobody said what one of them takes",
)  # fmt: skip
COST = by_key((EXTRA_PERCENT, EXTRA_BYTES, ONCE_BYTES, SIGNALLING_BYTES, TUNNEL_BYTES, JOULES))
"""Key -> row, in the order of result.json; behind them stands `radios`, by link."""


def _load(key: str, about: str, *, is_up: bool) -> tuple[Number[RadioFacts], ...]:
    return (
        Number(f"{key}.packets", "integer", "packets", f"{key}_packets", f"IP packets {about}",
               lambda one: one.cost.load(one.link, is_up=is_up).packets),
        Number(f"{key}.bytes", "integer", "bytes", f"{key}_bytes", "their bytes, IP headers included",
               lambda one: one.cost.load(one.link, is_up=is_up).bytes),
    )  # fmt: skip


def _spent(one: RadioFacts, name: str) -> float | None:
    spent = one.cost.spent(one.link)
    return None if spent is None else round(float(getattr(spent, name)), 3)


RADIOS: dict[str, Number[RadioFacts]] = by_key((
    *_load("down", "that came in", is_up=False),
    *_load("up", "of UDP that went out", is_up=True),
    Number("talks_s", "number", "s", "talks_s", "how long it was in the state in which it talks",
           lambda one: _spent(one, "talks_s")),
    Number("joules", "number", "J", "radio_j", "what it took, by the model of its states",
           lambda one: _spent(one, "joules")),
))  # fmt: skip
