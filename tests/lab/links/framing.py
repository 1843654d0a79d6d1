"""Frames as packet sockets hand them over, made by hand."""

from __future__ import annotations

import ipaddress
import struct

from testbed.lab.links.frames import ETHERNET_BYTES, NEEDS_SUM, internet_sum

IP4_HEADER_BYTES, UDP_HEADER_BYTES = 20, 8
A, B, A6, B6 = "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"


def udp_frame(payload: bytes, *, port: int = 5000, is_open: bool = False, ip6: bool = False) -> bytes:
    """A datagram with right checksums; `is_open`: UDP's is still to be made by the kernel."""
    source, target = (ipaddress.ip_address(one).packed for one in ((A6, B6) if ip6 else (A, B)))
    length = UDP_HEADER_BYTES + len(payload)
    pseudo = source + target + struct.pack(">HH", 17, length)
    datagram = struct.pack(">HHHH", port, 6000, length, 0) + payload
    told = internet_sum(pseudo) if is_open else internet_sum(pseudo + datagram) ^ 0xFFFF or 0xFFFF
    datagram = datagram[:6] + told.to_bytes(2) + datagram[8:]
    if ip6:
        header, kind = struct.pack(">IHBB", 6 << 28, length, 17, 64) + source + target, b"\x86\xdd"
    else:
        header, kind = ip4_header(length, source + target), b"\x08\x00"
    vnet = struct.pack("<BBHHHH", NEEDS_SUM, 0, 0, 0, ETHERNET_BYTES + len(header), 6) if is_open else bytes(10)
    return vnet + b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + kind + header + datagram


def ip4_header(length: int, addresses: bytes) -> bytes:
    """One for so many bytes of UDP behind it."""
    header = struct.pack(">BBHHHBBH", 0x45, 0, IP4_HEADER_BYTES + length, 7, 0x4000, 64, 17, 0) + addresses
    return header[:10] + (internet_sum(header) ^ 0xFFFF).to_bytes(2) + header[12:]
