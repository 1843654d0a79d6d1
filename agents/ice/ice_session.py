"""One ICE session: two descriptions, the checks between them, and the pairs that they come to (RFC 8445 6 to 8).

A restart is another session (9). Here an agent nominates the first pair of a component that works (8.1.1 leaves that to
it): pairs are checked from the best on. Not done: reflexive candidates of our own and relayed ones; nobody is behind a
NAT.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.ice.candidate import PEER_REFLEXIVE, Candidate, priority
from agents.ice.check_list import CandidatePair, CheckList, PairState
from agents.ice.consent import Consent
from agents.sip.message.address import Datagram
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_transactions import StunAsked, StunTransactions
from agents.stun.stun_values import error, parse_error, xored

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from agents.ice.ice_description import IceDescription
    from agents.ice.ice_role import IceRole
    from agents.sip.message.address import Address

#: Between two checks (RFC 8445 14.2), triggered ones too.
TA_S = 0.050
#: Checks that come before the peer's description; each has another source (7.3).
MOST_EARLY = 16
BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, UNKNOWN_ATTRIBUTE, ROLE_CONFLICT = 400, 401, 403, 420, 487
WORDS = {BAD_REQUEST: "Bad Request", UNKNOWN_ATTRIBUTE: "Unknown Attribute", ROLE_CONFLICT: "Role Conflict"}


class IceState(StrEnum):
    """OFFERED until the peer's description is here; then CHECKING until every component has a pair, or one can't."""

    OFFERED = "OFFERED"
    CHECKING = "CHECKING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class _Check(NamedTuple):
    """What a request is for: to see whether a pair works, or to nominate it, in one of its rounds."""

    pair: CandidatePair
    round: int
    nominates: bool
    was_controlling: bool


class _ConsentOf(NamedTuple):
    """Whether we may still send on a pair."""

    pair: CandidatePair


class _EarlyCheck(NamedTuple):
    """A check of the peer's that came before its description."""

    local: Address
    remote: Address
    priority: int
    nominates: bool


