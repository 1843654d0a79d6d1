"""Agent advertisements and solicitations of Mobile IPv4 (RFC 5944 2.1, 2.2): ICMP router discovery, and an extension.

An ICMP router advertisement without that extension is one of a router that is no agent. Checksums are the business of
whoever sends and hears.
"""

from __future__ import annotations

import ipaddress
import struct
from enum import IntFlag
from typing import TYPE_CHECKING, NamedTuple

from agents.mip.mip_messages import MipParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

ICMP = 1
#: All systems on a link, which hear advertisements; and all mobility agents, which hear solicitations (2.1, 2.3).
ALL_SYSTEMS, ALL_AGENTS = "224.0.0.1", "224.0.0.11"
#: Of both: no router may pass them on (2.1, 2.2).
ON_LINK_HOPS = 1
ADVERTISEMENT, SOLICITATION = 9, 10
#: The number that follows 0xffff: those below it are of an agent that began anew (2.3.2).
AFTER_ROLLOVER = 256

# RFC 1256 3: type, code, checksum; number of addresses, how many words each takes, lifetime; address and preference.
_HEADER, _ABOUT, _ROUTER = struct.Struct("!BBH"), struct.Struct("!BBH"), struct.Struct("!4si")
_ROUTER_WORDS = 2
_SOLICITATION_BYTES = 8
# Codes of an agent that routes for everybody, and of one that does not.
_CODES = (0, 16)
_PADDING, _AGENT, _PREFIXES = 0, 16, 19
_AGENT_FIELDS = struct.Struct("!HHH")
_ADDRESS_BYTES = 4


class AgentFlag(IntFlag):
    """What an agent offers (2.1.1)."""

    REGISTRATION_REQUIRED = 0x8000
    BUSY = 0x4000
    HOME_AGENT = 0x2000
    FOREIGN_AGENT = 0x1000
    REVERSE_TUNNEL = 0x0100


class AgentAdvertisement(NamedTuple):
    """An agent is on this link, for `lifetime_s` if nothing more is heard of it; its number `sequence` so far.

    `routers` are its addresses there, each with the length of its prefix in `prefixes`, or none has one. It grants
    `longest_s` at most, 0xffff: for ever. Reserved flags are kept, and mean nothing (2.4).
    """

    sequence: int
    lifetime_s: int
    longest_s: int
    flags: AgentFlag
    care_of: tuple[str, ...]
    routers: tuple[str, ...] = ()
    prefixes: tuple[int, ...] = ()

    @property
    def network(self) -> ipaddress.IPv4Network | None:
        """The network of its first address; None where that is not said."""
        if not self.routers or not self.prefixes:
            return None
        return ipaddress.IPv4Network((self.routers[0], self.prefixes[0]), strict=False)

    def packed(self) -> bytes:
        """Its bytes, without the checksum."""
        routers = b"".join(_ROUTER.pack(_packed(one), 0) for one in self.routers)
        care_of = b"".join(map(_packed, self.care_of))
        fields = _AGENT_FIELDS.pack(self.sequence, self.longest_s, self.flags) + care_of
        data = _ABOUT.pack(len(self.routers), _ROUTER_WORDS, self.lifetime_s) + routers
        data += bytes((_AGENT, len(fields))) + fields
        if self.prefixes:
            data += bytes((_PREFIXES, len(self.prefixes), *self.prefixes))
        return (
            _HEADER.pack(ADVERTISEMENT, 0, 0) + data + bytes(len(data) % 2)
        )  # a byte of padding makes it even (2.1.3)


class AgentSolicitation(NamedTuple):
    """Who is there?"""

    def packed(self) -> bytes:
        """Its bytes, without the checksum."""
        return _HEADER.pack(SOLICITATION, 0, 0) + bytes(4)


def read_agent_message(data: bytes) -> AgentAdvertisement | AgentSolicitation | None:
    """What an ICMP message says; None where it is neither, or of a router that is no agent. Raises MipParseError."""
    if len(data) < _SOLICITATION_BYTES:
        raise MipParseError(f"{len(data)} bytes, and {_SOLICITATION_BYTES} are the least")
    kind, code, _ = _HEADER.unpack_from(data)
    if kind not in {ADVERTISEMENT, SOLICITATION}:
        return None
    if kind == SOLICITATION:
        if code:
            raise MipParseError(f"code {code} of a solicitation")
        return AgentSolicitation()
    if code not in _CODES:
        raise MipParseError(f"code {code} of an advertisement")
    return _advertisement(data)


def _advertisement(data: bytes) -> AgentAdvertisement | None:
    count, words, lifetime_s = _ABOUT.unpack_from(data, _HEADER.size)
    at = _HEADER.size + _ABOUT.size
    end = at + count * words * 4
    if count and words < _ROUTER_WORDS:
        raise MipParseError(f"addresses of {words} words")
    if end > len(data):
        raise MipParseError(f"no room for {count} addresses")
    routers = tuple(_text(data[place : place + _ADDRESS_BYTES]) for place in range(at, end, words * 4 or 1))
    extensions = dict(_extensions(data, end))
    agent, prefixes = extensions.get(_AGENT), extensions.get(_PREFIXES)
    if agent is None:
        return None
    if len(agent) < _AGENT_FIELDS.size or (len(agent) - _AGENT_FIELDS.size) % _ADDRESS_BYTES:
        raise MipParseError(f"an agent's extension of {len(agent)} bytes")
    sequence, longest_s, flags = _AGENT_FIELDS.unpack_from(agent)
    places = range(_AGENT_FIELDS.size, len(agent), _ADDRESS_BYTES)
    care_of = tuple(_text(agent[place : place + _ADDRESS_BYTES]) for place in places)
    found = AgentAdvertisement(sequence, lifetime_s, longest_s, AgentFlag(flags), care_of, routers)
    _check(found)
    if prefixes is None:
        return found
    if len(prefixes) != count or any(one > ipaddress.IPV4LENGTH for one in prefixes):
        raise MipParseError(f"prefix lengths {list(prefixes)} for {count} addresses")
    return found._replace(prefixes=tuple(prefixes))


def _check(found: AgentAdvertisement) -> None:
    """2.1.1: what an agent must not say."""
    if not found.flags & (AgentFlag.FOREIGN_AGENT | AgentFlag.HOME_AGENT):
        raise MipParseError("an agent that is none: neither F nor H")
    if found.flags & AgentFlag.FOREIGN_AGENT:
        if not found.care_of:
            raise MipParseError("a foreign agent without a care-of address")
    elif found.flags & (AgentFlag.BUSY | AgentFlag.REGISTRATION_REQUIRED):
        raise MipParseError("B or R without F")


def _extensions(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """All that stand behind the addresses; those that are not known are skipped, as their length says (1.8)."""
    while at < len(data):
        if data[at] == _PADDING:
            at += 1
            continue
        end = at + 2 + (data[at + 1] if at + 1 < len(data) else len(data))
        if end > len(data):
            raise MipParseError(f"extension {data[at]} is cut off")
        yield data[at], data[at + 2 : end]
        at = end


def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def _text(address: bytes) -> str:
    return str(ipaddress.IPv4Address(address))
