"""What the parts of one user agent share: its timers, transactions, identifiers and abilities, and its log."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.address import DEFAULT_PORT, UDP, Address
from agents.sip.message.build import resubmit
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.uri import Uri
from agents.sip.message.via import Via
from agents.sip.session.abilities import TIMER
from agents.sip.transaction.ids import Ids
from agents.sip.transaction.layer import Transactions
from agents.sip.transaction.timer import TimerQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random
    from typing import Protocol

    from agents.sip.message.address import Datagram
    from agents.sip.message.message import Request, Response
    from agents.sip.session.abilities import Abilities
    from agents.sip.transaction.timer import Timings

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


class Discarded(NamedTuple):
    """A datagram was dropped."""

    reason: str
    source: Address


class StateChanged(NamedTuple):
    """For the log: `change` is "CALLING -> PROCEEDING"; `key` is a branch or a Call-ID."""

    machine: str
    key: str
    change: str


class Core:
    """Shared by the sessions of one user agent."""

    def __init__(
        self,
        rng: Random,
        abilities: Abilities,
        timings: Timings,
        log: Callable[[Discarded | StateChanged], None],
        credentials: CredentialSource | None = None,
    ) -> None:
        self.abilities = abilities
        self.timings = timings
        self.credentials = credentials
        self.ids = Ids(rng)
        self.timers = TimerQueue()
        self.out: deque[Datagram] = deque()
        self.transactions = Transactions(self.timers, timings, self.out, self.log_state)
        self.discarded: Counter[str] = Counter()
        self._log = log

    def log_state(self, machine: str, key: str, change: str) -> None:
        """Every change of state of every machine."""
        self._log(StateChanged(machine, key, change))

    def discard(self, reason: str, source: Address, detail: str = "") -> None:
        """Drop a datagram. It is counted under `reason`, which must not hold text of strangers; `detail` may."""
        self.discarded[reason] += 1
        self._log(Discarded(detail or reason, source))

    def new_via(self, local: Address, *, keeps: bool = False) -> Via:
        """For a request that leaves from `local`; `keeps`: of a dialog of which keep-alives may be sent (RFC 6223)."""
        return Via.create(local, self.ids.branch(), keeps=keeps and self.abilities.keeps_alive)

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
        begins = request.method == "INVITE" and request.to.tag is None
        return self.new_via(Address(request.via.host, request.via.port or DEFAULT_PORT), keeps=begins)

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

    def answer_headers(self, contact: str, require: Sequence[str], *, has_timer: bool = False) -> list[tuple[str, str]]:
        """What every 2xx to an INVITE has (12.1.1, 13.3.1.4)."""
        headers = [("Contact", f"<{contact}>"), *self.feature_headers(has_timer=has_timer)]
        if require:
            headers.append(("Require", ", ".join(require)))
        return headers

    def option_headers(self) -> list[tuple[str, str]]:
        """What an OPTIONS asks for (11.2)."""
        accept = [("Accept", ", ".join(self.abilities.accept)), ("Accept-Encoding", "identity")]
        return [*accept, *self.feature_headers()]


def contact_uri(contact: Address | str, owner_uri: str) -> str:
    """The URI for Contact: as given, or one of the owner's user part at this address."""
    if not isinstance(contact, Address):
        if Uri.parse(contact).scheme not in {"sip", "sips"}:  # 8.1.1.8
            raise LocalProtocolError(f"Contact needs a SIP URI, not {contact}")
        return contact
    user = Uri.parse(owner_uri).user
    transport = "" if contact.transport == UDP else f";transport={contact.transport.lower()}"
    return f"sip:{user}@{contact.hostport}{transport}" if user else f"sip:{contact.hostport}{transport}"
