"""One attack: who sends what from where, when, what the RFCs have answered, and what comes of it.

`{…}` in a text is a place for what was overheard (testbed.lab.processes.attacker). "Sniffed" is what a tap in the core
gives; somebody who is off the path has only guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from testbed.lab.attack_plan import ATTACKERS

if TYPE_CHECKING:
    from testbed.lab.attack_plan import Attack, Strange
    from testbed.lab.plan import AttackStep


class Span(NamedTuple):
    """From one time to another, in nanoseconds."""

    since: int
    until: int

    def __contains__(self, time_ns: object) -> bool:
        return isinstance(time_ns, int) and self.since <= time_ns < self.until


class Places(NamedTuple):
    """Addresses in `topologies/with-attacker.py`: of the MN on its first link and its second, and what it keeps, …"""

    mn: str
    ready: str
    kept: str
    home: str
    cn: str
    attacker: str
    neighbour: str
    wifi_router: str
    umts_router: str

    @property
    def names(self) -> dict[str, str]:
        """Whose they are."""
        return {self.mn: "MN", self.ready: "MN", self.kept: "MN", self.home: "B2BUA", self.cn: "CN"}


IP4 = Places(
    "10.1.0.2", "10.2.0.2", "10.10.0.254", "10.10.0.2", "10.20.0.2", "10.66.0.2", "10.1.0.66", "10.1.0.1", "10.2.0.1"
)
IP6 = Places(
    "2001:db8:a01::a01:2", "2001:db8:a02::a02:2", "2001:db8:a0a::a0a:fe", "2001:db8:a0a::a0a:2", "2001:db8:a14::a14:2",
    "2001:db8:a42::a42:2", "2001:db8:a01::a01:42", "2001:db8:a01::a01:1", "2001:db8:a02::a02:1",
)  # fmt: skip
PLACES = {4: IP4, 6: IP6}
# Where somebody else is: behind the core, or in the same WiFi as the MN.
ATTACKER, NEIGHBOUR = ATTACKERS
SIP = "5060"
SLOT_S, LONG_SLOT_S = 0.25, 1.2
# A flood comes in portions, as one would be answered late by any program on this slow processor.
PORTIONS, PORTION, PORTION_APART_S = 10, 20, 0.05
NOISE_PACKETS = 5
# What has two parts: the second may need what the first was answered.
PART_APART_S = 0.15

# Not answered: does not arrive, as each network lets out its own addresses only; comes from where no peer has named.
FILTERED, UNNAMED = "3704 2.2", "4961 3"
Effect = Literal["none", "heard", "moved", "ended"]
When = Literal["first link", "handover", "second link"]


class Sender(NamedTuple):
    """The node that sends, and the address that it does so in the name of, '' for its own."""

    node: str
    forged: str = ""
    ip: int = 4

    @property
    def own(self) -> str:
        """Its own address."""
        return PLACES[self.ip].attacker if self.node == ATTACKER else PLACES[self.ip].neighbour

    @property
    def source(self) -> str:
        """The address in its packets."""
        return self.forged or self.own

    @property
    def words(self) -> list[str]:
        """What its place adds to the name of an attack; nothing for the usual one."""
        if self.node == NEIGHBOUR:
            return ["wifi"]
        return ["forged"] if self.forged else []


AFAR = Sender(ATTACKER)


@dataclass(frozen=True)
class Tried:
    """One attack. `answer` is the status that each request has to get, None for silence, and `rfc` says so.

    `effect` is what comes of it for the call, as far as we know. Statuses in `or_else` are as right as `answer`. What
    is no SIP has `parts`, each sent `times` times: one is answered before the next (`asks_first`: the first one by
    something that is no status). Then `protocol` is whose answers are read, and `agent` who counts what it refuses: ""
    where that is a program of others, and nobody.
    """

    name: str
    to: str
    answer: int | str | None
    rfc: str
    known: str = "sniffed"
    sender: Sender = AFAR
    source_port: str = SIP
    port: str = SIP
    data: str = ""
    speech: str = ""
    guessed: bool = False
    is_flood: bool = False
    effect: Effect = "none"
    parts: tuple[Strange, ...] = ()
    times: int = 1
    protocol: str = ""
    agent: str = ""
    when: When = "first link"
    or_else: frozenset[int | str] = frozenset()
    asks_first: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether it should not arrive."""
        return self.rfc == FILTERED

    @property
    def is_counted(self) -> bool:
        """Whether somebody counts what of it is refused."""
        return bool(self.agent) or not self.parts

    @property
    def slot_s(self) -> float:
        """How long nothing else is tried: time to see what comes of it."""
        listens_s = max((part["again"]["for_s"] for part in self.parts if part["again"]), default=0.0)
        usual_s = LONG_SLOT_S if self.is_flood else 2 * SLOT_S if self.effect != "none" else SLOT_S
        return usual_s + listens_s + PART_APART_S * max(len(self.parts) - 1, 0)

    def steps(self, at_s: float) -> list[AttackStep]:
        """When it is done."""
        if self.parts:
            return [
                self._step(at_s + number * PART_APART_S, 0, self.times, part) for number, part in enumerate(self.parts)
            ]
        portions, times = (PORTIONS, PORTION) if self.is_flood else (1, NOISE_PACKETS if self.speech else 1)
        return [self._step(at_s + number * PORTION_APART_S, number * times, times, None) for number in range(portions)]

    def _step(self, at_s: float, first: int, times: int, strange: Strange | None) -> AttackStep:
        attack: Attack = {
            "name": self.name, "node": self.sender.node, "source": self.sender.source,
            "source_port": self.source_port, "to": self.to, "port": self.port, "data": self.data,
            "is_raw": bool(self.sender.forged or self.speech), "speech": self.speech, "guessed": self.guessed,
            "first": first, "times": times, "strange": strange,
        }  # fmt: skip
        return {"at_s": round(at_s, 3), "do": "attack", "attack": attack}
