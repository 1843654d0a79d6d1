"""Frames as packet sockets hand them over, with what the kernel knows of their checksums in front (PACKET_VNET_HDR)."""

import socket

# linux/virtio_net.h, linux/if_ether.h.
VNET_HEADER_BYTES, ETHERNET_BYTES = 10, 14
IP_AT = VNET_HEADER_BYTES + ETHERNET_BYTES
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"
# VIRTIO_NET_HDR_F_NEEDS_CSUM: the sum is still to be made.
NEEDS_SUM = 1
IP6_HEADER_BYTES = 40
WITH_PORTS = (socket.IPPROTO_TCP, socket.IPPROTO_UDP)


def type_of(frame: bytes) -> bytes:
    """The two bytes that say what is in it."""
    return frame[IP_AT - 2 : IP_AT]


def is_ip(frame: bytes) -> bool:
    """Whether it holds an IP packet."""
    return type_of(frame) in {IPV4, IPV6}


def is_large(frame: bytes) -> bool:
    """Whether it is several segments of TCP's in one, which the kernel cuts only where it has to."""
    return frame[1] != 0


def flow_of(frame: bytes) -> bytes:
    """Protocol, addresses and ports as one; what is no IP packet is one flow, and so are pieces between two hosts."""
    packet = frame[IP_AT:]
    if type_of(frame) == IPV4:
        ports_at, protocol, addresses = (packet[0] & 0xF) * 4, packet[9], packet[12:20]
        is_piece = int.from_bytes(packet[6:8]) & 0x3FFF != 0
    elif type_of(frame) == IPV6:
        ports_at, protocol, addresses, is_piece = IP6_HEADER_BYTES, packet[6], packet[8:40], False
    else:
        return b""
    ports = packet[ports_at : ports_at + 4] if protocol in WITH_PORTS and not is_piece else b""
    return bytes([protocol]) + addresses + ports


def with_bit_error(frame: bytes, drawn: int) -> bytes:
    """The same with one bit of its IP packet the other way round, the one that a large random number chooses.

    The sum that the kernel would have made later, or not at all between two programs of one machine, is made before:
    so whoever receives it sees that it is wrong.
    """
    damaged = bytearray(summed(frame))
    bit = drawn % ((len(frame) - IP_AT) * 8)
    damaged[IP_AT + bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def summed(frame: bytes) -> bytes:
    """The same with its checksum made (RFC 1071), and nothing left for the kernel to know."""
    made = bytearray(frame)
    if frame[0] & NEEDS_SUM:
        start, offset = (int.from_bytes(frame[at : at + 2], "little") for at in (6, 8))
        begin = VNET_HEADER_BYTES + start
        # No sum is sent as 0, which says that there is none.
        total = internet_sum(frame[begin:]) ^ 0xFFFF or 0xFFFF
        made[begin + offset : begin + offset + 2] = total.to_bytes(2)
    made[:VNET_HEADER_BYTES] = bytes(VNET_HEADER_BYTES)
    return bytes(made)


def internet_sum(data: bytes) -> int:
    """The ones' complement sum of its 16-bit words (RFC 1071)."""
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0")) for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
