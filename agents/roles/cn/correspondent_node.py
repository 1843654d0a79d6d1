"""The correspondent node: answers, and when asked by a Handover header sends its media over both links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.media.call_media import CallMedia, MediaSettings
from agents.media.latching import Latches
from agents.roles.guards import PeerGuard, UserGuard, behind_nat, is_in_vain
from agents.roles.log import logged
from agents.roles.media_ports import DESCRIPTORS, MediaPorts
from agents.roles.role import Open, Tell
from agents.roles.standby import standby_of
from agents.sdp.audio import make_answer, make_offer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError, SdpParseError
from agents.sip.message.address import Address
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events
from agents.sip.session.abilities import Abilities, SessionInterval
from agents.sip.user_agent import UserAgent

if TYPE_CHECKING:
    from random import Random

    from agents.media.leg import Leg
    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Datagram
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session

SIP_PORT = 5060
MEDIA_PORTS = (30000, 39998)
PRODUCT = "testbed-cn"
BAD_EXTENSION = 420
EXTENSION_REQUIRED = 421
DOES_NOT_EXIST = 481
BUSY_HERE = 486
NOT_ACCEPTABLE_HERE = 488
SERVICE_UNAVAILABLE = 503
DECLINE = 603


class CorrespondentNode:
    """A role. `config` is what the scenario says of it; `samples` is its speech, µ-law at 8 kHz.

    With `realm` and `users`, a dict of passwords, callers prove who they are, also in their dialogs, by one of the
    algorithms in `digest`. With
    `caller_stays` they can't, but don't move either, and are known by their host. Else anybody is believed. `room` is
    how many handovers it takes at once; None, or nothing: any number. For `codecs` and `duplication` see
    `MediaSettings`, for `session_timer_s` `SessionInterval`.
    """

    def __init__(self, config: dict[str, Any], samples: bytes, random: Random) -> None:
        self._address = Address(config["address"], SIP_PORT)
        supported = (OPTION_TAG,) if config["supports_handover"] else ()
        self.guard = make_guard(config, random)
        abilities = Abilities(supported=supported, product=PRODUCT, session_interval=SessionInterval.of(config))
        self._ua = UserAgent(random, abilities, guard=self.guard)
        self._settings = MediaSettings.of(config)
        self._media = CallMedia(samples, random, f"cn@{self._address.ip}", self._settings, self._tell)
        self._random = random
        self._room: int | None = config.get("room")
        # The sessions of the call, each with our last description and where we listen.
        self._legs: dict[Session, tuple[SessionDescription, Address]] = {}
        self._commands: list[Command] = [Open(self._address)]
        descriptors = config.get("descriptors", DESCRIPTORS)
        self._latches = Latches()
        self._ports = MediaPorts(*MEDIA_PORTS, self._commands, descriptors=descriptors, closed=self._forget)

    def start(self, *, now: float) -> None:
        """Waits to be called."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """Speech, or SIP: told apart by where it arrived."""
        if local.port == SIP_PORT:
            self._ua.receive_datagram(data, local=local, remote=remote, now=now)
            self._take_events(now)
        else:
            remote = self._latches.inner(data, local, remote)
            self._media.receive_datagram(data, local=local, remote=remote, came=now if came is None else came)

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this."""
        if datagram.local.port == SIP_PORT:
            self._ua.send_failed(datagram, now=now)
            self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """The user hangs up; there is no radio here."""
        if report["report"] == "hang-up":
            self._hang_up(now)
            self._take_events(now)

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self._ua.get_timer(), self._media.get_timer(), self._ports.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._media.handle_timer(now=now)
        self._ua.handle_timer(now=now)
        self._ports.handle_timer(now=now)
        self._take_events(now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        return self._ua.datagrams_to_send() + self._latches.outward(self._media.datagrams_to_send())

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _forget(self, local: Address) -> None:
        self._media.forget(local)
        self._latches.forget(local)

    def _tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        self._commands.append(Tell(event, facts))

    def _take_events(self, now: float) -> None:
        for event in logged(self._ua, self._commands):
            self._take_event(event, now)
        for session in self._legs:
            # More of them: a handover is under way, unless one stands by.
            session.let_refresh(now=now, may=len(self._legs) == 1 or self._media.readiness is not None)

    def _take_event(self, event: Event, now: float) -> None:
        if isinstance(event, events.IncomingInvite):
            self._answer(event, now)
        elif isinstance(event, events.ReinviteReceived):
            self._answer_reinvite(event, now)
        elif isinstance(event, events.Confirmed | events.ReinviteConfirmed | events.ReinviteAnswered):
            self._send_media(event.session, now)  # the answer may have come in the ACK (RFC 3261 13.2.2.4)
        elif isinstance(event, events.SessionTerminated):
            self._release(event.session, now)

    def _answer(self, incoming: events.IncomingInvite, now: float) -> None:
        """Accepts at once. Media start with the INVITE, not with the ACK (paper 4.3, Figure 7)."""
        session, replaced = incoming.session, incoming.replaced
        refusal = self._refusal(incoming)
        if refusal is not None:
            name = {EXTENSION_REQUIRED: "Require", BAD_EXTENSION: "Unsupported"}.get(refusal)
            session.reject(refusal, now=now, headers=[(name, OPTION_TAG)] if name else ())
            return
        media = self._ports.free(self._address.ip)
        if media is None:
            session.reject(SERVICE_UNAVAILABLE, now=now)
            return
        self._media.listen(media, session.peer.ip)
        copies = standby_of(incoming)
        if copies is not None:
            self._media.get_ready(session, copies, leads=False, now=now)
        description = self._describe(session, media)
        if description is None or not self._can_speak(session, description, now):
            session.reject(NOT_ACCEPTABLE_HERE, now=now)
            self._media.drop(session, now=now)
            self._media.forget(media)
            return
        self._ports.open(media)
        in_vain = [one for one in self._legs if is_in_vain(one, incoming)]
        self._legs[session] = (description, media)
        session.accept(bytes(description), require=self._applied(incoming), now=now)
        for one in in_vain:
            self._release(one, now)
            one.hang_up(now=now)
        if replaced is not None:
            event = "duplicating" if copies is None else "standing_by"
            self._tell(event, call_id=session.call_id, old_call_id=replaced.call_id)

    def _can_speak(self, session: Session, description: SessionDescription, now: float) -> bool:
        """Whether our answer and the peer's offer, if it made one, agree on a stream: else the call would be silent."""
        leg = self._agree(session, bytes(description), now)
        return leg is not None or session.remote_sdp is None

    def _agree(self, session: Session, ours: bytes | None, now: float) -> Leg | None:
        leg = self._media.agree(session, ours, session.remote_sdp, now=now)
        if leg is not None and (seen := behind_nat(session, leg.remote)) is not None:
            self._latches.expect(leg, seen)
        return leg

    def _refusal(self, incoming: events.IncomingInvite) -> int | None:
        """The status with which a call is not taken, whatever its media."""
        if incoming.replaced is None and any(not is_in_vain(one, incoming) for one in self._legs):
            return BUSY_HERE
        if incoming.replaced is not None and incoming.replaced not in self._legs:  # we are hanging up (RFC 3891 3)
            return DECLINE
        # RFC 3261 8.2.4, 21.4.15: only who lists an extension in Supported can have it applied.
        if incoming.replaced is not None and OPTION_TAG not in incoming.request.tags("supported"):
            return EXTENSION_REQUIRED
        # "Not enough resources to handle an eventual handover" (paper 4.3) is said as a CN without the extension does.
        is_wanted = incoming.replaced is not None or OPTION_TAG in incoming.request.tags("require")
        return BAD_EXTENSION if is_wanted and not self._has_room else None

    @property
    def _has_room(self) -> bool:
        """Whether it can take another handover: each has a session beside the one that it replaces."""
        return self._room is None or max(len(self._legs) - 1, 0) < self._room

    @staticmethod
    def _applied(incoming: events.IncomingInvite) -> tuple[str, ...]:
        """The extension, where it is applied or was asked for; Require in the 200 proves it (RFC 3261 8.2.4)."""
        tags = incoming.request.tags
        wanted = incoming.replaced is not None or OPTION_TAG in tags("require")
        return (OPTION_TAG,) if wanted and OPTION_TAG in tags("supported") else ()

    def _answer_reinvite(self, received: events.ReinviteReceived, now: float) -> None:
        """The peer has moved: media go to its new address from now on (RFC 3264 8.3.1)."""
        session = received.session
        if session not in self._legs:  # it came while we hang up
            session.reject_reinvite(DOES_NOT_EXIST, now=now)
            return
        previous, media = self._legs[session]
        description = self._describe(session, media, in_call=True)
        if description is None:
            session.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        description.follow(previous)
        self._legs[session] = (description, media)
        session.accept_reinvite(bytes(description), now=now)
        self._send_media(session, now)

    def _describe(self, session: Session, media: Address, *, in_call: bool = False) -> SessionDescription | None:
        """Our answer to the peer's open offer, or an offer where it made none; None when there is nothing in common."""
        end = self._settings.end(media, self._random.getrandbits(31))
        try:
            if session.remote_sdp is None:
                description = make_offer(end)
            else:
                description = make_answer(SessionDescription.parse(session.remote_sdp), end, in_call=in_call)
        except (SdpParseError, NoCommonFormatError):
            return None
        self._media.declare(description, offer=session.remote_sdp)
        return description

    def _send_media(self, session: Session, now: float) -> None:
        if session in self._legs:
            self._agree(session, session.local_sdp, now)

    def _hang_up(self, now: float) -> None:
        """Ends every session; one whose ACK is still to come says BYE after it (RFC 3261 15)."""
        for session in list(self._legs):
            self._release(session, now)
            session.hang_up(now=now)

    def _release(self, session: Session, now: float) -> None:
        """One leg less; with the last one the call is over."""
        leg = self._legs.pop(session, None)
        if leg is None:
            return
        _, media = leg
        self._media.drop(session, now=now)
        self._ports.give_back(media, now=now)
        if not self._legs:
            self._media.stop(now=now)
            if self._media.stray:
                self._commands.append(Tell("stray_media", {"packets": self._media.stray}))
            self._commands.append(Tell("call_ended", {}))


def make_guard(config: dict[str, Any], random: Random) -> PeerGuard | None:
    """Who may change and end calls, as the configuration says."""
    if "users" in config:
        from agents.sip.digest.server import OFFERED, DigestServer  # noqa: PLC0415 - hashlib takes its time

        return UserGuard(
            DigestServer(config["realm"], config["users"], random, algorithms=config.get("digest", OFFERED))
        )
    return PeerGuard() if config.get("caller_stays") else None
