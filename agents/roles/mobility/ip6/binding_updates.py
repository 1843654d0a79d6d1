"""One mobile node's Binding Updates to a home agent (RFC 6275 11.7.1, 11.7.3, 11.8): the pendant of `registering`.

They are signed by RFC 4285's option, not by IPsec, and carry the time, which makes each of them a new one (its 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.mip6.binding_keys import HomeKey, is_same
from agents.mip6.mobility_header import (
    UNIT_S,
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import (
    AlternateCareOf,
    BindingIdentifier,
    MessageAuthentication,
    MobilityParseError,
    NodeIdentifier,
    ReplayProtection,
)
from agents.roles.kernel_orders import LetInRouted
from agents.roles.mobility.clock import LOW, ntp_timestamp, time_of_day_s
from agents.roles.mobility.registers import FIRST_TIMEOUT_S, LONGEST_TIMEOUT_S, RegistrationAnswered
from agents.roles.role import HearMobility, MobilityPacket

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mobility.registers import Wish
    from agents.roles.role import Command
    from agents.sip.message.address import Datagram

# 13, InitialBindackTimeoutFirstReg: the home agent looks for duplicates first.
FIRST_REGISTRATION_S = 1.5


class _Sent(NamedTuple):
    """An update that may still be answered."""

    timestamp: int
    at: float


class BindingUpdates:
    """One wish at a time, the newest; another one takes its place."""

    def __init__(
        self,
        home: str,
        home_agent: str,
        key: HomeKey,
        random: Random,
        *,
        identifier: str,
        clock_offset_s: float,
        binds_several: bool = False,
        kind: UpdateFlag = UpdateFlag.HOME_REGISTRATION,
    ) -> None:
        """`identifier` is who the node is (RFC 4283); `clock_offset_s` makes a time of day of the seconds of `now`.

        `binds_several`: more than one address may be bound at once (RFC 5648), so that each has a number. `kind` says
        what the home agent is: at home, or a local one where the node is (RFC 5380 4).
        """
        self._home, self._agent, self._key, self._random = home, home_agent, key, random
        self._identifier, self._offset_s = identifier, clock_offset_s
        self._flags = kind | UpdateFlag.ACKNOWLEDGE
        self._binds_several, self._numbers = binds_several, dict[str, int]()
        self._wish: Wish | None = None
        # Of the wish, by sequence number; and the last number, which goes on over wishes (11.7.1).
        self._sent: dict[int, _Sent] = {}
        self._sequence = random.getrandbits(16)
        self._timestamp = 0
        self._asked_at = self._timeout_s = 0.0
        # Bound until then, as far as we know.
        self._bound_until = 0.0
        self._may_resynchronize = True
        self.sending: list[Datagram] = []
        self.commands: list[Command] = [HearMobility(), LetInRouted(home)]
        #: Why acknowledgements were not believed.
        self.doubted: list[str] = []

    @property
    def agent(self) -> str:
        """The home agent's address."""
        return self._agent

    @property
    def wish(self) -> Wish | None:
        """What is being asked for; None where nothing is."""
        return self._wish

    def has_address(self, address: str) -> None:
        """The node has this address from now on: one socket is for all of them."""

    def ask(self, wish: Wish, *, now: float) -> None:
        """From now on this is asked for."""
        self._wish, self._sent, self._may_resynchronize = wish, {}, True
        self._timeout_s = FIRST_TIMEOUT_S if now < self._bound_until else FIRST_REGISTRATION_S
        self._send(wish, now)

    def stop(self) -> None:
        """Nothing is asked for any more."""
        self._wish = None

    def get_timer(self) -> float | None:
        """When to ask again."""
        return None if self._wish is None else self._asked_at + self._timeout_s

    def handle_timer(self, *, now: float) -> None:
        """Asks again, if there has been no answer for long enough (11.8)."""
        if self._wish is not None and now >= self._asked_at + self._timeout_s:
            self._timeout_s = min(2 * self._timeout_s, LONGEST_TIMEOUT_S)
            self._send(self._wish, now)

    def receive(self, heard: bytes | MobilityPacket, *, now: float) -> RegistrationAnswered | None:
        """A mobility header; None where it is no answer to what is being asked (11.7.3)."""
        if not isinstance(heard, MobilityPacket):
            return None
        wish = self._wish
        try:
            message, covered = parsed(
                heard.message, MessageEnds(heard.source, heard.destination_home or heard.destination)
            )
        except MobilityParseError as error:
            self.doubted.append(str(error))
            return None
        sent = self._asked(message) if isinstance(message, BindingAcknowledgement) else None
        if wish is None or sent is None or not isinstance(message, BindingAcknowledgement):
            self.doubted.append("answers nothing that is being asked")
        elif not self._is_signed(message, covered, wish.care_of) or heard.source != self._agent:
            self.doubted.append("not signed by the home agent")
        else:
            return self._judge(message, wish, sent, now)
        return None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _asked(self, answer: BindingAcknowledgement) -> _Sent | None:
        """What an acknowledgement answers: by its number, which one that refuses the number has not, or by its time."""
        if answer.status != BindingStatus.SEQUENCE_OUT_OF_WINDOW:
            return self._sent.get(answer.sequence)
        stamp = stamp_of(answer)
        return next((one for one in self._sent.values() if one.timestamp & LOW == stamp & LOW), None)

    def _judge(
        self, answer: BindingAcknowledgement, wish: Wish, sent: _Sent, now: float
    ) -> RegistrationAnswered | None:
        """What a signed acknowledgement says; None where it has us ask once more."""
        stamp = stamp_of(answer)
        if stamp & LOW != sent.timestamp & LOW:  # RFC 4285 6: what it answers is said by this
            self.doubted.append("answers another update")
            return None
        if answer.status == BindingStatus.TIMESTAMP_MISMATCH and self._may_resynchronize:
            self._may_resynchronize = False
            self._offset_s = time_of_day_s(stamp) - now
            self._timestamp = 0  # what was refused counts in no order: our clock may have been ahead
            self._send(wish, now)
            return None
        if answer.status == BindingStatus.SEQUENCE_OUT_OF_WINDOW and self._may_resynchronize:
            self._may_resynchronize = False
            self._sequence = answer.sequence  # 11.7.3: go on from the last one that it knows
            self._send(wish, now)
            return None
        self._wish = None
        if answer.is_accepted:
            self._bound_until = sent.at + answer.units * UNIT_S
        granted_s = min(answer.units * UNIT_S, wish.lifetime_s)
        kept = wish.keeps_others and any(isinstance(one, BindingIdentifier) for one in answer.options)  # RFC 5648 3
        return RegistrationAnswered(wish, answer.status, answer.is_accepted, kept, granted_s, now - sent.at)

    def _is_signed(self, answer: BindingAcknowledgement, covered: bytes | None, care_of: str) -> bool:
        if covered is None or not isinstance(answer.options[-1], MessageAuthentication):
            return False
        last = answer.options[-1]
        wanted = self._key.authenticator(care_of, self._home, covered)
        return last.spi == self._key.spi and is_same(last.authenticator, wanted)

    def _send(self, wish: Wish, now: float) -> None:
        # What the clock does not have is chance, and it is above all before (RFC 4285 6).
        stamp = ntp_timestamp(now + self._offset_s) & ~0xFFFF | self._random.getrandbits(16)
        self._timestamp = max(stamp, self._timestamp + 1)
        self._sequence = (self._sequence + 1) % 0x10000
        self._sent[self._sequence] = _Sent(self._timestamp, now)
        self._asked_at = now
        number = self._numbers.setdefault(wish.care_of, len(self._numbers) + 1)
        options = (
            AlternateCareOf(wish.care_of), NodeIdentifier(self._identifier), ReplayProtection(self._timestamp),
            *((BindingIdentifier(number),) if self._binds_several else ()), MessageAuthentication(self._key.spi),
        )  # fmt: skip
        overwrites = UpdateFlag.OVERWRITE if self._binds_several and not wish.keeps_others else UpdateFlag(0)
        update = BindingUpdate(self._sequence, self._flags | overwrites, wish.lifetime_s // UNIT_S, options)
        data = packed(
            update, MessageEnds(self._home, self._agent),
            lambda covered: self._key.authenticator(wish.care_of, self._home, covered),
        )  # fmt: skip
        self.commands.append(MobilityPacket(wish.local, self._agent, data, source_home=self._home))


def stamp_of(answer: BindingAcknowledgement) -> int:
    """The time in an acknowledgement; 0 without one."""
    return next((one.timestamp for one in answer.options if isinstance(one, ReplayProtection)), 0)
