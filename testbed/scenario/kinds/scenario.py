"""Scenarios: everything that is chosen for a run."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from testbed.lab.plan import Addressing, DuplicateDetection
from testbed.scenario.kinds.chosen_scheme import SchemeName
from testbed.scenario.kinds.program import CodecName, ProgramUse
from testbed.scenario.kinds.surroundings import BatteryLevel, NetworkFacts, QuenchSetting
from testbed.scenario.kinds.traffic import TrafficFlow
from testbed.scenario.kinds.triggers import Trigger
from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.units import TIME, Seconds, Share

OWN_REGISTRARS: dict[str, str] = {
    "plain": "a registrar by RFC 3261: it ignores what it does not know, and the MN registers its main address alone",
    "proactive": "the paper's: both interfaces, told apart by ua_id and ranked by if_q, counted in if_no (Figure 5)",
    "outbound": "the standard's: both interfaces as flows of one instance (RFC 5626)",
}
"""Our own registrar in the home network, and what it supports."""

OUTBOUND = "outbound"
"""The one of ours that the MN asks in the way of RFC 5626; the others in the paper's."""

RadioName = Literal["profile", "hwsim"]
"""How an access link is attached: in the time that its profile says, or by the kernel's own 802.11 stack."""

SHORTEST_CALL_S = 1.0
PACKETS_S = (0.010, 0.020, 0.030, 0.060)
"""Packet intervals that phones have; 20 ms is the usual one (RFC 3551, 4.2)."""
MOST_SEED = 2**32 - 1


#: RFC 4028 4: nobody may ask for less.
SHORTEST_SESSION_S = 90.0


class SchemeSetting(Document):
    """How a scheme is used: what decides that the handover is done, and when the other link is attached.

    Of a scheme with a second dialog that stands by, `copies` says when media go over both links; with `at-risk` that is
    also while `risk` thinks badly of a link, which is the trigger itself if nothing is said.
    """

    trigger: Trigger
    attach: Literal["beforehand", "when-triggered"]
    copies: Literal["always", "at-risk", "on-silence"] | None = None
    risk: Trigger | None = None


Side = Literal["mn", "cn"]
"""An end of the call."""


class CallSetting(Document):
    """The call: who talks for how long, and who ends it. Both sides talk all the time, in `codec`.

    `codecs` are those of one side instead, the preferred first. `packets` is how much speech is in each packet.
    """

    start: Seconds = 1.0
    duration: Seconds
    codec: CodecName = "PCMU"
    codecs: dict[Side, Annotated[list[CodecName], Field(min_length=1)]] = Field(default_factory=dict)
    packets: Seconds = 0.020
    hangs_up: Side = "mn"

    def spoken_by(self, side: Side) -> list[CodecName]:
        """What one side speaks, the preferred first."""
        return self.codecs.get(side, [self.codec])

    @field_validator("packets")
    @classmethod
    def _is_an_interval(cls, packets: float) -> float:
        if packets not in PACKETS_S:
            possible = ", ".join(TIME.text(one) for one in PACKETS_S)
            raise ValueError(f"{TIME.text(packets)} is not possible; possible are: {possible}")
        return packets

    @field_validator("duration")
    @classmethod
    def _is_a_call(cls, duration: float) -> float:
        if duration < SHORTEST_CALL_S:
            raise ValueError(f"{TIME.text(duration)} is no call; it should last {TIME.text(SHORTEST_CALL_S)} or more")
        return duration


class Scenario(Document):
    """A whole experiment but for the numbers of the runs.

    `room` is how many handovers the CN takes at once, and how many calls the B2BUA bridges; any number if not said.
    `loss` replaces the loss of a link's profile, in both directions, until the failure script changes it. `delay` is
    how long packets take, each way, on the one wire of a node that is on no access link. `nat` says which links end at
    routers that translate addresses, and how. `ip` is the version of IP that
    all speak, `address` how the mobile node comes to its address on a link (static where nothing is said), `dad`
    whether its IPv6 addresses wait until nobody else turned out to have them. `radio` says which links are more than
    what their profiles say. `session_timer` is after how long a call that nobody has refreshed is over (RFC 4028), none
    if not said.
    `registrar`, `proxy`, `relay`, `turn`, `ike`, `cn` and `mn` are played by us, nobody, or a program; `programs` run
    beside, and `traffic` goes beside the call.
    `triggers` are others than the schemes' own, by name, to be compared. `track` is where the MN goes, `networks` what
    its user pays for each, in money and in power, `battery` how much it holds when, and `quench` when the first
    link's router asks to send less. `numbers` are the user's own: files (./mine.py, from this file's folder), or names.
    """

    kind: ClassVar = "scenario"

    name: Name
    about: str
    topology: str
    links: dict[str, str]
    first_link: str
    second_link: str
    call: CallSetting
    failure: str
    scheme: SchemeName
    schemes: dict[SchemeName, SchemeSetting] = Field(min_length=1)
    registrar: str = "none"
    proxy: str = "none"
    relay: str = "none"
    turn: str = "none"
    ike: str = "none"
    cn: str = "testbed"
    mn: str = "testbed"
    programs: list[ProgramUse] = Field(default_factory=list)
    traffic: list[TrafficFlow] = Field(default_factory=list)
    room: dict[Literal["cn", "b2bua"], Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    duplication: Literal["same-ssrc", "rfc7198"] = "same-ssrc"
    session_timer: Seconds | None = None
    seed: int = Field(default=1, ge=0, le=MOST_SEED)
    loss: dict[str, Share] = Field(default_factory=dict)
    delay: dict[str, Seconds] = Field(default_factory=dict)
    nat: dict[str, str] = Field(default_factory=dict)
    ip: Literal[4, 6] = 4
    address: dict[str, Addressing] = Field(default_factory=dict)
    dad: DuplicateDetection | None = None
    radio: dict[str, RadioName] = Field(default_factory=dict)
    triggers: dict[Name, Trigger] = Field(default_factory=dict)
    track: str | None = None
    networks: dict[str, NetworkFacts] = Field(default_factory=dict)
    battery: list[BatteryLevel] = Field(default_factory=list)
    quench: QuenchSetting | None = None
    numbers: list[str] = Field(default_factory=list)

    @field_validator("session_timer")
    @classmethod
    def _is_a_session(cls, seconds: float | None) -> float | None:
        if seconds is not None and (seconds < SHORTEST_SESSION_S or seconds % 1):
            raise ValueError(
                f"{TIME.text(seconds)} can't be asked for; it should be whole seconds, "
                f"{TIME.text(SHORTEST_SESSION_S)} or more (RFC 4028, section 4)"
            )
        return seconds
