"""What came of each attack, read from the captures and logs of the run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from testbed.attacks.catalogue import reader_of
from testbed.attacks.evidence import Evidence, Suffered
from testbed.attacks.families.sip_and_rtp import BRANCH, CN, HOME, MN, MN_READY, REGISTRAR
from testbed.attacks.strange_evidence import REFUSAL, StrangeEvidence
from testbed.attacks.tried import Effect, Span, Tried

HOSTS = {MN: "mn", MN_READY: "mn", HOME: "home", CN: "cn"}
# Speech has to be there until the next attack, so in this time before it too: five packets each way.
STILL_NS = 100_000_000


@dataclass(frozen=True)
class AttackOutcome:
    """What was sent, how much of it `arrived`, how many got each status, and how many of them the agents' logs have.

    A status is a number, or "ICMP" where the kernel of the target, or a router, says that it does not take it.

    `noise` and `displaced` are packets that a listener took for speech, and those of speech that gave way to them.
    `wrong` is what should not have happened, '' if nothing.
    """

    tried: Tried
    sent: int
    arrived: int
    answers: dict[int | str, int]
    counted: int
    effect: Effect
    diverted: int
    noise: int
    displaced: int
    suffered: Suffered
    wrong: str


def verdicts(folder: Path, tried: list[Tried]) -> list[AttackOutcome]:
    """One for each attack."""
    evidence, strange = Evidence(folder), StrangeEvidence(folder)
    return [
        judge_strange(evidence, strange, one, span) if one.parts else judge(evidence, one, span)
        for one, span in zip(tried, spans(evidence, tried), strict=True)
    ]


def spans(evidence: Evidence, tried: list[Tried]) -> Iterator[Span]:
    """From the beginning of each attack until nothing of it is to be expected any more, or the next one begins.

    The lab begins with each up to a millisecond late, and may be earlier with the next one than with this one.
    """
    told = [one for one in evidence.events if one.name == "attack"]
    begun = {str(one.fields["name"]): one.time_ns for one in reversed(told)}
    for one in tried:
        since = begun.get(one.name, 0)
        next_ns = min((other for other in begun.values() if other > since), default=since + _slot_ns(one))
        yield Span(since, min(next_ns, since + _slot_ns(one)))


def _slot_ns(tried: Tried) -> int:
    return round(tried.slot_s * 1e9)


def judge(evidence: Evidence, tried: Tried, span: Span) -> AttackOutcome:
    """One attack."""
    host = HOSTS[tried.to]
    if tried.speech:
        sent, arrived = evidence.noise_from(tried.sender.node, span), evidence.noise_to(host, span)
        answers: dict[int | str, int] = {}
        told = evidence.told_strays(host)
        counted = arrived if tried.effect == "none" and told >= evidence.strays(host) else 0
    else:
        sent, arrived, answers = exchange(evidence, tried, host)
        agent = "registrar" if tried.port == REGISTRAR else {"home": "b2bua"}.get(host, host)
        method = tried.data.partition(" ")[0]
        counted = sum(evidence.told(agent, method, int(status), span) for status in answers)
    return outcome(evidence, Sent(tried, sent, arrived, answers, counted, evidence.reached_attacker(span)), span)


def judge_strange(evidence: Evidence, strange: StrangeEvidence, tried: Tried, span: Span) -> AttackOutcome:
    """One attack that is no SIP."""
    source, status_of = tried.sender.source, reader_of(tried.protocol)
    seen = (REFUSAL if one.is_refusal else status_of(one) for one in strange.answers(source, tried.to, span))
    sent = Sent(
        tried,
        strange.sent(tried.sender.node, source, tried.to, span),
        strange.arrived(source, tried.to, span),
        dict(Counter(one for one in seen if one is not None)),
        evidence.told_refused(tried.agent, span),
        strange.diverted(tried.sender.own, span, status_of),
    )
    return outcome(evidence, sent, span)


class Sent(NamedTuple):
    """What is known of an attack but for what it did to the call."""

    tried: Tried
    sent: int
    arrived: int
    answers: dict[int | str, int]
    counted: int
    diverted: int


def outcome(evidence: Evidence, sent: Sent, span: Span) -> AttackOutcome:
    """The whole."""
    noise, displaced = evidence.heard(span)
    if sent.arrived and sent.answers.get(REFUSAL) == sent.arrived:  # what the kernel refuses is at its interface too
        noise = displaced = 0
    effect = effect_on(evidence, span, sent.diverted, noise)
    found = AttackOutcome(*sent[:-1], effect, sent.diverted, noise, displaced, evidence.suffered(span), "")
    return AttackOutcome(**{**vars(found), "wrong": "; ".join(complaints(found))})


def exchange(evidence: Evidence, tried: Tried, host: str) -> tuple[int, int, dict[int | str, int]]:
    """How many requests left and came, and what the target sent back, to whomever: statuses, and how many of each.

    An answer that is sent again, as nobody acknowledged it, is one answer.
    """
    mine = [(where, one) for where, one in evidence.sip if one.branch.rpartition("-")[0] == BRANCH + tried.name]
    sent = {one.branch for where, one in mine if where == tried.sender.node and one.is_request}
    arrived = {one.branch for where, one in mine if where == host and one.is_request}
    answered = {(one.branch, one.status) for where, one in mine if where == host and one.is_final}
    return len(sent), len(arrived), dict(Counter(status for _, status in answered if status is not None))


def effect_on(evidence: Evidence, span: Span, diverted: int, noise: int) -> Effect:
    """What became of the call."""
    ended = any(one.name in {"session_ended", "call_ended"} and one.time_ns in span for one in evidence.events)
    if ended:
        return "ended"
    if diverted:
        return "moved"
    if not evidence.flows(Span(span.until - STILL_NS, span.until)):
        return "ended"
    return "heard" if noise else "none"


def complaints(found: AttackOutcome) -> Iterator[str]:
    """What is not as the RFCs, or we, say that it has to be."""
    tried = found.tried
    if not found.sent:
        yield "was not carried out"
        return
    if found.effect != tried.effect:
        yield f"the call was {found.effect}" if found.effect != "none" else f"should have {tried.effect} the call"
    if found.arrived != (0 if tried.is_filtered else found.sent):
        yield f"{found.arrived} arrived"
    right = frozenset({tried.answer}) - {None} | tried.or_else
    if not right >= found.answers.keys() or sum(found.answers.values()) != (
        found.sent - tried.asks_first if right else 0
    ):
        yield f"should get {'no answer' if tried.answer is None else tried.answer}"
    if tried.effect == "none" and tried.is_counted and found.counted != found.arrived:
        yield f"{found.counted} counted"
