"""What keeps a mobile node's home address by Mobile IP (RFC 5944 3.6, RFC 6275 11), below a phone that knows nothing.

Its triggers are those of the mobile node, as far as they do not listen to the call. A handover is a registration of
the new link's address: with the S bit, if that is wanted, packets go both ways over both links until a while after it
is there (3.6.1.2: "simultaneous mobility bindings"), else they follow the binding. Or all links' addresses are bound
all the time, and every packet goes over each: then there is nothing to hand over.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import CopyOnto, OwnAddress, SendBy, SetTunnel
from agents.roles.mobility.between_two_links import BetweenTwoLinks
from agents.roles.mobility.protocol_rows import PROTOCOLS, loaded
from agents.roles.mobility.registers import TUNNELS, Wish
from agents.roles.role import Attach

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link
    from agents.roles.mn.triggers.decision import Verdict
    from agents.roles.mobility.registers import Registers, RegistrationAnswered
    from agents.roles.role import Command, MobilityPacket
    from agents.sip.message.address import Address, Datagram

LIFETIME_S = 300
# After so much of what was granted it is asked for again.
RENEW_AFTER = 0.75
# How long both care-of addresses stay bound: what is on its way has come by then, and playout is as deep as it gets.
COPIES_S = 1.0
# When a handover that was refused is tried again, if it is still wanted by then; and a renewal that could not be asked.
AGAIN_AFTER_S = 4.0
# Of a link over which nothing has to be asked for again.
NEVER = math.inf


class BoundAddresses(StrEnum):
    """How many care-of addresses are bound: one; two while the address moves; all that there are."""

    ONE = "one"
    TWO_MOVING = "two-moving"
    ALL = "all"


class AddressMove(StrEnum):
    """AT REST; WAITING for the new link, REGISTERING over it; COPYING until the old address is let go."""

    AT_REST = "AT REST"
    WAITING = "WAITING"
    REGISTERING = "REGISTERING"
    COPYING = "COPYING"


class MobileSystem(BetweenTwoLinks):
    """A role. `config` is what the scenario says of the links, the triggers, and the home agent.

    `is_for_programs`: the address that it keeps is the one that programs have, and none below that.
    """

    is_for_programs = True

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config)
        self._home = self._kept(config)
        self._bindings = BoundAddresses(config["bindings"])
        self._registering: Registers = loaded(PROTOCOLS[config["protocol"]].registers)(config, random)
        self.state = AddressMove.AT_REST
        # The links whose addresses are bound, and when to ask for them again; and those that are to be asked for.
        self._renew_at: dict[Link, float] = {}
        self._to_bind: list[Link] = []
        # The one over which something is being asked.
        self._asked_over: Link = self._link
        self._let_go_at: float | None = None
        self._again_at: float | None = None
        self._commands: list[Command] = self._own_address()

    def start(self, *, now: float) -> None:
        """From now on the triggers count."""
        self._consider(now)

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """A Registration Reply."""
        self._hear(data, remote.hostport, now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """News from a radio, the GPS receiver, the battery; or a mobility header."""
        if report["report"] == "mobility":
            self._hear(report["packet"], report["packet"].source, now)
        else:
            super().receive_report(report, now=now)

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        if "address" in news:
            self._registering.has_address(link.address)
        self._way_told(link, now, is_news=bool(news))

    def _way_told(self, link: Link, now: float, *, is_news: bool) -> None:
        """It can be asked for over a link, or it cannot."""
        is_first = link is self._link and not self._renew_at
        if self._can_ask(link) and is_news and self.state == AddressMove.AT_REST and (is_first or self._binds_all):
            self._bind(link, now)
        elif self._can_ask(link) and self.state == AddressMove.WAITING and link is self._other:
            self._register(now)
        elif not self._can_ask(link):
            self._lose(link, now)

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (
            self._registering.get_timer(), self._decision.get_timer(),
            min((at for at in self._renew_at.values() if at != NEVER), default=None),
            self._let_go_at, self._again_at,
        )  # fmt: skip
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._registering.handle_timer(now=now)
        self._decision.handle_timer(now=now)
        for link in [link for link, at in self._renew_at.items() if now >= at]:
            may_ask = self.state in {AddressMove.AT_REST, AddressMove.WAITING} and self._can_ask(link)
            # What is asked is asked again by itself until it is answered; what can't be now is looked at soon.
            self._renew_at[link] = now + (LIFETIME_S if may_ask else AGAIN_AFTER_S)
            if may_ask:
                self._bind(link, now)
        if self._let_go_at is not None and now >= self._let_go_at:
            self._let_go(now)
        if self._again_at is not None and now >= self._again_at:
            self._again_at = None
            for link in (self._link, *((self._other,) if self._binds_all else ())):
                if link not in self._renew_at and self._can_ask(link):
                    self._bind(link, now)
        self._consider(now)

    # -- out ----------------------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        sending, self._registering.sending = self._registering.sending, []
        return sending

    def next_command(self) -> Command | None:
        """The oldest command not yet taken, of its own first."""
        waiting = self._commands or self._registering.commands
        return waiting.pop(0) if waiting else None

    # -- inside -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _kept(config: dict[str, Any]) -> str:
        """The address that is kept."""
        return str(config["home_address"])

    def _hear(self, heard: bytes | MobilityPacket, remote: str, now: float) -> None:
        answered = self._registering.receive(heard, now=now)
        for reason in self._registering.doubted:
            self._tell("discarded", reason=reason, remote=remote)
        self._registering.doubted.clear()
        if answered is not None:
            self._take(answered, now)
        self._consider(now)

    def _consider(self, now: float) -> None:
        """Hands over when the triggers want it, one handover at a time; also out of one whose new link is lost."""
        may_move = self.state in {AddressMove.AT_REST, AddressMove.COPYING} and self._again_at is None
        if self._link not in self._renew_at or not may_move:
            return
        verdict = self._decision.verdict(self._link.name, now=now)
        if verdict is not None:
            self._move(verdict, now)

    def _move(self, verdict: Verdict, now: float) -> None:
        if self.state == AddressMove.COPYING:
            self._end_copies()
        self._tell("trigger", link=verdict.leave, to=verdict.to, **verdict.because)
        if self._binds_all and self._other in self._renew_at and self._other.is_usable:
            self._swap(now)
            self._send_over_all()
            return
        self.state = AddressMove.WAITING
        if self._can_ask(self._other):
            self._register(now)
        elif not self._other.is_usable:
            self._commands.append(Attach(self._other.name))

    def _register(self, now: float) -> None:
        self.state = AddressMove.REGISTERING
        self._ask(self._other, now, keeps_others=self._bindings != BoundAddresses.ONE and self._link.is_usable)

    @property
    def _binds_all(self) -> bool:
        return self._bindings == BoundAddresses.ALL

    def _bind(self, link: Link, now: float) -> None:
        """Asks for a link's address, or will when what is being asked has been answered."""
        if self._registering.wish is None:
            self._ask(link, now, keeps_others=self._binds_all)
        elif link not in self._to_bind:
            self._to_bind.append(link)

    def _bind_next(self, now: float) -> None:
        """What has waited for an answer waits no longer."""
        while self._to_bind and self._registering.wish is None:
            link = self._to_bind.pop(0)
            if self._can_ask(link):
                self._bind(link, now)

    def _ask(self, link: Link, now: float, *, keeps_others: bool = False) -> None:
        self._tell("registering", link=link.name)
        self._asked_over = link
        self._registering.ask(self._wish(link, keeps_others=keeps_others), now=now)

    def _lose(self, link: Link, now: float) -> None:
        """What is being asked over a link that has gone is asked when it is back, and keeps nothing else waiting."""
        if self._registering.wish is None or self._asked_over is not link:
            return
        self._registering.stop()
        if self.state == AddressMove.REGISTERING:
            self.state = AddressMove.WAITING
        self._bind_next(now)

    def _take(self, answered: RegistrationAnswered, now: float) -> None:
        wish, took_s = answered.wish, answered.took_s
        link = self._asked_over
        if not wish.lifetime_s:  # of the other link's address
            link = self._link if wish.care_of == self._link.address else self._other
        facts = {"link": link.name, "care_of": wish.care_of, "code": answered.code, "took_s": round(took_s, 6)}
        if not answered.is_accepted:
            self._tell("registration_refused", **facts)
            if self.state == AddressMove.REGISTERING:
                self.state = AddressMove.AT_REST
                self._tell("handover_failed", status=answered.code)
            self._again_at = now + AGAIN_AFTER_S
            return
        if not wish.lifetime_s:
            self._tell("deregistered", **facts)
            return
        self._tell("registered", lifetime_s=answered.lifetime_s, **facts)
        if not answered.kept_others:
            self._renew_at.clear()
        self._renew_at[link] = now - took_s + RENEW_AFTER * answered.lifetime_s  # RFC 5944 3.6.2.2
        if self.state == AddressMove.REGISTERING:
            self._moved(now, has_both=answered.kept_others)
        else:
            if self._link not in self._renew_at:
                self._swap(now)
            self._send_over_all()
        self._bind_next(now)

    def _moved(self, now: float, *, has_both: bool) -> None:
        """The new address is bound: what is sent follows, or goes over both for a while."""
        self._swap(now)
        if has_both and not self._binds_all:
            self._commands.append(CopyOnto(self._tunnel(self._other), (self._tunnel(self._link),)))
            self.state, self._let_go_at = AddressMove.COPYING, now + COPIES_S
            self._tell("copies", because=["simultaneous bindings"])
        else:
            self._send_over_all()
            self.state = AddressMove.AT_REST

    def _send_over_all(self) -> None:
        """By the link to be on; and where all addresses are bound, a copy by the other one."""
        new, old = self._tunnel(self._link), self._tunnel(self._other)
        self._send_by(self._link)
        if self._binds_all:
            onto = (old,) if self._other in self._renew_at else ()
            self._commands += [CopyOnto(old, ()), CopyOnto(new, onto)]

    def _let_go(self, now: float) -> None:
        """The old address is bound no longer (3.6.1.2); that is asked for over the new link."""
        self._end_copies()
        self._renew_at.pop(self._other, None)
        self._tell("deregistering", link=self._other.name)
        self._asked_over = self._link
        self._registering.ask(Wish(self._other.address, 0, True, self._link.address), now=now)

    def _end_copies(self) -> None:
        self._let_go_at = None
        self.state = AddressMove.AT_REST
        self._commands += [
            SendBy(self._home, self._tunnel(self._link)), CopyOnto(self._tunnel(self._other), ()),
        ]  # fmt: skip
        self._tell("copies_end")

    # -- where tunnels end: with a co-located care-of address, at the node itself -------------------------------------

    def _own_address(self) -> list[Command]:
        """What there has to be for the home address."""
        tunnels = [
            SetTunnel(self._tunnel(one), one.address, self._registering.agent) for one in (self._link, self._other)
        ]
        return [*tunnels, OwnAddress(self._home, self._tunnel(self._link), self.is_for_programs)]

    def _can_ask(self, link: Link) -> bool:
        """Whether its care-of address can be asked for."""
        return link.is_usable

    def _wish(self, link: Link, *, keeps_others: bool) -> Wish:
        """What is asked for over a link."""
        return Wish(link.address, LIFETIME_S, keeps_others, link.address)

    def _send_by(self, link: Link) -> None:
        """What the node sends leaves by this link."""
        self._commands.append(SendBy(self._home, self._tunnel(link)))

    @staticmethod
    def _tunnel(link: Link) -> str:
        return f"{TUNNELS}{link.name}"
