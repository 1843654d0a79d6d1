"""Mobile IPv6 (RFC 6275): updates that are somebody else's, at home and at the correspondent, and his packets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.io.mobility_socket import home_address_header
from agents.mip6.binding_keys import HomeKey, binding_authenticator
from agents.mip6.fast_messages import FastBindingAcknowledgement, HandoverAcknowledge
from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingUpdate,
    CareOfTestInit,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import (
    AlternateCareOf,
    BindingAuthorization,
    MessageAuthentication,
    MobilityParseError,
    NonceIndices,
    ReplayProtection,
)
from agents.roles.mn.schemes import SCHEMES
from testbed.attacks.strange_parts import (
    DESTINATION_OPTIONS,
    IP6_IN_IP,
    MOBILITY,
    each,
    from_home,
    octets,
    once_more,
    stolen_binding,
    tunnelled,
)
from testbed.attacks.tried import AFAR, ATTACKER, FILTERED, IP6, NEIGHBOUR, NOISE_PACKETS, Sender, Tried
from testbed.measure.mobility.binding_exchanges import mobility_headers

if TYPE_CHECKING:
    from testbed.attacks.strange_evidence import StrangePacket
    from testbed.lab.attack_plan import Strange

PROTOCOL, AT_HOME, AT_CN = "Mobile IPv6", "home-agent", "binding-cache"
NAME = {IP6.home: "home", IP6.cn: "cn"}
SIX = AFAR._replace(ip=6)
GUESS = HomeKey(256, bytes(16))
A_AND_H = UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION
UNITS, MOST = 75, 10
FAILED, OLD_TIME, NO_NONCES, NUMBER = 146, 144, 138, 135
NOBODYS = "9999"


def calls(scheme: str) -> list[list[Tried]]:
    """At the correspondent where that takes part."""
    found = [*at_home(PROTOCOL), *tunnels(PROTOCOL)]
    return [[*found, *at_correspondent()], [by_tokens()]] if SCHEMES[scheme].optimises else [found]


def at_home(protocol: str) -> list[Tried]:
    """Would have the home address bound to the attacker's."""
    plain = BindingUpdate(40000, A_AND_H, UNITS, (AlternateCareOf(IP6.attacker),))
    stamp = ReplayProtection(1 << 63)
    signed = replace(plain, options=(*plain.options, stamp, MessageAuthentication(GUESS.spi)))
    guessed = packed(
        signed, MessageEnds(IP6.kept, IP6.home),
        lambda covered: GUESS.authenticator(IP6.attacker, IP6.kept, covered),
    )  # fmt: skip
    bare = packed(plain, MessageEnds(IP6.kept, IP6.home))
    heard = once_more("", IP6.home, DESTINATION_OPTIONS, newest=True)
    now = each("", IP6.home, DESTINATION_OPTIONS, for_s=3.5)
    return [
        update("update-unsigned", IP6.home, bare, None, "4285 5", "the address", AT_HOME, protocol),
        update("update-guessed", IP6.home, guessed, FAILED, "4285 5.1.1", "the address", AT_HOME, protocol),
        replace(
            update("update-at-once", IP6.home, b"", OLD_TIME, "4285 6", "sniffed", AT_HOME, protocol),
            parts=(now,), when="handover", times=MOST,
        ),
        replace(
            update("update-replayed", IP6.home, b"", OLD_TIME, "4285 6", "sniffed", AT_HOME, protocol),
            parts=(heard,), when="second link",
        ),
    ]  # fmt: skip


