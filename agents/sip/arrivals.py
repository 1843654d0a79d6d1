"""What a datagram means: which transaction, dialog or session it belongs to (RFC 3261 8.2, 12.2.2, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.inspection import inspect
from agents.sip.message.address import Datagram
from agents.sip.message.build import new_response, repeated_tag, tag_of_branch
from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.handover import OPTION_TAG, handover_of
from agents.sip.message.message import BadRequestError, Message, Request
from agents.sip.session import events
from agents.sip.session.dialog import DialogId
from agents.sip.session.received_invite import ReceivedInvite
from agents.sip.session.server_request import ServerRequest
from agents.sip.session.session import Session
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.layer import response_flow

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from agents.sip.message.address import Flow
    from agents.sip.message.handover import HandoverHeader
    from agents.sip.message.message import Response
    from agents.sip.session.core import Core
    from agents.sip.session.dialog import Directory
    from agents.sip.transaction.noninvite_server import NonInviteServer

    class Guard(Protocol):
        """Decides who may send us requests; a CANCEL, which can't be challenged (22.1), doesn't come to it."""

        def check(self, request: Request, flow: Flow, session: Session | None, *, now: float) -> str:
            """The user who sent this, '' for nobody in particular; raises `RemoteProtocolError` with the refusal."""

        def next_nonce(self, request: Request, *, now: float) -> list[tuple[str, str]]:
            """What a 2xx to a request that may pass says about the credentials of the next one (RFC 7616 3.5)."""

        def check_replacing(self, request: Request, flow: Flow, user: str, replaced: Session) -> None:
            """Raises `RemoteProtocolError` unless `user`, who sent this INVITE, is the peer of `replaced`."""

        def takes_ack(self, ack: Request, flow: Flow, session: Session) -> bool:
            """Whether this is the peer's: nobody can be challenged for an ACK, but it can be ignored."""


# RFC 5626 8: what a message of STUN begins with, and one of SIP never.
_STUN = (0, 1)


