"""A correspondent that sends straight to a mobile node (RFC 6275 9): beside a phone that knows nothing of it.

It believes who gets packets for both addresses: that is what return routability tests (5.2.5), and all that it does.
Not done: Binding Errors for packets of a home address that is not bound, which the kernel drops; asking for a refresh.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.binding_keys import binding_authenticator, binding_key, care_of_token, home_token, is_same
from agents.mip6.mobility_header import (
    UNIT_S,
    BindingAcknowledgement,
    BindingError,
    BindingStatus,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    MessageEnds,
    UnknownMessageError,
    UpdateFlag,
    is_newer,
    packed,
    parsed,
)
from agents.mip6.mobility_options import AlternateCareOf, BindingAuthorization, MobilityParseError, NonceIndices
from agents.roles.kernel_orders import LetInUpdates, RouteDirectly
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearMobility, MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.mip6.mobility_header import MobilityMessage

# 12: MAX_RR_BINDING_LIFETIME, MAX_NONCE_LIFETIME; and how long a nonce is the newest one.
LONGEST_S = 420
NONCE_S, NEWEST_NONCE_S = 240.0, 30.0
NODE_KEY_BYTES, NONCE_BYTES = 20, 8
MOST_BINDINGS = 64
_UNKNOWN_TYPE = 2


class _Bound(NamedTuple):
    """Where a home address is, by which update, and until when."""

    care_of: str
    sequence: int
    ends: float


class BindingCorrespondent(QuietRole):
    """A role. `config` has the node's address."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        self._address: str = config["address"]
        self._random = random
        self._node_key = random.randbytes(NODE_KEY_BYTES)
        # By index: when it was made, and what it is. A restart makes all new.
        self._nonces: dict[int, tuple[float, bytes]] = {}
        self._bound: dict[str, _Bound] = {}
        # Of bindings that are no more: the last number, and until when somebody may have it sent again (9.5.3).
        self._over: dict[str, tuple[int, float]] = {}
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._commands += [HearMobility(), LetInUpdates(self._address)]

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A mobility header."""
        if report["report"] != "mobility":
            return
        self._expire(now)
        packet: MobilityPacket = report["packet"]
        ends = MessageEnds(packet.source_home or packet.source, packet.destination)
        try:
            message, covered = parsed(packet.message, ends)
        except UnknownMessageError as error:  # 9.2
            self._discard(str(error), packet)
            self._send(packet, BindingError(_UNKNOWN_TYPE, bytes(16)))
        except MobilityParseError as error:
            self._discard(str(error), packet)
        else:
            self._hear(packet, message, covered, now)

    def get_timer(self) -> float | None:
        """When the next binding is over."""
        return min((one.ends for one in self._bound.values()), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Bindings whose time is over are deleted (9.6)."""
        self._expire(now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear(self, packet: MobilityPacket, message: MobilityMessage, covered: bytes | None, now: float) -> None:
        if isinstance(message, BindingUpdate):
            self._take_update(packet, message, covered, now)
        elif packet.source_home or not isinstance(message, HomeTestInit | CareOfTestInit):  # 9.4.1, 9.4.2
            self._discard("no update, and no test", packet)
        elif isinstance(message, HomeTestInit):
            index, nonce = self._newest_nonce(now)
            token = home_token(self._node_key, packet.source, nonce)
            self._send(packet, HomeTest(index, message.cookie, token))
        else:
            index, nonce = self._newest_nonce(now)
            token = care_of_token(self._node_key, packet.source, nonce)
            self._send(packet, CareOfTest(index, message.cookie, token))

    def _take_update(self, packet: MobilityPacket, update: BindingUpdate, covered: bytes | None, now: float) -> None:
        """9.5.1."""
        home = packet.source_home or packet.source
        if update.flags & UpdateFlag.HOME_REGISTRATION:
            self._answer(packet, update, BindingStatus.NO_HOME_REGISTRATION, None)
            return
        last = update.options[-1] if update.options else None
        indices = next((one for one in update.options if isinstance(one, NonceIndices)), None)
        if covered is None or not isinstance(last, BindingAuthorization) or indices is None:
            self._discard("not signed", packet)
            return
        care_of = next((one.address for one in update.options if isinstance(one, AlternateCareOf)), packet.source)
        is_over = not update.units or care_of == home
        expired = self._expired(indices, is_over=is_over)
        if expired is not None:
            self._answer(packet, update, expired, None)
            return
        tokens = [home_token(self._node_key, home, self._nonces[indices.home][1])]
        if not is_over:
            tokens.append(care_of_token(self._node_key, care_of, self._nonces[indices.care_of][1]))
        key = binding_key(*tokens)
        wanted = binding_authenticator(key, care_of, self._address, covered)
        if not is_same(last.authenticator, wanted):
            self._discard("the wrong key", packet)
            return
        status = self._judge(home, update)
        if status.is_accepted:
            self._bind(home, None if is_over else care_of, update, now)
        if update.flags & UpdateFlag.ACKNOWLEDGE or not status.is_accepted:
            self._answer(packet, update, status, key)

    def _expired(self, indices: NonceIndices, *, is_over: bool) -> BindingStatus | None:
        """Which of the nonces is no longer known; that of the care-of address does not count at an end (9.5.1)."""
        has_home, has_care_of = indices.home in self._nonces, is_over or indices.care_of in self._nonces
        if has_home:
            return None if has_care_of else BindingStatus.EXPIRED_CARE_OF_NONCE
        return BindingStatus.EXPIRED_HOME_NONCE if has_care_of else BindingStatus.EXPIRED_NONCES

    def _judge(self, home: str, update: BindingUpdate) -> BindingStatus:
        last = self._last(home)
        if last is not None and not is_newer(update.sequence, last):
            return BindingStatus.SEQUENCE_OUT_OF_WINDOW
        if home not in self._bound and len(self._bound) >= MOST_BINDINGS:
            return BindingStatus.NO_RESOURCES
        return BindingStatus.ACCEPTED

    def _last(self, home: str) -> int | None:
        """The number of the last update that counted, if that can still be sent again."""
        if home in self._bound:
            return self._bound[home].sequence
        return self._over[home][0] if home in self._over else None

    def _bind(self, home: str, care_of: str | None, update: BindingUpdate, now: float) -> None:
        facts = {"home": home, "care_of": care_of}
        if care_of is None:
            self._bound.pop(home, None)
            self._over[home] = update.sequence, now + NONCE_S
            self._commands.append(Tell("unbound", facts))
        else:
            lifetime_s = min(update.units * UNIT_S, LONGEST_S)
            self._bound[home] = _Bound(care_of, update.sequence, now + lifetime_s)
            self._commands.append(Tell("bound", {**facts, "lifetime_s": lifetime_s}))
        self._commands.append(RouteDirectly(home, self._address, care_of, is_mobile=False))

    def _expire(self, now: float) -> None:
        for home, one in list(self._bound.items()):
            if now >= one.ends:
                del self._bound[home]
                self._over[home] = one.sequence, now + NONCE_S
                self._commands += [
                    Tell("binding_expired", {"home": home, "care_of": one.care_of}),
                    RouteDirectly(home, self._address, None, is_mobile=False),
                ]
        self._over = {home: one for home, one in self._over.items() if now < one[1]}
        self._nonces = {index: one for index, one in self._nonces.items() if now < one[0] + NONCE_S}

    def _newest_nonce(self, now: float) -> tuple[int, bytes]:
        """5.2.2, 5.2.7: a nonce is given out for a while, and known for longer."""
        index = max(self._nonces, key=lambda one: self._nonces[one][0], default=None)
        if index is None or now >= self._nonces[index][0] + NEWEST_NONCE_S:
            index = self._random.getrandbits(16) if index is None else (index + 1) % 0x10000
            self._nonces[index] = now, self._random.randbytes(NONCE_BYTES)
        return index, self._nonces[index][1]

    def _answer(self, packet: MobilityPacket, update: BindingUpdate, status: BindingStatus, key: bytes | None) -> None:
        """9.5.4: to where it came from, by the home address; without a key there is nothing to sign with."""
        home = packet.source_home or packet.source
        sequence, units = update.sequence, min(update.units, LONGEST_S // UNIT_S) if status.is_accepted else 0
        if status == BindingStatus.SEQUENCE_OUT_OF_WINDOW:
            sequence = self._last(home) or 0
        care_of = next((one.address for one in update.options if isinstance(one, AlternateCareOf)), packet.source)
        answer = BindingAcknowledgement(
            int(status), 0, sequence, units, () if key is None else (BindingAuthorization(),)
        )
        sign = None if key is None else lambda covered: binding_authenticator(key, care_of, self._address, covered)
        data = packed(answer, MessageEnds(self._address, home), sign)
        back = MobilityPacket(self._address, packet.source, data, destination_home=packet.source_home)
        self._commands.append(back)
        if not status.is_accepted:
            facts = {"home": home, "care_of": care_of, "code": int(status), "reason": status.name}
            self._commands.append(Tell("binding_refused", {**facts, "remote": packet.source}))

    def _send(self, packet: MobilityPacket, message: MobilityMessage) -> None:
        """Back to where a message came from."""
        data = packed(message, MessageEnds(self._address, packet.source))
        self._commands.append(MobilityPacket(self._address, packet.source, data))

    def _discard(self, reason: str, packet: MobilityPacket) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": packet.source_home or packet.source}))
