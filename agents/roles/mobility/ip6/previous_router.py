"""The router that a mobile node leaves (RFC 5568 4): sends what comes for its old address on to the new one.

It believes who has the key of the old address (10), and asks the router of the new one first. Not done: addresses that
the other router assigns (S flag, code 2), packets for the old address there (code 3), a buffer of its own.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import (
    FROM_NEW_LINK,
    FROM_OLD_LINK,
    FastBindingAcknowledgement,
    FastBindingUpdate,
    FastStatus,
    HandoverAcknowledge,
    HandoverInitiate,
    InitiateFlag,
)
from agents.mip6.mobility_header import MessageEnds, UpdateFlag, is_newer
from agents.mip6.mobility_options import (
    AddressOption,
    AlternateCareOf,
    FastAuthorization,
    HandoverAddress,
    LinkLayerAddress,
)
from agents.roles.mobility.care_of_tunnels import CareOfTunnels
from agents.roles.mobility.ip6.asked_again import FIRST_TIMEOUT_S, AskedAgain
from agents.roles.role import MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.mip6.mobility_header import ParsedMobility
    from agents.roles.role import Command

# 5.6: "of the order of tens of seconds".
LONGEST_S = 30
_A_AND_H = UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION


class OtherRouter(NamedTuple):
    """A router next to this one, its network, and the key of both."""

    address: str
    network: ipaddress.IPv6Network
    key: FastKey


class _Initiated(NamedTuple):
    """The update that waits for another router's word."""

    care_of: str
    update: FastBindingUpdate
    router: OtherRouter
    message: HandoverInitiate
    again: AskedAgain
    is_on_old_link: bool


