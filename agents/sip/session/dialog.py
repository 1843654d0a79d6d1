"""Dialogs: what two user agents share between requests (RFC 3261 12), and which session each belongs to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from agents.sip.message.address import UDP
from agents.sip.message.build import Body, Identity, new_request
from agents.sip.message.message import Request
from agents.sip.message.name_addr import NameAddr
from agents.sip.message.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.sip.message.address import Address
    from agents.sip.message.handover import HandoverHeader
    from agents.sip.message.message import Message, Response
    from agents.sip.message.via import Via
    from agents.sip.session.core import Core
    from agents.sip.session.outcomes import Told

S = TypeVar("S")

#: 12.1.2 leaves the first number of a direction open.
FIRST_CSEQ = 1


class DialogId(NamedTuple):
    """Ours is not the peer's: what is local there is remote here (12)."""

    call_id: str
    local_tag: str
    remote_tag: str | None


class DialogState(StrEnum):
    """Before the 2xx, after it, and after the end (12)."""

    EARLY = "EARLY"
    CONFIRMED = "CONFIRMED"
    TERMINATED = "TERMINATED"


class Dialog:
    """One side of a dialog."""

    def __init__(self, dialog_id: DialogId, local: NameAddr, remote: NameAddr, *, owns_call_id: bool) -> None:
        self.id = dialog_id
        self.local = local
        self.remote = remote
        self.owns_call_id = owns_call_id
        self.state = DialogState.EARLY
        self.remote_target = remote.uri
        #: Where the peer's last request that said where it is came from, if not from there: it is behind a NAT.
        self.seen_at: Address | None = None
        self.route_set: tuple[str, ...] = ()
        self.local_cseq = FIRST_CSEQ - 1
        self.remote_cseq: int | None = None

    @classmethod
    def as_caller(cls, request: Request, response: Response) -> Dialog:
        """From our INVITE and a response with its To tag (12.1.2)."""
        dialog_id = DialogId(request.call_id, request.from_.tag or "", response.to.tag)
        dialog = cls(dialog_id, request.from_, response.to, owns_call_id=True)
        dialog.local_cseq = request.cseq.number
        dialog.remote_target = request.uri
        dialog.refresh_target(response)
        dialog.learn_route(response)
        return dialog

    @classmethod
    def as_callee(cls, request: Request, local_tag: str) -> Dialog:
        """From an INVITE that arrived, and the To tag of our responses (12.1.1)."""
        dialog_id = DialogId(request.call_id, local_tag, request.from_.tag)
        dialog = cls(dialog_id, request.to.with_tag(local_tag), request.from_, owns_call_id=False)
        dialog.remote_cseq = request.cseq.number
        dialog.refresh_target(request)
        dialog.route_set = tuple(str(hop) for hop in request.record_route)
        return dialog

    @property
    def call_id(self) -> str:
        """Shared by both sides."""
        return self.id.call_id

    @property
    def local_tag(self) -> str:
        """The one that we made."""
        return self.id.local_tag

    @property
    def remote_tag(self) -> str | None:
        """None is the null tag (12.1.1)."""
        return self.id.remote_tag

    def learn_route(self, response: Response) -> None:
        """The caller takes the route set from the 2xx, again if it had one from a 1xx (13.2.2.4)."""
        self.route_set = tuple(str(hop) for hop in reversed(response.record_route))

    def refresh_target(self, message: Message) -> None:
        """12.2.1.2, 12.2.2; for a request only when its 2xx goes out (RFC 6141 4.6)."""
        if message.contact is not None:
            self.remote_target = message.contact.uri
        if isinstance(message, Request):
            self.seen_at = seen_at(message)

    def is_in_order(self, request: Request) -> bool:
        """Whether the CSeq is higher than all before (12.2.2); if so it is remembered."""
        number = request.cseq.number
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def next_cseq(self) -> int:
        """The number of our next request: they go up by one (12.2.1.1)."""
        self.local_cseq += 1
        return self.local_cseq

    def next_hop(self) -> Address | None:
        """Where requests go (8.1.2), or can go; None when only a look-up could tell."""
        if not self.route_set and self.seen_at is not None:
            return self.seen_at
        target = NameAddr.parse(self.route_set[0]).uri if self.route_set else self.remote_target
        return Uri.parse(target).address

    def request(
        self,
        method: str,
        via: Via,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: Body | None = None,
        cseq: int | None = None,
    ) -> Request:
        """A request in this dialog (12.2.1.1). `cseq` only for the ACK, which has the number of its INVITE."""
        if cseq is None:
            cseq = self.next_cseq()
        uri, route = self._routing()
        identity = Identity(self.local, self.remote, self.call_id, cseq)
        return new_request(method, uri, via, identity, route=route, headers=headers, body=body)

    def _routing(self) -> tuple[str, list[str]]:
        """Request-URI and Route (12.2.1.1)."""
        if not self.route_set:
            return self.remote_target, []
        first = Uri.parse(NameAddr.parse(self.route_set[0]).uri)
        if first.is_loose_router:
            return self.remote_target, list(self.route_set)
        # A strict router of RFC 2543: it is the Request-URI, without what may not stand there (19.1.1, table 1).
        kept = tuple(pair for pair in first.params if pair[0].lower() != "method")
        uri = str(first._replace(params=kept, headers=""))
        return uri, [*self.route_set[1:], f"<{self.remote_target}>"]