class Arrivals:
    """The way in."""

    def __init__(
        self, directory: Directory[Session], emit: Callable[[events.Event], None], guard: Guard | None = None
    ) -> None:
        self.guard = guard
        self._core: Core = directory.core
        self._directory = directory
        self._emit = emit

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram, or one message of a stream, that arrived on `flow.local` from `flow.remote`."""
        if not data.strip(b"\r\n\0"):  # RFC 5626 3.5.1 and what NAT-bound phones send
            self._core.discard("keep-alive", flow.remote)
            return
        if data[0] in _STUN:
            self._answer_binding(data, flow)
            return
        try:
            message = Message.parse(data)
            if flow.is_reliable:
                _check_framing(message)
        except SipParseError as error:
            self._refuse_bytes(error, flow)
            return
        if isinstance(message, Request):
            via = message.via.stamped(flow.remote)
            if message.method == "INVITE":
                via = via.keeping()
            if via is not message.via:
                message.replace_via(via)
            self._receive_request(message, flow, now)
        else:
            self._receive_response(message, flow, now)

    def _refuse_bytes(self, error: SipParseError, flow: Flow) -> None:
        """400 or 505 where enough of a request is there, without a transaction (8.2.7); else nothing."""
        self._core.discard(error.what, flow.remote, str(error))
        request = error.request if isinstance(error, BadRequestError) else None
        if request is None or request.method == "ACK" or "via" not in request.headers:
            return
        try:
            via = request.via.stamped(flow.remote)
            request.replace_via(via)
            flow = response_flow(request, flow)
            tag = repeated_tag(request)
        except SipParseError:
            tag = None
        reason = f"Bad Request: {error.what}" if error.status_hint == 400 else None
        self._core.transactions.send(flow, new_response(request, error.status_hint, reason=reason, to_tag=tag))

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        if len(response.vias) > 1:  # 8.1.3.3
            self._core.discard("response with more than one Via", flow.remote)
            return
        transaction = self._core.transactions.client_of(response)
        if transaction is None:  # RFC 6026 8.9
            self._core.discard("response to nothing", flow.remote)
        elif self.guard is not None and flow.remote.ip != transaction.flow.remote.ip:
            # 18.1.2 lets it pass: the branch is hard to guess. It is not hard to overhear.
            self._core.discard("response from another host", flow.remote)
        else:
            transaction.receive(response, now)

    def _answer_binding(self, data: bytes, flow: Flow) -> None:
        """A keep-alive is answered with where it came from (RFC 5626 8); all else of STUN is dropped."""
        from agents.stun.stun_binding import binding_answer  # noqa: PLC0415 - hashlib takes its time

        answer = binding_answer(data, flow.remote)
        if answer is None:
            self._core.discard("STUN, and no request for a binding", flow.remote)
        else:
            self._core.out.append(Datagram(flow.local, flow.remote, answer))

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        transaction = self._core.transactions.server_of(request)
        if request.method == "ACK":
            self._receive_ack(request, transaction, flow, now)
        elif transaction is not None:
            transaction.receive(request, now)
        elif request.method == "CANCEL":
            self._receive_cancel(request, flow, now)
        else:
            self._receive_new(request, flow, now)

    def _receive_ack(
        self, ack: Request, transaction: InviteServer | NonInviteServer | None, flow: Flow, now: float
    ) -> None:
        """Of a refusal, which ends the transaction; or of a 2xx, whose caller then may have said where it listens.

        That of a refusal without a transaction is heard by nobody (8.2.7): it has the tag that we gave that, or a
        number that nothing in its dialog has had yet.
        """
        if isinstance(transaction, InviteServer) and not transaction.is_accepted:
            transaction.receive(ack, now)
            return
        session = self._session_of(ack)
        if ack.to.tag == tag_of_branch(ack) or (session is not None and session.has_refused(ack)):
            return
        if session is not None and self.guard is not None and not self.guard.takes_ack(ack, flow, session):
            self._core.discard("ACK from somebody else", flow.remote)
        elif session is None or not session.receive_ack(ack, now):
            self._core.discard("ACK for nothing", flow.remote)

    def _receive_new(self, request: Request, flow: Flow, now: float) -> None:
        """One that no transaction knows."""
        transactions = self._core.transactions
        is_merged = transactions.is_merged(request)
        user = ""
        try:
            inspect(request, self._core.abilities, is_merged=is_merged)
            session, handover = self._named_by(request)
            user = self.guard.check(request, flow, session, now=now) if self.guard is not None else ""
            replaced = self._find_named(handover, request, user, flow) if handover is not None else None
        except RemoteProtocolError as error:
            # 26.3.2.4: who has proved nothing is answered once and without a transaction, which would repeat that to
            # whomever he says he is. To the ACK nobody listens (8.2.7).
            self._refuse(request, transactions.serve(request, flow, now) if user else None, error, flow, now)
            return
        transaction = transactions.serve(request, flow, now)
        if self.guard is not None:
            transaction.success_headers = self.guard.next_nonce(request, now=now)
        try:
            if session is not None and session.receive(request, transaction, now):
                return
            if isinstance(transaction, InviteServer):
                call = Session.answer(self._directory, flow, transaction, user, now)
                self._emit(events.IncomingInvite(call, request, handover, replaced))
            else:
                self._take(request, transaction, session, flow, now)
        except RemoteProtocolError as error:
            self._refuse(request, transaction, error, flow, now)

    def _named_by(self, request: Request) -> tuple[Session | None, HandoverHeader | None]:
        """The session that a request is in, and what its Handover header says; 481 for a dialog that we don't have."""
        in_dialog = request.to.tag is not None
        handover = None
        if OPTION_TAG in self._core.abilities.supported:  # else it is an unknown header, and ignored (8.2.2)
            handover = handover_of(request, in_dialog=in_dialog)
        session = self._session_of(request) if in_dialog else None
        if in_dialog and session is None:
            raise RemoteProtocolError("no such dialog", status_hint=481)
        return session, handover

    def _refuse(
        self,
        request: Request,
        transaction: InviteServer | NonInviteServer | None,
        error: RemoteProtocolError,
        flow: Flow,
        now: float,
    ) -> None:
        """With a transaction, or once and without."""
        self._emit(events.Refused(request, error.status_hint, str(error), flow.remote))
        if transaction is not None:
            tag = None if request.to.tag else self._core.ids.tag()
            response = new_response(request, error.status_hint, to_tag=tag, headers=error.headers)
            transaction.respond(response, now)
            return
        response = new_response(request, error.status_hint, to_tag=repeated_tag(request), headers=error.headers)
        self._core.transactions.send(response_flow(request, flow), response)

    def _receive_cancel(self, request: Request, flow: Flow, now: float) -> None:
        """9.2: 200 for the CANCEL itself, with the To tag of the INVITE's responses where there is one."""
        target = self._core.transactions.server_of(request, "INVITE")
        # 22.1: as nobody can be challenged for a CANCEL, it must come from where its INVITE came from.
        if not isinstance(target, InviteServer) or flow.remote.ip != target.flow.remote.ip:
            response = new_response(request, 481, to_tag=repeated_tag(request))
            self._core.transactions.send(response_flow(request, flow), response)
            return
        if isinstance(target.user, ReceivedInvite):
            target.user.on_cancel(now)
        last = target.last_response
        tag = (last.to.tag if last is not None else None) or self._core.ids.tag()
        transaction = self._core.transactions.serve(request, flow, now)
        transaction.respond(new_response(request, 200, to_tag=None if request.to.tag else tag), now)

    def _take(
        self, request: Request, transaction: NonInviteServer, session: Session | None, flow: Flow, now: float
    ) -> None:
        """What is not about a call."""
        if request.method == "BYE":  # 15.1.2
            raise RemoteProtocolError("BYE outside of a dialog", status_hint=481)
        server_request = ServerRequest(transaction, flow.remote, self._core.ids.tag())
        if request.method == "OPTIONS":  # 11.2
            server_request.respond(200, now=now, headers=self._core.option_headers())
        else:
            self._emit(events.RequestReceived(server_request, session))

    def _find_named(self, handover: HandoverHeader, request: Request, user: str, flow: Flow) -> Session:
        """RFC 3891 3: 481 for no match, 603 for one that is over; 403 for somebody else's (8)."""
        session, has_ended = self._directory.find_named(handover)
        if session is None:
            raise RemoteProtocolError("Handover of no dialog that we have", status_hint=481)
        if self.guard is not None:
            self.guard.check_replacing(request, flow, user, session)
        if has_ended or session.is_over:
            raise RemoteProtocolError("Handover of a dialog that has ended", status_hint=603)
        return session

    def _session_of(self, request: Request) -> Session | None:
        dialog_id = DialogId(request.call_id, request.to.tag or "", request.from_.tag)
        return self._directory.find(dialog_id)


def _check_framing(message: Message) -> None:
    """18.3; raises `SipParseError`."""
    if "content-length" not in message.headers:
        error = SipParseError(0, "no Content-Length in a stream", message.start_line)
        raise BadRequestError.of(error, message) if isinstance(message, Request) else error
