"""The home agent of Mobile IPv6 (RFC 6275 10): takes the packets of a mobile node that is away, and tunnels them.

Binding Updates are signed by RFC 4285's option. Of a node with several bindings (RFC 5648) each gets a copy of every
packet: that is ours, for the RFC leaves it to others which of them gets what. Not done: detection of duplicates of the
home address, which is the home agent's own to give; discovery, prefixes, multicast, a binding of a link-local address.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip6.binding_keys import HomeKey, is_same
from agents.mip6.mobility_header import (
    UNIT_S,
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    is_newer,
    packed,
    parsed,
)
from agents.mip6.mobility_options import (
    AlternateCareOf,
    BindingIdentifier,
    MessageAuthentication,
    MobilityOption,
    MobilityParseError,
    ReplayProtection,
)
from agents.roles.kernel_orders import LetInUpdates
from agents.roles.mobility.care_of_tunnels import CareOfTunnels
from agents.roles.mobility.clock import ntp_timestamp, time_of_day_s, with_time_of
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearMobility, MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

# How far a mobile node's clock may be from ours (RFC 4285 5.1), and for how long a binding is granted at most.
TOLERANCE_S = 7.0
LONGEST_S = 1800


class Ipv6HomeAgent(QuietRole):
    """A role. `config` says where it is, on which interface of the home network, and whose home that is.

    `refuses` is why what is no update for it counts for nothing.
    """

    refuses = "no home registration"

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        self._address: str = config["address"]
        self._offset_s: float = config["clock_offset_s"]
        self._keys = {home: HomeKey.of(one) for home, one in config["homes"].items()}
        self._longest_s: int = config.get("longest_s", LONGEST_S)
        self._tunnels = CareOfTunnels(self._address, config["interface"], self._keys)
        self._newest: dict[str, int] = {}
        # Of the last update that counted; the same for all bindings of a node (RFC 5648 4.1).
        self._sequence: dict[str, int] = {}
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._commands = self._tunnels.commands
        self._commands += [HearMobility(), LetInUpdates(self._address)]

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A Binding Update."""
        if report["report"] == "mobility":
            self._tunnels.expire(now)
            self._hear(report["packet"], now)

    def get_timer(self) -> float | None:
        """When the next binding is over."""
        return self._tunnels.get_timer()

    def handle_timer(self, *, now: float) -> None:
        """Bindings whose time is over are deleted (10.3.1)."""
        self._tunnels.expire(now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear(self, packet: MobilityPacket, now: float) -> None:
        home = packet.source_home
        try:
            message, covered = parsed(packet.message, MessageEnds(home or packet.source, packet.destination))
        except MobilityParseError as error:
            self._discard(str(error), packet)
            return
        if not isinstance(message, BindingUpdate) or not self._is_mine(message.flags):
            self._discard(self.refuses, packet)
            return
        key, last = self._keys.get(home), message.options[-1] if message.options else None
        if key is None or covered is None or not isinstance(last, MessageAuthentication):  # RFC 4285 5, 5.1.1
            self._discard("no association" if key is None else "not signed", packet)
            return
        care_of = next((one.address for one in message.options if isinstance(one, AlternateCareOf)), packet.source)
        is_signed = last.spi == key.spi and is_same(last.authenticator, key.authenticator(care_of, home, covered))
        stamp = next((one.timestamp for one in message.options if isinstance(one, ReplayProtection)), None)
        status = self._judge(message, home, stamp, is_signed=is_signed, now=now)
        if status.is_accepted:
            status = self._admits(care_of)
        self._answer(packet, message, care_of, key, status, stamp, now)

    def _judge(
        self, update: BindingUpdate, home: str, stamp: int | None, *, is_signed: bool, now: float
    ) -> BindingStatus:
        """What to answer (RFC 4285 5.1.1, 6; RFC 6275 9.5.1)."""
        if not is_signed:
            return BindingStatus.FAILED_AUTHENTICATION
        if stamp is None:
            return BindingStatus.TIMESTAMP_REQUIRED
        is_near = abs(time_of_day_s(stamp) - now - self._offset_s) <= TOLERANCE_S
        if not is_near or stamp <= self._newest.get(home, 0):
            return BindingStatus.TIMESTAMP_MISMATCH
        bound = self._tunnels.bound(home)
        if bound and not is_newer(update.sequence, self._sequence[home]):
            return BindingStatus.SEQUENCE_OUT_OF_WINDOW
        return BindingStatus.ACCEPTED

    @staticmethod
    def _is_mine(flags: UpdateFlag) -> bool:
        """Whether an update is for a home agent."""
        return bool(flags & UpdateFlag.HOME_REGISTRATION)

    def _admits(self, care_of: str) -> BindingStatus:
        """What to answer an update that is sound: of a home agent the node may be anywhere."""
        del care_of
        return BindingStatus.ACCEPTED

    def _answer(
        self, packet: MobilityPacket, update: BindingUpdate, care_of: str, key: HomeKey, status: BindingStatus,
        stamp: int | None, now: float,
    ) -> None:  # fmt: skip
        home, sequence = packet.source_home, update.sequence
        lifetime_s = min(update.units * UNIT_S, self._longest_s // UNIT_S * UNIT_S)
        facts = {"home": home, "care_of": care_of}
        if status.is_accepted:
            self._newest[home], self._sequence[home] = stamp or 0, sequence
            self._bind(update, home, care_of, lifetime_s, now)
            bound = list(self._tunnels.bound(home))
            self._commands.append(Tell("registered", {**facts, "lifetime_s": lifetime_s, "bound": bound}))
        else:
            why = {"code": int(status), "reason": status.name, "remote": packet.source}
            self._commands.append(Tell("registration_refused", {**facts, **why}))
        if status == BindingStatus.SEQUENCE_OUT_OF_WINDOW:
            sequence = self._sequence[home]
        several = next((one for one in update.options if isinstance(one, BindingIdentifier)), None)
        reflected = () if several is None else (BindingIdentifier(several.number),)
        options: tuple[MobilityOption, ...] = (*reflected, MessageAuthentication(key.spi))
        if stamp is not None:
            is_wrong = status == BindingStatus.TIMESTAMP_MISMATCH
            clock = ntp_timestamp(now + self._offset_s)
            options = (ReplayProtection(with_time_of(stamp, clock) if is_wrong else stamp), *options)
        units = lifetime_s // UNIT_S if status.is_accepted else 0
        data = packed(
            BindingAcknowledgement(int(status), 0, sequence, units, options), MessageEnds(packet.destination, home),
            lambda covered: key.authenticator(care_of, home, covered),
        )  # fmt: skip
        # 9.5.4: to where it came from, whatever is bound.
        self._commands.append(MobilityPacket(packet.destination, packet.source, data, destination_home=home))

    def _bind(self, update: BindingUpdate, home: str, care_of: str, lifetime_s: int, now: float) -> None:
        """Keeps the binding cache (10.3.1, 10.3.2; RFC 5648 6.3)."""
        is_one_of_several = any(isinstance(one, BindingIdentifier) for one in update.options)
        keeps = is_one_of_several and not update.flags & UpdateFlag.OVERWRITE
        if not lifetime_s:
            self._tunnels.release(home, care_of if keeps else None)
        else:
            self._tunnels.bind(home, care_of, update.sequence, now + lifetime_s, keeps_others=keeps)

    def _discard(self, reason: str, packet: MobilityPacket) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": packet.source_home or packet.source}))