class PreviousRouter:
    """At one router. What it wants is appended to `commands`."""

    def __init__(
        self, config: dict[str, Any], others: dict[str, OtherRouter], random: Random, commands: list[Command]
    ) -> None:
        self._address: str = config["address"]
        self._interface: str = config["interface"]
        self._others, self._commands = others, commands
        self._keys = {address: FastKey.of(one) for address, one in config["nodes"].items()}
        self._tunnels = CareOfTunnels(self._address, None, self._keys)
        self._tunnels.commands = commands
        # By old address: what is being asked of another router, and the last update's number.
        self._waiting: dict[str, _Initiated] = {}
        self._newest: dict[str, int] = {}
        self._sequence = random.getrandbits(16)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [self._tunnels.get_timer(), *(one.again.due for one in self._waiting.values())]
        return min((one for one in timers if one is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Asks another router again, or does without it; ends what is over."""
        self._tunnels.expire(now)
        for old, one in list(self._waiting.items()):
            if now >= one.again.due and one.again.may_ask(now=now):
                self._send_initiate(one)
            elif now >= one.again.due:
                self._refuse(old, one, FastStatus.UNSPECIFIED, "no answer by the other router")

    def take_update(self, packet: MobilityPacket, read: ParsedMobility, update: FastBindingUpdate, now: float) -> str:
        """6.2.2; returns why it does not count, "" where it does."""
        old = packet.source_home
        key = self._keys.get(old)
        care_of = next((one.address for one in update.options if isinstance(one, AlternateCareOf)), packet.source)
        if key is None:
            return "no association"
        if not key.has_signed(read, care_of, self._address):
            return "the wrong key"
        if old in self._newest and not is_newer(update.sequence, self._newest[old]):
            return "an update that was there before"
        if update.flags & _A_AND_H != _A_AND_H:
            return "no A, or no H"
        self._newest[old] = update.sequence
        router = next((one for one in self._others.values() if ipaddress.ip_address(care_of) in one.network), None)
        waiting = self._waiting.pop(old, None)
        if not update.lifetime_s:
            self.end(old)
            self._answer(old, care_of, update, FastStatus.ACCEPTED, is_on_old_link=packet.source == old)
        elif router is None:
            status = FastStatus.UNSPECIFIED
            self._tell_refused(old, care_of, status, "no router has such an address")
            self._answer(old, care_of, update, status, is_on_old_link=packet.source == old)
        elif care_of in self._tunnels.bound(old):
            self._redirect(old, care_of, update, is_on_old_link=packet.source == old, now=now)
        else:
            self._initiate(packet, care_of, update, router, waiting, now)
        return ""

    def take_acknowledgement(self, packet: MobilityPacket, read: ParsedMobility, answer: HandoverAcknowledge,
                             now: float) -> str:  # fmt: skip
        """6.2.1.2; returns why it does not count, "" where it does."""
        asked = next(
            (
                (old, one) for old, one in self._waiting.items()
                if one.router.address == packet.source and one.message.sequence == answer.sequence
            ),
            None,
        )  # fmt: skip
        if asked is None:
            return "answers nothing that is being asked"
        old, one = asked
        if not one.router.key.has_signed(read, packet.source, packet.destination):
            return "the wrong key"
        if answer.code != FastStatus.ACCEPTED:
            known = answer.code in {*FastStatus} and not FastStatus(answer.code).is_accepted
            status = FastStatus(answer.code) if known else FastStatus.UNSPECIFIED
            self._refuse(old, one, status, f"the other router says {answer.code}")
        else:
            del self._waiting[old]
            self._redirect(old, one.care_of, one.update, is_on_old_link=one.is_on_old_link, now=now)
        return ""

    def end(self, old: str) -> None:
        """Who had this address is back (5.6)."""
        if old in self._keys and self._tunnels.bound(old):
            self._tunnels.release(old, None)
            self._commands.append(Tell("redirection_ended", {"old": old}))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _initiate(
        self, packet: MobilityPacket, care_of: str, update: FastBindingUpdate, router: OtherRouter,
        waiting: _Initiated | None, now: float,
    ) -> None:  # fmt: skip
        """Asks the other router, unless it is being asked already: then this update is what is answered."""
        old, is_on_old_link = packet.source_home, packet.source == packet.source_home
        if waiting is not None and waiting.care_of == care_of and waiting.is_on_old_link == is_on_old_link:
            self._waiting[old] = waiting._replace(update=update)
            return
        self._sequence = (self._sequence + 1) % 0x10000
        own = tuple(one for one in update.options if isinstance(one, LinkLayerAddress))
        addresses = (
            AddressOption(HandoverAddress.OLD_CARE_OF, old), AddressOption(HandoverAddress.NEW_CARE_OF, care_of),
        )  # fmt: skip
        message = HandoverInitiate(
            self._sequence, InitiateFlag.BUFFER if is_on_old_link else 0,
            FROM_OLD_LINK if is_on_old_link else FROM_NEW_LINK,
            (*own, *addresses, FastAuthorization(router.key.spi)),
        )  # fmt: skip
        again = AskedAgain(FIRST_TIMEOUT_S, now=now)
        self._waiting[old] = _Initiated(care_of, update, router, message, again, is_on_old_link)
        self._send_initiate(self._waiting[old])

    def _send_initiate(self, one: _Initiated) -> None:
        ends = MessageEnds(self._address, one.router.address)
        self._commands.append(MobilityPacket(*ends, one.router.key.packed(one.message, ends, *ends)))

    def _redirect(self, old: str, care_of: str, update: FastBindingUpdate, *, is_on_old_link: bool, now: float) -> None:
        """From now on; the answer is on its way by then."""
        lifetime_s = min(update.lifetime_s, LONGEST_S)
        self._answer(old, care_of, update, FastStatus.ACCEPTED, is_on_old_link=is_on_old_link)
        self._tunnels.bind(old, care_of, update.sequence, now + lifetime_s, keeps_others=False)
        self._commands.append(Tell("redirected", {"old": old, "care_of": care_of, "lifetime_s": lifetime_s}))

    def _refuse(self, old: str, one: _Initiated, status: FastStatus, reason: str) -> None:
        del self._waiting[old]
        self._tell_refused(old, one.care_of, status, reason)
        self._answer(old, one.care_of, one.update, status, is_on_old_link=one.is_on_old_link)

    def _tell_refused(self, old: str, care_of: str, status: FastStatus, reason: str) -> None:
        facts = {"old": old, "care_of": care_of, "code": int(status), "reason": reason}
        self._commands.append(Tell("redirection_refused", facts))

    def _answer(
        self, old: str, care_of: str, update: FastBindingUpdate, status: FastStatus, *, is_on_old_link: bool
    ) -> None:
        """6.2.3: to the new address, and to the old one while the node is there, past the tunnel."""
        lifetime_s = min(update.lifetime_s, LONGEST_S) if status.is_accepted else 0
        key = self._keys[old]
        answer = FastBindingAcknowledgement(int(status), update.sequence, lifetime_s, (FastAuthorization(key.spi),))
        places = [(old, self._interface)] if is_on_old_link else []
        for destination, interface in [*places, *([(care_of, "")] if care_of != old else [])]:
            ends = MessageEnds(self._address, destination)
            data = key.packed(answer, ends, care_of, self._address)
            self._commands.append(MobilityPacket(*ends, data, interface=interface))
