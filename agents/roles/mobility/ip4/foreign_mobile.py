"""What keeps a mobile node's home address by way of foreign agents (RFC 5944 2.4, 3.6), below a phone.

On a foreign link it has no other address than that: the agent on it is its router, takes what comes for it out of the
tunnel, and hands it over by its link-layer address. Who that is it hears by advertisements. One that is not heard of
for its lifetime is lost, and the link with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.mip.agent_messages import ADVERTISEMENT
from agents.mip.mip_messages import ReplyCode
from agents.roles.kernel_orders import OwnAddress, ReachRouter, SendByRouter, SetLogical
from agents.roles.mn.triggers.events import AgentHeard, AgentLost
from agents.roles.mobility.ip4.agent_discovery import AgentDiscovery, AgentNews
from agents.roles.mobility.mobile import LIFETIME_S, MobileSystem
from agents.roles.mobility.registers import Wish
from agents.roles.role import HearLinks

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link
    from agents.roles.mn.triggers.decision import Verdict
    from agents.roles.mobility.registers import RegistrationAnswered
    from agents.roles.role import Command

# It is there whatever link is used, and nothing leaves by it.
INTERFACE = "mn-logical"
# Of an Ethernet, less the header of the tunnel that begins at the agent (RFC 2003): nobody else says so.
MTU = 1480


class ForeignMobileSystem(MobileSystem):
    """A role. `config` says nothing of agents: they are found."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config, random)
        links = (self._link, self._other)
        self._discovery = AgentDiscovery(self._home, {one.name: one.interface for one in links}, random)
        self._registering.has_address(self._home)
        self._commands.append(HearLinks(tuple(one.interface for one in links), (ADVERTISEMENT,)))

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """Beside what others hear, an advertisement."""
        if report["report"] != "link":
            super().receive_report(report, now=now)
            return
        packet = report["packet"]
        news = self._discovery.receive(packet, now=now)
        for reason in self._discovery.doubted:
            self._tell("discarded", reason=reason, remote=packet.source)
        self._discovery.doubted.clear()
        if news is not None:
            self._agent_told(*news, now)

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        if link.is_usable:
            self._discovery.link_up(link.name, now=now)
        else:
            self._discovery.link_down(link.name)
        self._way_told(link, now, is_news=bool(news))
        self._ask_around()

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (super().get_timer(), self._discovery.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for link, news in self._discovery.handle_timer(now=now):
            self._agent_told(link, news, now)
        self._ask_around()
        super().handle_timer(now=now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _agent_told(self, name: str, news: AgentNews, now: float) -> None:
        """An agent is there, or not any more; one that has begun anew has forgotten us (2.4.4)."""
        link, agent = self._links[name], self._discovery.agent(name)
        if agent is None:
            self._tell(news, link=name)
            self._decision.take(AgentLost(name), now=now)
        else:
            self._tell(news, link=name, agent=agent.address, care_of=agent.care_of, sequence=agent.sequence)
            self._decision.take(AgentHeard(name), now=now)
            self._commands.append(ReachRouter(self._home, agent.address, link.interface, agent.link_layer))
        wish = self._registering.wish
        if agent is not None and wish is not None and self._asked_over is link:
            if (wish.relay, wish.care_of) != (agent.address, agent.care_of):
                self._ask(link, now, keeps_others=wish.keeps_others)
        elif agent is not None and link is self._link and link in self._renew_at:
            self._bind(link, now)
        else:
            self._way_told(link, now, is_news=True)
        self._consider(now)

    def _move(self, verdict: Verdict, now: float) -> None:
        """Where nobody is on the other link yet, that one is not waited for as long as this one works."""
        if not self._can_ask(self._link) or self._can_ask(self._other) or not self._other.is_usable:
            super()._move(verdict, now)

    def _ask_around(self) -> None:
        self._commands += self._discovery.packets
        self._discovery.packets.clear()

    def _take(self, answered: RegistrationAnswered, now: float) -> None:
        """What is asked for too long is asked for again, for no longer than is granted (3.6.2.3)."""
        wish = answered.wish
        is_too_long = answered.code == ReplyCode.LIFETIME_TOO_LONG and 0 < answered.lifetime_s < wish.lifetime_s
        if not is_too_long:
            super()._take(answered, now)
            return
        self._discovery.limit(self._asked_over.name, answered.lifetime_s)
        self._ask(self._asked_over, now, keeps_others=wish.keeps_others)

    # -- what follows from where tunnels end: at the agent ------------------------------------------------------------

    def _own_address(self) -> list[Command]:
        return [SetLogical(INTERFACE), OwnAddress(self._home, INTERFACE)]

    def _can_ask(self, link: Link) -> bool:
        return link.is_usable and self._discovery.agent(link.name) is not None

    def _wish(self, link: Link, *, keeps_others: bool) -> Wish:
        agent = self._discovery.agent(link.name)
        if agent is None:
            raise ValueError(f"no agent on {link.name}")
        return Wish(agent.care_of, min(LIFETIME_S, agent.longest_s), keeps_others, self._home, relay=agent.address)

    def _send_by(self, link: Link) -> None:
        agent = self._discovery.agent(link.name)
        if agent is not None:
            self._commands.append(SendByRouter(self._home, agent.address, link.interface, MTU))
