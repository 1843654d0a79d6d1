"""What came of each attack, read from the captures and logs of the run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.attacks.catalogue import BRANCH, CN, HOME, MN, MN_READY, REGISTRAR, Effect, Tried
from testbed.attacks.evidence import Evidence, Span, Suffered

HOSTS = {MN: "mn", MN_READY: "mn", HOME: "home", CN: "cn"}
# Speech has to be there until the next attack, so in this time before it too: five packets each way.
STILL_NS = 100_000_000


@dataclass(frozen=True)
class AttackOutcome:
    """What was sent, how much of it `arrived`, how many got each status, and how many of them the agents' logs have.

    `noise` and `displaced` are packets that a listener took for speech, and those of speech that gave way to them.
    `wrong` is what should not have happened, '' if nothing.
    """

    tried: Tried
    sent: int
    arrived: int
    answers: dict[int, int]
    counted: int
    effect: Effect
    diverted: int
    noise: int
    displaced: int
    suffered: Suffered
    wrong: str


def verdicts(folder: Path, tried: list[Tried]) -> list[AttackOutcome]:
    """One for each attack."""
    evidence = Evidence(folder)
    return [judge(evidence, one, span) for one, span in zip(tried, spans(evidence, tried), strict=True)]


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
        answers: dict[int, int] = {}
        told = evidence.told_strays(host)
        counted = arrived if tried.effect == "none" and told >= evidence.strays(host) else 0
    else:
        sent, arrived, answers = exchange(evidence, tried, host)
        agent = "registrar" if tried.port == REGISTRAR else {"home": "b2bua"}.get(host, host)
        method = tried.data.partition(" ")[0]
        counted = sum(evidence.told(agent, method, status, span) for status in answers)
    noise, displaced = evidence.heard(span)
    effect = effect_on(evidence, span, noise)
    suffered = evidence.suffered(span)
    found = AttackOutcome(
        tried, sent, arrived, answers, counted, effect, evidence.reached_attacker(span), noise, displaced, suffered, ""
    )
    return AttackOutcome(**{**vars(found), "wrong": "; ".join(complaints(evidence, found))})


def exchange(evidence: Evidence, tried: Tried, host: str) -> tuple[int, int, dict[int, int]]:
    """How many requests left and came, and what the target sent back, to whomever: statuses, and how many of each.

    An answer that is sent again, as nobody acknowledged it, is one answer.
    """
    mine = [(where, one) for where, one in evidence.sip if one.branch.rpartition("-")[0] == BRANCH + tried.name]
    sent = {one.branch for where, one in mine if where == tried.sender.node and one.is_request}
    arrived = {one.branch for where, one in mine if where == host and one.is_request}
    answered = {(one.branch, one.status) for where, one in mine if where == host and one.is_final}
    return len(sent), len(arrived), dict(Counter(status for _, status in answered if status is not None))


def effect_on(evidence: Evidence, span: Span, noise: int) -> Effect:
    """What became of the call."""
    ended = any(one.name in {"session_ended", "call_ended"} and one.time_ns in span for one in evidence.events)
    if ended:
        return "ended"
    if evidence.reached_attacker(span):
        return "moved"
    if not evidence.flows(Span(span.until - STILL_NS, span.until)):
        return "ended"
    return "heard" if noise else "none"


def complaints(evidence: Evidence, found: AttackOutcome) -> Iterator[str]:
    """What is not as the RFCs, or we, say that it has to be."""
    tried = found.tried
    if not found.sent:
        yield "was not carried out"
        return
    if found.effect != tried.effect:
        yield f"the call was {found.effect}" if found.effect != "none" else f"should have {tried.effect} the call"
    if found.arrived != (0 if tried.is_filtered else found.sent):
        yield f"{found.arrived} arrived"
    expected = {tried.answer: found.sent} if tried.answer is not None else {}
    if found.answers != expected:
        yield f"should get {tried.answer or 'no answer'}"
    if tried.effect == "none" and found.counted != found.arrived:
        yield f"{found.counted} counted"
