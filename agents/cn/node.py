"""The correspondent node: answers, and when asked by a Handover header sends its media over both links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.role import Open, Tell
from agents.rtp.legs import CallMedia, Leg
from agents.sdp.audio import PCMU, Endpoint, agreed_stream, make_answer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError, SdpParseError
from agents.sip import events
from agents.sip.abilities import Abilities
from agents.sip.address import Address
from agents.sip.handover import OPTION_TAG
from agents.sip.user_agent import UserAgent
from agents.sip_log import log_entry

if TYPE_CHECKING:
    from random import Random

    from agents.role import Command, LinkChange
    from agents.sip.address import Datagram
    from agents.sip.events import Event
    from agents.sip.session import Session

SIP_PORT = 5060
FIRST_MEDIA_PORT = 30000
PRODUCT = "testbed-cn"
NOT_ACCEPTABLE_HERE = 488


class CorrespondentNode:
    """A role. `config` is what the scenario says of it; `samples` is its speech, µ-law at 8 kHz."""

    def __init__(self, config: dict[str, Any], samples: bytes, random: Random) -> None:
        self._address = Address(config["address"], SIP_PORT)
        supported = (OPTION_TAG,) if config["supports_handover"] else ()
        self._ua = UserAgent(random, Abilities(supported=supported, product=PRODUCT))
        self._media = CallMedia(samples, random)
        self._random = random
        self._next_port = FIRST_MEDIA_PORT
        self._answers: dict[Session, tuple[SessionDescription, Address]] = {}
        self._commands: list[Command] = [Open(self._address)]

    def start(self, *, now: float) -> None:
        """Waits to be called."""

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, now: float) -> None:
        """Speech, or SIP: told apart by where it arrived."""
        if local.port == SIP_PORT:
            self._ua.receive_datagram(data, local=local, remote=remote, now=now)
            self._take_events(now)
        else:
            self._media.receive_datagram(data, local=local, remote=remote, now=now)

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """The system refused to send this."""
        if datagram.local.port == SIP_PORT:
            self._ua.send_failed(datagram, now=now)
            self._take_events(now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """There is no radio here."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self._ua.get_timer(), self._media.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._media.handle_timer(now=now)
        self._ua.handle_timer(now=now)
        self._take_events(now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        return self._ua.datagrams_to_send() + self._media.datagrams_to_send()

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take_events(self, now: float) -> None:
        while (event := self._ua.next_event()) is not None:
            entry = log_entry(event)
            if entry is not None:
                self._commands.append(entry)
            self._take_event(event, now)

    def _take_event(self, event: Event, now: float) -> None:
        if isinstance(event, events.IncomingInvite):
            self._answer(event, now)
        elif isinstance(event, events.ReinviteReceived):
            self._answer_reinvite(event, now)
        elif isinstance(event, events.SessionTerminated):
            self._release(event.session)

    def _answer(self, incoming: events.IncomingInvite, now: float) -> None:
        """Accepts at once. Media start with the INVITE, not with the ACK (paper 4.3, Figure 7)."""
        session = incoming.session
        if incoming.replaced is None and self._answers:
            session.reject(486, now=now)
            return
        media = self._new_media_address()
        answer = self._make_answer(session, media)
        if answer is None:
            session.reject(NOT_ACCEPTABLE_HERE, now=now)
            return
        self._answers[session] = (answer, media)
        self._send_media(session, now)
        required = (OPTION_TAG,) if OPTION_TAG in incoming.request.tags("require") else ()
        session.accept(bytes(answer), require=required, now=now)
        if incoming.replaced is not None:
            facts = {"call_id": session.call_id, "old_call_id": incoming.replaced.call_id}
            self._commands.append(Tell("duplicating", facts))

    def _answer_reinvite(self, received: events.ReinviteReceived, now: float) -> None:
        """The peer has moved: media go to its new address from now on (RFC 3264 8.3.1)."""
        session = received.session
        previous, media = self._answers[session]
        answer = self._make_answer(session, media)
        if answer is None:
            session.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        answer.follow(previous)
        self._answers[session] = (answer, media)
        self._send_media(session, now)
        session.accept_reinvite(bytes(answer), now=now)

    def _release(self, session: Session) -> None:
        """One leg less; with the last one the call is over."""
        if self._answers.pop(session, None) is None:
            return
        self._media.drop(session.call_id)
        if not self._answers:
            self._media.stop()
            self._commands.append(Tell("call_ended", {}))

    def _new_media_address(self) -> Address:
        media = Address(self._address.ip, self._next_port)
        self._next_port += 2
        self._commands.append(Open(media, is_patient=True))
        self._media.listen(media)
        return media

    def _make_answer(self, session: Session, media: Address) -> SessionDescription | None:
        """The answer to the peer's open offer; None when there is nothing in common."""
        end = Endpoint(media.ip, media.port, self._random.getrandbits(31), formats=(PCMU,))
        try:
            return make_answer(SessionDescription.parse(session.remote_sdp or b""), end)
        except (SdpParseError, NoCommonFormatError):
            return None

    def _send_media(self, session: Session, now: float) -> None:
        answer, media = self._answers[session]
        stream = agreed_stream(answer, SessionDescription.parse(session.remote_sdp or b""))
        if stream is not None and stream.may_send:
            self._media.send_on(session.call_id, Leg(media, Address(stream.address, stream.port)))
            self._media.start(now=now)