class IceSession:
    """From our description on."""

    def __init__(self, ours: IceDescription, role: IceRole, random: Random, counts: Counter[str]) -> None:
        """`counts` is told of what was refused or not understood, by its reason."""
        self.ours, self._role, self._random, self._counts = ours, role, random, counts
        self.theirs: IceDescription | None = None
        self._list = CheckList()
        self._early: dict[tuple[Address, Address], _EarlyCheck] = {}
        self._transactions = StunTransactions(random, has_fingerprint=True)
        self._next_check_at: float | None = None
        self._components: frozenset[int] = frozenset()
        self._consents: dict[int, Consent] = {}
        self._out: list[Datagram] = []
        #: By component; nothing may be sent for one that has none.
        self.selected: dict[int, CandidatePair] = {}
        #: Components that we may send nothing for any more.
        self.expired: list[int] = []
        self.state = IceState.OFFERED

    def take(self, theirs: IceDescription, *, now: float) -> None:
        """The peer's description is here: checks begin."""
        self.theirs = theirs
        self._components = frozenset(self.ours.addresses) & frozenset(theirs.addresses)
        self._list.form(self.ours.candidates, theirs.candidates)
        self.state = IceState.CHECKING
        for early in self._early.values():
            self._triggered(early, now)
        self._early.clear()
        self._schedule(now)

    # -- in ------------------------------------------------------------------------------------------------------------

    def requested(self, message: StunMessage, local: Address, remote: Address, *, now: float) -> None:
        """A check, or a question for our consent (RFC 8445 7.3): whoever signs it with our password is the peer."""
        key = self.ours.pwd.encode()
        if not message.is_signed_by(key):
            self._refuse(message, UNAUTHENTICATED, local, remote, None)
            return
        rank = message.get(Attribute.PRIORITY)
        if message.unknown:
            self._refuse(message, UNKNOWN_ATTRIBUTE, local, remote, key)
        elif rank is None or len(rank) != 4:
            self._refuse(message, BAD_REQUEST, local, remote, key)
        elif self._role.has_conflict(message):
            self._refuse(message, ROLE_CONFLICT, local, remote, key)
        else:
            mapped = (Attribute.XOR_MAPPED_ADDRESS, xored(remote, message.transaction))
            self._answer(message, MessageClass.SUCCESS, (mapped,), local, remote, key)
            nominates = message.get(Attribute.USE_CANDIDATE) is not None
            early = _EarlyCheck(local, remote, int.from_bytes(rank, "big"), nominates)
            if self.theirs is not None:
                self._triggered(early, now)
            elif len(self._early) < MOST_EARLY or (local, remote) in self._early:
                self._early[local, remote] = early
            self._schedule(now)

    def knows(self, message: StunMessage) -> bool:
        """Whether it answers a request of ours."""
        return self._transactions.find(message) is not None

    def answered(self, message: StunMessage, local: Address, remote: Address, *, now: float) -> None:
        """An answer to a check of ours (RFC 8445 7.2.5); unsigned, or by another key, it is none (RFC 8489 9.1.4)."""
        asked = self._transactions.find(message)
        if asked is None or self.theirs is None:
            return
        if not message.is_signed_by(self.theirs.pwd.encode()):
            self._counts["an answer that the peer has not signed"] += 1
            return
        self._transactions.end(message.transaction)
        code = 0 if message.kind == MessageClass.SUCCESS else _code(message)
        if isinstance(asked.purpose, _ConsentOf):
            self._consented(asked.purpose.pair, code, now)
        elif isinstance(asked.purpose, _Check):
            is_symmetric = (local, remote) == (asked.local, asked.remote)  # 7.2.5.2.1
            is_good = is_symmetric and message.get(Attribute.XOR_MAPPED_ADDRESS) is not None and not message.unknown
            self._checked(asked.purpose, code if code or is_good else BAD_REQUEST, now)
        self._schedule(now)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [self._transactions.get_timer(), self._next_check_at]
        timers += [one.get_timer() for one in self._consents.values()]
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for asked in self._transactions.handle_timer(now=now):
            if isinstance(asked.purpose, _Check):
                self._checked(asked.purpose, None, now)
        if self._next_check_at is not None and now >= self._next_check_at:
            self._next_check_at = None
            pair = self._list.next(is_controlling=self._role.is_controlling)
            if pair is not None:
                self._check(pair, now)
                self._next_check_at = now + TA_S if self._list.has_more else None
        for component, consent in list(self._consents.items()):
            self._keep_consent(component, consent, now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now: answers, then questions."""
        waiting, self._out, self._transactions.sending = self._out + self._transactions.sending, [], []
        return waiting

    # -- the peer's checks ---------------------------------------------------------------------------------------------

    def _refuse(self, message: StunMessage, code: int, local: Address, remote: Address, key: bytes | None) -> None:
        self._counts[f"a check, by {code}"] += 1
        words = "" if key is None else WORDS[code]  # as short as can be: it goes to whoever is named as sender
        attributes = [(int(Attribute.ERROR_CODE), error(code, words))]
        if code == UNKNOWN_ATTRIBUTE:
            unknown = b"".join(number.to_bytes(2, "big") for number in message.unknown)
            attributes.append((Attribute.UNKNOWN_ATTRIBUTES, unknown))
        self._answer(message, MessageClass.ERROR, tuple(attributes), local, remote, key)

    def _answer(
        self, message: StunMessage, kind: MessageClass, attributes: tuple[tuple[int, bytes], ...], local: Address,
        remote: Address, key: bytes | None,
    ) -> None:  # fmt: skip
        out = StunMessage(kind, Method.BINDING, message.transaction, attributes).to_bytes(key, has_fingerprint=True)
        self._out.append(Datagram(local, remote, out))

    def _triggered(self, check: _EarlyCheck, now: float) -> None:
        """RFC 8445 7.3.1.3 to 7.3.1.5: where a check comes from is worth one of ours."""
        ours = next((one for one in self.ours.candidates if one.address == check.local), None)
        if ours is None or ours.component in self.selected or self.state == IceState.FAILED:
            return
        pair = self._list.find(check.local, check.remote)
        if pair is None:
            theirs = Candidate(f"p{check.remote.port}", ours.component, check.priority, check.remote, PEER_REFLEXIVE)
            pair = CandidatePair(ours, theirs)
            if not self._list.add(pair):
                self._counts["a pair too many"] += 1
                return
        if check.nominates and not self._role.is_controlling:
            pair.is_wanted = True
        if pair.state != PairState.SUCCEEDED:
            if pair.state == PairState.IN_PROGRESS:
                self._transactions.repeat_no_more(self._purpose(pair), now=now)
            pair.state = PairState.WAITING
            self._list.trigger(pair)
        elif pair.is_wanted:
            self._select(pair, now)

    # -- ours ----------------------------------------------------------------------------------------------------------

    def _purpose(self, pair: CandidatePair) -> _Check:
        return _Check(pair, pair.round, pair.is_nominated, self._role.is_controlling)

    def _schedule(self, now: float) -> None:
        if self._next_check_at is None and self.state == IceState.CHECKING and self._list.has_more:
            self._next_check_at = now

    def _check(self, pair: CandidatePair, now: float) -> None:
        """RFC 8445 7.2.4."""
        pair.round += 1
        if pair.state != PairState.SUCCEEDED:
            pair.state = PairState.IN_PROGRESS
        nominates = ((int(Attribute.USE_CANDIDATE), b""),) if pair.is_nominated else ()
        self._ask(pair, StunAsked(Method.BINDING, nominates, pair.local, pair.remote, self._purpose(pair)), now)

    def _ask(self, pair: CandidatePair, asked: StunAsked, now: float) -> None:
        """With what all requests have (RFC 8445 7.1): the priority of what the peer may learn by it, our role."""
        if self.theirs is None:
            return
        rank = priority(PEER_REFLEXIVE, pair.component).to_bytes(4, "big")
        own = (*asked.attributes, (int(Attribute.PRIORITY), rank), self._role.attribute)
        who = ((int(Attribute.USERNAME), f"{self.theirs.ufrag}:{self.ours.ufrag}".encode()),)
        self._transactions.begin(asked._replace(attributes=own), who, self.theirs.pwd.encode(), now=now)

    def _checked(self, check: _Check, code: int | None, now: float) -> None:
        """0: it works. None: nothing has come (RFC 8445 7.2.5)."""
        pair = check.pair
        if pair.component in self.selected or (code != 0 and check.round != pair.round):
            return
        if code == ROLE_CONFLICT:
            self._role.give_in(was_controlling=check.was_controlling)
            pair.state, pair.is_nominated = PairState.WAITING, False
            self._list.trigger(pair)
        elif code == 0:
            pair.state = PairState.SUCCEEDED
            self._list.unfreeze(pair)
            if pair.is_wanted or (check.nominates and check.was_controlling):
                self._select(pair, now)
            elif self._role.is_controlling:
                self._nominate(pair.component)
        else:
            pair.state, pair.is_nominated = PairState.FAILED, False
            self._fail_if_hopeless(pair.component)

    def _nominate(self, component: int) -> None:
        """RFC 8445 8.1.1: the best of those that work, by another check."""
        works = [one for one in self._list if one.component == component and one.state == PairState.SUCCEEDED]
        if works and not any(one.is_nominated for one in works):
            best = max(works, key=lambda one: one.priority(is_controlling=True))
            best.is_nominated = True
            self._list.trigger(best)

    def _select(self, pair: CandidatePair, now: float) -> None:
        """RFC 8445 8.1.2: this component has its pair."""
        self.selected[pair.component] = pair
        self._consents[pair.component] = Consent(self._random, now=now)
        self._list.close(pair.component)
        if self.selected.keys() >= self._components:
            self.state = IceState.COMPLETED
            self._next_check_at = None

    def _fail_if_hopeless(self, component: int) -> None:
        """RFC 8445 7.2.5.4: none is left that might work."""
        if component in self._components and all(
            one.state == PairState.FAILED for one in self._list if one.component == component
        ):
            self.state = IceState.FAILED
            self._next_check_at = None
            self._transactions.forget_all()

    # -- consent -------------------------------------------------------------------------------------------------------

    def _keep_consent(self, component: int, consent: Consent, now: float) -> None:
        """RFC 7675 5.1."""
        pair = self.selected[component]
        if consent.is_over(now=now):
            self._revoke(component)
        elif consent.is_due(now=now):
            consent.asked(now=now)
            asked = StunAsked(Method.BINDING, (), pair.local, pair.remote, _ConsentOf(pair), most_sent=1)
            self._ask(pair, asked, now)

    def _consented(self, pair: CandidatePair, code: int, now: float) -> None:
        consent = self._consents.get(pair.component)
        if consent is None:
            return
        if code == 0:
            consent.given(now=now)
        elif code == FORBIDDEN:  # 5.2
            self._revoke(pair.component)
        elif code == ROLE_CONFLICT:  # the peer knows by now who nominates; it has not said that we may not send
            self._counts["consent, by 487"] += 1

    def _revoke(self, component: int) -> None:
        pair = self.selected.pop(component)
        del self._consents[component]
        self._transactions.forget(_ConsentOf(pair))
        self.expired.append(component)


def _code(message: StunMessage) -> int:
    try:
        return parse_error(message.get(Attribute.ERROR_CODE) or b"").code
    except StunParseError:
        return BAD_REQUEST