def seen_at(request: Request) -> Address | None:
    """Where who sent a request can be reached, if it is behind a NAT: it came from another host than its sender knows.

    That is so where Via and Contact name one host and it has come, by no proxy, from another one (RFC 3581, RFC 5626
    1). None else, and where only a connection leads there.
    """
    via, contact = request.via, request.contact
    if not via.is_seen_elsewhere or contact is None or request.record_route or via.transport.upper() != UDP:
        return None
    said = Uri.parse(contact.uri).address
    return via.response_address() if said is not None and said.ip == via.host else None


class Directory(Generic[S]):
    """The sessions (S) of one user agent, found by their dialogs; what happens to them is told here."""

    def __init__(self, core: Core, tell: Callable[[S, Told], None]) -> None:
        self.core = core
        self.tell = tell
        self._sessions: dict[DialogId, S] = {}
        # Dialogs that ended less than 64*T1 ago: a Handover for one of them is declined with 603 (RFC 3891 3).
        self._ended: dict[DialogId, S] = {}

    @property
    def sessions(self) -> list[S]:
        """Every session that has a dialog, in the order in which they came."""
        return list(dict.fromkeys(self._sessions.values()))

    def find(self, dialog_id: DialogId) -> S | None:
        """The session of a dialog that has not ended."""
        return self._sessions.get(dialog_id)

    def find_named(self, handover: HandoverHeader) -> tuple[S | None, bool]:
        """The session that a Handover names, and whether it already ended (RFC 3891 3, 6.1).

        The to-tag is our local tag. "0" is also the null tag; more than one match is no match.
        """
        for dialogs, ended in ((self._sessions, False), (self._ended, True)):
            found = [session for dialog_id, session in dialogs.items() if _names(handover, dialog_id)]
            if len(found) == 1:
                return found[0], ended
        return None, False

    def add(self, dialog: Dialog, session: S) -> None:
        """Requests with its tags belong to this session."""
        self._sessions[dialog.id] = session

    def end(self, dialog: Dialog, now: float) -> None:
        """Requests with its tags are answered with 481; one that was a call is remembered for a while."""
        session = self._sessions.pop(dialog.id, None)
        was_call, dialog.state = dialog.state is DialogState.CONFIRMED, DialogState.TERMINATED
        if session is not None and was_call:
            self._ended[dialog.id] = session
            self.core.timers.start(_Forgetter(self._ended, dialog.id), "ended", now + self.core.timings.give_up)


class _Forgetter:
    """Drops an ended dialog when its time is over."""

    __slots__ = ("_dialogs", "_id")

    def __init__(self, dialogs: dict[DialogId, S], dialog_id: DialogId) -> None:
        self._dialogs = dialogs
        self._id = dialog_id

    def on_timer(self, name: str, now: float) -> None:
        """It was long enough ago."""
        self._dialogs.pop(self._id, None)


def _names(handover: HandoverHeader, dialog_id: DialogId) -> bool:
    return (
        handover.call_id == dialog_id.call_id
        and handover.to_tag == dialog_id.local_tag
        and (handover.from_tag == dialog_id.remote_tag or (handover.from_tag == "0" and dialog_id.remote_tag is None))
    )
