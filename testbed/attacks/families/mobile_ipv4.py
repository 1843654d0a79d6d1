"""Mobile IPv4 (RFC 5944): registrations that are somebody else's, and packets in tunnels that are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.mip.mip_messages import PORT, Flag, Key, MipParseError, RegistrationRequest, parse_reply
from agents.roles.mn.schemes import SCHEMES
from testbed.attacks.strange_evidence import REFUSAL
from testbed.attacks.strange_parts import IP_IN_IP, each, octets, once_more, tunnelled
from testbed.attacks.tried import AFAR, ATTACKER, FILTERED, IP4, NEIGHBOUR, NOISE_PACKETS, Sender, Tried

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL, AGENT = "Mobile IPv4", "home-agent"
GUESS = Key(256, bytes(16))
MOST = 10
NOBODY = "10.10.0.77"
REFUSED_KEY, REFUSED_TIME = 131, 133
UP, DOWN = f"{IP4.kept}>{IP4.cn}", f"{IP4.cn}>{IP4.kept}"
UNSIGNED, AUTHENTICATION, REPLAY, TUNNEL = "5944 3.8.2.1", "5944 3.8.2.1", "5944 5.7.1", "3024 4.3.2"


def calls(scheme: str) -> list[list[Tried]]:
    """A binding is asked for in one way, however many there may be; where all are always there, none as it moves."""
    moves = (SCHEMES[scheme].below or {})["bindings"] != "all"
    return [[*registrations(PROTOCOL, moves=moves), *tunnels(PROTOCOL), *by_wifi(PROTOCOL)]]


def registrations(protocol: str, *, moves: bool) -> list[Tried]:
    """Would have the home address bound to the attacker's; some of them when the node's own passes, if it `moves`."""
    wanted = RegistrationRequest(Flag(0x22), 300, IP4.kept, IP4.home, IP4.attacker, 1 << 63)
    unsigned = wanted.signed(GUESS)[:24]

    def request(name: str, part: Strange, answer: int | None, rfc: str, known: str) -> Tried:
        return Tried(
            name, IP4.home, answer, rfc, known=known, source_port=str(PORT), port=str(PORT), parts=(part,),
            protocol=protocol, agent=AGENT,
        )  # fmt: skip

    heard, passing = once_more("", IP4.home, port=PORT, newest=True), each("", IP4.home, port=PORT, for_s=3.5)
    # The home agent takes one for the mobile node's own that asks again, and does nothing more; not one that ends it.
    at_once = replace(
        request("register-at-once", passing, 0, REPLAY, "sniffed"), agent="", when="handover", times=MOST,
        or_else=frozenset({REFUSED_TIME}),
    )  # fmt: skip
    return [
        request("register-unsigned", octets(unsigned), None, UNSIGNED, "the address"),
        request("register-unknown", octets(wanted._replace(home=NOBODY).signed(GUESS)), None, UNSIGNED, "guessed"),
        request("register-guessed", octets(wanted.signed(GUESS)), REFUSED_KEY, AUTHENTICATION, "the address"),
        *([at_once] if moves else []),
        replace(request("register-replayed", heard, REFUSED_TIME, REPLAY, "sniffed"), when="second link"),
    ]


def tunnels(protocol: str) -> list[Tried]:
    """Speech of his in the MN's name, by way of the home agent, and to the MN in the correspondent's."""
    return [
        tunnel("tunnel-home", UP, IP4.home, AFAR, TUNNEL, protocol),
        tunnel("tunnel-home-forged", UP, IP4.home, Sender(ATTACKER, IP4.mn), FILTERED, protocol),
        tunnel("tunnel-mn", DOWN, IP4.mn, AFAR, TUNNEL, protocol),
    ]


def by_wifi(protocol: str) -> list[Tried]:
    """The same from the MN's own network, where its tunnel begins."""
    return [
        replace(tunnel("tunnel-home-wifi", UP, IP4.home, Sender(NEIGHBOUR, IP4.mn), "3550 9.2", protocol),
                effect="heard"),
        replace(tunnel("tunnel-mn-wifi", DOWN, IP4.mn, Sender(NEIGHBOUR, IP4.home), "3550 9.2", protocol),
                effect="heard"),
    ]  # fmt: skip


def tunnel(name: str, stream: str, to: str, sender: Sender, rfc: str, protocol: str) -> Tried:
    """Speech of his in a tunnel, which has to be refused where an RFC says so."""
    source, _, target = stream.partition(">")
    return Tried(
        name, to, REFUSAL if rfc == TUNNEL else None, rfc, sender=sender, source_port=f"{{{stream}/source}}",
        port=f"{{{stream}/target}}", speech=stream, parts=(tunnelled(IP_IN_IP, source, target),), times=NOISE_PACKETS,
        protocol=protocol,
    )  # fmt: skip


def status_of(packet: StrangePacket) -> int | None:
    """The code of a reply (3.4)."""
    try:
        reply, _ = parse_reply(packet.datagram(PORT))
    except MipParseError:
        return None
    return reply.code