def at_correspondent() -> list[Tried]:
    """Without return routability: with made-up nonces, for a victim, and by what was overheard."""
    ends = MessageEnds(IP6.kept, IP6.cn)

    def guess(care_of: str) -> bytes:
        options = (AlternateCareOf(care_of), NonceIndices(0, 0), BindingAuthorization())
        made = BindingUpdate(40000, UpdateFlag.ACKNOWLEDGE, UNITS, options)
        return packed(made, ends, lambda covered: binding_authenticator(bytes(20), care_of, IP6.cn, covered))

    heard = once_more("", IP6.cn, DESTINATION_OPTIONS, at=24, begins=b"\x3b", newest=True)
    up, option = f"{IP6.kept}>{IP6.cn}", from_home(IP6.kept)
    far, near = Sender(ATTACKER, IP6.mn, 6), Sender(NEIGHBOUR, IP6.mn, 6)
    return [
        update("update-cn", IP6.cn, guess(IP6.attacker), NO_NONCES, "6275 9.5.1", "the address", AT_CN, PROTOCOL),
        update("update-cn-victim", IP6.cn, guess(IP6.home), NO_NONCES, "6275 9.5.1", "the address", AT_CN, PROTOCOL),
        replace(
            update("update-cn-replayed", IP6.cn, b"", None, "6275 9.5.1", "sniffed", AT_CN, PROTOCOL),
            parts=(heard,), when="second link",
        ),
        # To a port of nobody's: had the correspondent's system taken it, it would say so by ICMP.
        replace(speech("option-cn", up, IP6.cn, SIX, None, "6275 9.3.1", option, PROTOCOL), port=NOBODYS),
        speech("option-cn-forged", up, IP6.cn, far, None, FILTERED, option, PROTOCOL),
        replace(speech("option-cn-wifi", up, IP6.cn, near, None, "3550 9.2", option, PROTOCOL), effect="heard"),
    ]  # fmt: skip


def by_tokens() -> Tried:
    """Who hears the home address's token, between home agent and correspondent, asks for one of his own (15.4.2)."""
    ends = MessageEnds(IP6.attacker, IP6.cn)
    asked = octets(packed(CareOfTestInit(bytes(8)), ends), MOBILITY)
    stolen = stolen_binding(IP6.kept, IP6.attacker, IP6.cn)
    return Tried(
        "update-cn-tokens", IP6.cn, 0, "6275 15.4.2", sender=SIX, parts=(asked, stolen), asks_first=True,
        protocol=PROTOCOL, effect="moved",
    )  # fmt: skip


def tunnels(protocol: str) -> list[Tried]:
    """Speech of his in the MN's name, by way of the home agent, and to the MN in the correspondent's."""
    up, down = f"{IP6.kept}>{IP6.cn}", f"{IP6.cn}>{IP6.kept}"
    out, back = tunnelled(IP6_IN_IP, IP6.kept, IP6.cn), tunnelled(IP6_IN_IP, IP6.cn, IP6.kept)
    return [
        speech("tunnel-home", up, IP6.home, SIX, "ICMP", "6275 10.4.5", out, protocol),
        speech("tunnel-home-forged", up, IP6.home, Sender(ATTACKER, IP6.mn, 6), None, FILTERED, out, protocol),
        speech("tunnel-mn", down, IP6.mn, SIX, "ICMP", "6275 11.3.3", back, protocol),
        replace(
            speech("tunnel-home-wifi", up, IP6.home, Sender(NEIGHBOUR, IP6.mn, 6), None, "3550 9.2", out, protocol),
            effect="heard",
        ),
        replace(
            speech("tunnel-mn-wifi", down, IP6.mn, Sender(NEIGHBOUR, IP6.home, 6), None, "3550 9.2", back, protocol),
            effect="heard",
        ),
    ]


def update(
    name: str, to: str, data: bytes, answer: int | None, rfc: str, known: str, agent: str, protocol: str
) -> Tried:  # fmt: skip
    """A mobility header that says that it is of the home address."""
    return Tried(
        name, to, answer, rfc, known=known, sender=SIX, parts=(of_home(data, IP6.kept),), protocol=protocol, agent=agent
    )


def of_home(data: bytes, home: str) -> Strange:
    """A mobility header behind a home address option."""
    return octets(bytes((MOBILITY,)) + home_address_header(home)[1:] + data, DESTINATION_OPTIONS)


def speech(
    name: str, stream: str, to: str, sender: Sender, answer: str | None, rfc: str, part: Strange, protocol: str
) -> Tried:  # fmt: skip
    """Speech of his in a stream, in whatever it is in."""
    return Tried(
        name, to, answer, rfc, sender=sender, source_port=f"{{{stream}/source}}", port=f"{{{stream}/target}}",
        speech=stream, parts=(part,), times=NOISE_PACKETS, protocol=protocol,
    )  # fmt: skip


def status_of(packet: StrangePacket) -> int | None:
    """The status of an acknowledgement (RFC 6275 6.1.8; RFC 5568 6.2.1.2, 6.2.3)."""
    for _, _, data in mobility_headers(packet.data):
        try:
            message = parsed(data, None).message
        except MobilityParseError:
            continue
        if isinstance(message, BindingAcknowledgement | FastBindingAcknowledgement):
            return message.status
        if isinstance(message, HandoverAcknowledge):
            return message.code
    return None
