"""What a tap gives an attacker: words of calls, and packets to be sent again. Oracle: scapy makes the packets."""

from __future__ import annotations

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.rtp import RTP
from scapy.packet import Raw

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from testbed.lab.attack_plan import STRANGE_HOPS, Passing
from testbed.lab.processes.overheard import MOST_FIRST, MOST_NEWEST, Overheard

HOME, CN, HERE = "2001:db8::fe", "2001:db8::2", "2001:db8:1::2"


def datagram(number: int, *, hops: int = 64, port: int = 434) -> bytes:
    packet = IP(src="10.1.0.2", dst="10.10.0.2", ttl=hops) / UDP(sport=434, dport=port) / Raw(bytes((1, number)))
    return bytes(packet)


def wanted(**other: object) -> Passing:
    usual = {"source": "", "target": "10.10.0.2", "protocol": 17, "port": 434, "at": 8, "begins": "01",
             "which": "newest", "for_s": 0.0}  # fmt: skip
    return Passing(**{**usual, **other})  # type: ignore[typeddict-item]


def test_the_first_and_the_newest_of_many_are_found_and_memory_is_bounded() -> None:
    heard = Overheard()
    for number in range(MOST_FIRST + MOST_NEWEST + 10):
        heard.hear(datagram(number % 251))
    assert heard.find(wanted(which="first")).payload[9] == 0
    assert heard.find(wanted()).payload[9] == (MOST_FIRST + MOST_NEWEST + 9) % 251
    with pytest.raises(KeyError):
        heard.find(wanted(begins="02"))
    assert len(heard._first) + len(heard._newest) == MOST_FIRST + MOST_NEWEST


def test_who_listens_does_not_hear_himself() -> None:
    heard = Overheard()
    assert heard.hear(datagram(1, hops=STRANGE_HOPS - 2)) is None
    assert heard.hear(datagram(1)) is not None


@pytest.mark.parametrize("size", [0, 1, 19, 27])
def test_what_is_cut_off_is_no_words(size: int) -> None:
    heard = Overheard()
    heard.hear(datagram(1)[:size])
    assert heard.known == {}


def speech(sequence: int) -> bytes:
    """As a mobile node sends it that optimises its route."""
    option = IPv6ExtHdrDestOpt(options=[HAO(hoa=HOME)])
    udp = UDP(sport=20000, dport=30000) / RTP(payload_type=0, sequence=sequence, sourcesync=7) / Raw(bytes(160))
    return bytes(IPv6(src=HERE, dst=CN, hlim=64) / option / udp)


def test_a_stream_is_known_by_home_addresses_and_a_late_copy_does_not_take_it_back() -> None:
    heard = Overheard()
    for sequence in (65535, 0, 1, 65534):
        heard.hear(speech(sequence))
    numbers = {"ssrc": "7", "sequence": "1", "stamp": "0", "source": "20000", "target": "30000"}
    assert heard.known == {f"{HOME}>{CN}/{name}": value for name, value in numbers.items()}


def test_attributes_of_stun_are_known_in_hexadecimal() -> None:
    heard = Overheard()
    message = StunMessage(MessageClass.ERROR, Method.REFRESH, bytes(12), ((Attribute.NONCE, b"once"),))
    heard.hear(bytes(IP(src="10.10.0.2", dst="10.66.0.2") / UDP(sport=3478, dport=20000) / Raw(message.to_bytes())))
    assert heard.known == {"10.10.0.2>10.66.0.2/stun/0114/0015": b"once".hex()}
