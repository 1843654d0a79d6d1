"""What the parts of one user agent share: its queues, timers, identifiers and abilities."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from agents.sip.message.address import DEFAULT_PORT, UDP, Address
from agents.sip.message.build import resubmit
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.uri import Uri
from agents.sip.message.via import Via
from agents.sip.session.abilities import TIMER
from agents.sip.session.events import Discarded, StateChanged
from agents.sip.transaction.ids import Ids
from agents.sip.transaction.layer import Transactions
from agents.sip.transaction.timer import TimerQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random
    from typing import Protocol

    from agents.sip.message.address import Datagram, Flow
    from agents.sip.message.handover import HandoverHeader
    from agents.sip.message.message import Request, Response
    from agents.sip.session.abilities import Abilities
    from agents.sip.session.dialog import Dialog, DialogId
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session
    from agents.sip.transaction.timer import Timings

    class Guard(Protocol):
        """Decides who may send us requests; ACK and CANCEL, which can't be challenged (22.1), don't come to it."""

        def check(self, request: Request, flow: Flow, session: Session | None, *, now: float) -> str:
            """The user who sent this, '' for nobody in particular; raises `RemoteProtocolError` with the refusal."""

    class CredentialSource(Protocol):
        """`DigestClient`, which is only imported where somebody has a password: hashlib takes its time."""

        def answer(self, request: Request, response: Response, tried: set[tuple[str, str]]) -> list[tuple[str, str]]:
            """Credentials for another try."""

        def preempt(
            self, request: Request, previous: Request | None = None, *, is_repeated: bool = False
        ) -> list[tuple[str, str]]:
            """Credentials for the first try."""

        def learn(self, request: Request, response: Response) -> None:
            """What a 2xx says about the next one."""


class Core:
    """Shared by the sessions of one user agent."""

    def __init__(
        self,
        rng: Random,
        abilities: Abilities,
        timings: Timings,
        credentials: CredentialSource | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.abilities = abilities
        self.timings = timings
        self.credentials = credentials
        self.guard = guard
        self.ids = Ids(rng)
        self.timers = TimerQueue()
        self.out: deque[Datagram] = deque()
        self.events: deque[Event] = deque()
        self.transactions = Transactions(self.timers, timings, self.out, self.log_state)
        self.sessions: dict[DialogId, Session] = {}
        self.discarded: Counter[str] = Counter()
        # Dialogs that ended less than 64*T1 ago: a Handover for one of them is declined with 603 (RFC 3891 3).
        self._ended: dict[DialogId, Session] = {}

    def emit(self, event: Event) -> None:
        """Tell the role."""
        self.events.append(event)

    def log_state(self, machine: str, key: str, change: str) -> None:
        """Every change of state of every machine."""
        self.events.append(StateChanged(machine, key, change))

    def discard(self, reason: str, source: Address, detail: str = "") -> None:
        """Drop a datagram. It is counted under `reason`, which must not hold text of strangers; `detail` may."""
        self.discarded[reason] += 1
        self.events.append(Discarded(detail or reason, source))

    def new_via(self, local: Address) -> Via:
        """For a request that leaves from `local`."""
        return Via.create(local, self.ids.branch())

    def authorize(self, request: Request, previous: Request | None = None, *, is_repeated: bool = False) -> Request:
        """Add the credentials that may go out unasked (22.3)."""
        if self.credentials is not None:
            for name, value in self.credentials.preempt(request, previous, is_repeated=is_repeated):
                request.headers.add(name, value)
        return request

    def answer_challenge(
        self, request: Request, response: Response, next_cseq: Callable[[], int], tried: set[tuple[str, str]]
    ) -> Request | None:
        """The request once more, with credentials, after a 401 or 407 (8.1.3.5, 22.2); None when that is no use.

        A number is taken from `next_cseq` only when there is something to send.
        """
        if self.credentials is None:
            return None
        if response.status not in {401, 407}:
            if response.status < 300:
                self.credentials.learn(request, response)
            return None
        answers = self.credentials.answer(request, response, tried)
        if not answers:
            return None
        return resubmit(request, self._via_again(request), next_cseq(), answers)

    def resubmit(self, request: Request, cseq: int) -> Request:
        """The request once more, with credentials if it had some (8.1.3.5)."""
        return self.authorize(resubmit(request, self._via_again(request), cseq, ()), request)

    def _via_again(self, request: Request) -> Via:
        return self.new_via(Address(request.via.host, request.via.port or DEFAULT_PORT))

    def feature_headers(self, *, has_timer: bool = False) -> list[tuple[str, str]]:
        """Allow and Supported, which INVITE and its 2xx should have (13.2.1, 13.3.1.4), and who we are."""
        headers = [("Allow", self.abilities.allow)]
        supported = self.abilities.supported
        if (has_timer or self.abilities.session_interval is not None) and TIMER not in supported:
            supported = (*supported, TIMER)
        if supported:
            headers.append(("Supported", ", ".join(supported)))
        if self.abilities.product:
            headers.append(("User-Agent", self.abilities.product))
        return headers

    def answer_headers(
        self, request: Request, contact: str, require: Sequence[str], *, has_timer: bool = False
    ) -> list[tuple[str, str]]:
        """What every 2xx to an INVITE has (12.1.1, 13.3.1.4, 8.2.4)."""
        known = request.tags("supported")
        if missing := [tag for tag in require if tag not in known]:
            raise LocalProtocolError(f"8.2.4: the request does not list {', '.join(missing)} in Supported")
        headers = [("Contact", f"<{contact}>"), *self.feature_headers(has_timer=has_timer)]
        if require:
            headers.append(("Require", ", ".join(require)))
        return headers

    def option_headers(self) -> list[tuple[str, str]]:
        """What an OPTIONS asks for (11.2)."""
        accept = [("Accept", ", ".join(self.abilities.accept)), ("Accept-Encoding", "identity")]
        return [*accept, *self.feature_headers()]

    def add_dialog(self, dialog: Dialog, session: Session) -> None:
        """Requests with its tags belong to this session."""
        self.sessions[dialog.id] = session

    def end_dialog(self, dialog: Dialog, now: float) -> None:
        """Requests with its tags are answered with 481; remembered for a while."""
        session = self.sessions.pop(dialog.id, None)
        dialog.state = "TERMINATED"
        if session is not None:
            self._ended[dialog.id] = session
            self.timers.start(_Forgetter(self._ended, dialog.id), "ended", now + self.timings.give_up)

    def find_named(self, handover: HandoverHeader) -> tuple[Session | None, bool]:
        """The session that a Handover names, and whether it already ended (RFC 3891 3, 6.1).

        The to-tag is our local tag. "0" is also the null tag; more than one match is no match.
        """
        for dialogs, ended in ((self.sessions, False), (self._ended, True)):
            found = [session for dialog_id, session in dialogs.items() if _names(handover, dialog_id)]
            if len(found) == 1:
                return found[0], ended
        return None, False


class _Forgetter:
    """Drops an ended dialog when its time is over."""

    __slots__ = ("_dialogs", "_id")

    def __init__(self, dialogs: dict[DialogId, Session], dialog_id: DialogId) -> None:
        self._dialogs = dialogs
        self._id = dialog_id

    def on_timer(self, name: str, now: float) -> None:
        """It was long enough ago."""
        self._dialogs.pop(self._id, None)


def contact_uri(contact: Address | str, owner_uri: str) -> str:
    """The URI for Contact: as given, or one of the owner's user part at this address."""
    if not isinstance(contact, Address):
        if Uri.parse(contact).scheme not in {"sip", "sips"}:  # 8.1.1.8
            raise LocalProtocolError(f"Contact needs a SIP URI, not {contact}")
        return contact
    user = Uri.parse(owner_uri).user
    transport = "" if contact.transport == UDP else f";transport={contact.transport.lower()}"
    return f"sip:{user}@{contact.hostport}{transport}" if user else f"sip:{contact.hostport}{transport}"


def _names(handover: HandoverHeader, dialog_id: DialogId) -> bool:
    return (
        handover.call_id == dialog_id.call_id
        and handover.to_tag == dialog_id.local_tag
        and (handover.from_tag == dialog_id.remote_tag or (handover.from_tag == "0" and dialog_id.remote_tag is None))
    )
