"""What a mobile node knows of foreign agents on its links (RFC 5944 2.4): by their advertisements, asked for or not.

An agent is the link's while its lifetime lasts; who advertises beside it is taken when it is lost. So a stranger who
says that he is an agent gets nobody who has one. Not done: the second method of move detection (2.4.2.2), for the same
reason, and because nothing is on one of our links and then on another network's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.mip.agent_messages import (
    AFTER_ROLLOVER,
    ALL_AGENTS,
    ON_LINK_HOPS,
    AgentAdvertisement,
    AgentFlag,
    AgentSolicitation,
    read_agent_message,
)
from agents.mip.mip_messages import MipParseError
from agents.roles.role import LinkPacket

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterable
    from random import Random

# 2.4: three at once a second, then after twice as long each time; and each a little earlier or later.
SOLICITED_OFTEN, FIRST_INTERVAL_S, LONGEST_INTERVAL_S, SPREAD = 3, 1.0, 60.0, 0.1
# As many as anybody needs: whoever advertises in more names does not fill us up.
MOST_AGENTS = 4
# The least between two registrations (2.4.2), whatever an agent says.
BETWEEN_S = 1.0
_GROUP = bytes((0x01, 0x00, 0x5E, 0x00, 0x00, 0x0B))
_NEEDED = AgentFlag.FOREIGN_AGENT | AgentFlag.REVERSE_TUNNEL


class AgentNews(StrEnum):
    """There is an agent on a link; it is another one, or has begun anew; it has been lost."""

    HEARD = "agent_heard"
    ANEW = "agent_anew"
    LOST = "agent_lost"


class KnownAgent(NamedTuple):
    """A foreign agent: where it is, what it offers, the number of its last advertisement, and when that is over."""

    address: str
    link_layer: bytes
    care_of: str
    longest_s: int
    network: ipaddress.IPv4Network | None
    sequence: int
    ends: float

    @property
    def place(self) -> tuple[str, str, object]:
        """What it cannot change without being another one."""
        return self.address, self.care_of, self.network


class _Search:
    """On one link: the agents that are there, the one that counts first; and what is done to find one."""

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self.is_up = False
        self.agents: list[KnownAgent] = []
        self.asked = 0
        self.ask_at: float | None = None
        self.anew_from = 0.0


class AgentDiscovery:
    """On all links, by their names. What it wants to be sent is in `packets`, why it did not believe in `doubted`."""

    def __init__(self, home: str, interfaces: dict[str, str], random: Random) -> None:
        self._home, self._random = home, random
        self._searches = {link: _Search(interface) for link, interface in interfaces.items()}
        self.packets: list[LinkPacket] = []
        self.doubted: list[str] = []

    def agent(self, link: str) -> KnownAgent | None:
        """The one to register with, if there is one."""
        agents = self._searches[link].agents
        return agents[0] if agents else None

    def link_up(self, link: str, *, now: float) -> None:
        """It is asked at once who is there: a link that comes up is a positive sign of a new place."""
        search = self._searches[link]
        if not search.is_up:
            search.is_up, search.agents = True, []
            self._begin(search, now)

    def link_down(self, link: str) -> None:
        """Nobody is there any more."""
        search = self._searches[link]
        search.is_up, search.ask_at, search.agents = False, None, []

    def limit(self, link: str, longest_s: int) -> None:
        """The agent says that it grants no more than this (3.6.2.3, code 69)."""
        agents = self._searches[link].agents
        agents[:1] = [agents[0]._replace(longest_s=longest_s)] if agents else []

    def receive(self, packet: LinkPacket, *, now: float) -> tuple[str, AgentNews] | None:
        """An advertisement; returns what is new on which link, if anything."""
        found = next(((name, one) for name, one in self._searches.items() if one.interface == packet.interface), None)
        if found is None or not found[1].is_up:
            return None
        try:
            said = read_agent_message(packet.data)
        except MipParseError as error:
            self.doubted.append(str(error))
            return None
        if not isinstance(said, AgentAdvertisement):
            return None
        news = self._take(found[1], packet, said, now)
        return None if news is None else (found[0], news)

    def get_timer(self) -> float | None:
        """When an agent's lifetime ends, or it is to be asked again."""
        ends = [one.ends for search in self._searches.values() for one in search.agents]
        asks = [search.ask_at for search in self._searches.values() if search.ask_at is not None]
        return min((*ends, *asks), default=None)

    def handle_timer(self, *, now: float) -> Iterable[tuple[str, AgentNews]]:
        """Asks where it is time to; returns what is new on links whose agent's lifetime is over (2.4.2.1)."""
        news = []
        for link, search in self._searches.items():
            known = search.agents[:1]
            search.agents = [one for one in search.agents if now < one.ends]
            if known and known != search.agents[:1]:
                news.append((link, AgentNews.ANEW if search.agents else AgentNews.LOST))
                if not search.agents:
                    self._begin(search, now)
            if search.ask_at is not None and now >= search.ask_at:
                self._ask(search, now)
        return news

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take(self, search: _Search, packet: LinkPacket, said: AgentAdvertisement, now: float) -> AgentNews | None:
        if why := self._wrong(search, packet, said):
            self.doubted.append(why)
            return None
        heard = KnownAgent(
            packet.source, packet.link_layer, said.care_of[0], said.longest_s, said.network, said.sequence,
            now + said.lifetime_s,
        )  # fmt: skip
        place = next((at for at, one in enumerate(search.agents) if one.address == heard.address), None)
        if place is None:
            if said.flags & AgentFlag.BUSY or not said.lifetime_s or len(search.agents) >= MOST_AGENTS:
                return None
            search.agents.append(heard)
            search.ask_at = None
            return AgentNews.HEARD if len(search.agents) == 1 else None
        before, search.agents[place] = search.agents[place], heard
        has_begun = heard.sequence < min(before.sequence, AFTER_ROLLOVER)  # 2.4.4
        if place or not (has_begun or heard.place != before.place):
            return None
        if now < search.anew_from:  # its next advertisement is news
            search.agents[place] = before._replace(ends=heard.ends)
            return None
        search.anew_from = now + BETWEEN_S
        return AgentNews.ANEW

    @staticmethod
    def _wrong(search: _Search, packet: LinkPacket, said: AgentAdvertisement) -> str:
        """Why an advertisement is none of an agent that is of use to us; nothing where it is."""
        if packet.hops != ON_LINK_HOPS:
            return f"an advertisement with {packet.hops} hops"
        if said.flags & _NEEDED != _NEEDED:
            return "no foreign agent with reverse tunnels"
        known = next((one for one in search.agents if one.address == packet.source), None)
        if known is not None and known.link_layer != packet.link_layer:
            return "an agent's address at another link-layer address, while that agent's lifetime lasts"
        return ""

    def _begin(self, search: _Search, now: float) -> None:
        search.asked, search.ask_at = 0, now
        self._ask(search, now)

    def _ask(self, search: _Search, now: float) -> None:
        asks = LinkPacket(search.interface, _GROUP, self._home, ALL_AGENTS, ON_LINK_HOPS, AgentSolicitation().packed())
        self.packets.append(asks)
        search.asked += 1
        doubled = FIRST_INTERVAL_S * 2 ** max(0, search.asked - SOLICITED_OFTEN + 1)
        search.ask_at = now + min(doubled, LONGEST_INTERVAL_S) * (1 + self._random.uniform(0, SPREAD))
