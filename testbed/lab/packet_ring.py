"""Captures at one interface: a ring that the kernel fills (packet(7), TPACKET_V3), and a file of libpcap's.

The kernel hands packets over in blocks, a block that is not full after `RETIRE_MS`. Stamps are in nanoseconds.
"""

import contextlib
import fcntl
import mmap
import os
import socket
import struct
import zlib
from pathlib import Path

from testbed.lab.spaces import Space, entered

# linux/if_packet.h, linux/if_ether.h, linux/sockios.h; Python's socket module does not name them.
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 263, 1, 5, 6, 10
TPACKET_V3, PACKET_MR_PROMISC, ETH_P_ALL = 2, 1, 3
SIOCGIFHWADDR, SIOCGIFINDEX, NAME_BYTES = 0x8927, 0x8933, 16
TP_STATUS_KERNEL, TP_STATUS_USER = 0, 1
# tpacket_req3; packet_mreq; tpacket_stats_v3.
REQUEST, MEMBERSHIP, STATISTICS = struct.Struct("7I"), struct.Struct("iHH8s"), struct.Struct("3I")
# Of tpacket_block_desc: how many packets, and where the first one is; its status is before them.
BLOCK, STATUS, STATUS_AT = struct.Struct("12x2I"), struct.Struct("I"), 8
# Of tpacket3_hdr: where the next one is, seconds, nanoseconds, captured bytes, bytes, and where they begin.
HEADER = struct.Struct("=5I4xH")
BLOCK_BYTES, BLOCKS = 1 << 18, 16
FRAME_BYTES = 2048  # has to divide a block; packets may be longer
RETIRE_MS = 1000
# Files (draft-ietf-opsawg-pcap): nanoseconds, version 2.4, as many bytes of a packet as there are.
FILE_HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<4I")
MAGIC_NS, LARGEST = 0xA1B23C4D, 262144
# Of what the kernel calls an interface's kind (linux/if_arp.h), what a file calls it (LINKTYPE_…).
LINK_TYPES = {1: 1, 772: 1, 801: 105, 803: 127, 65534: 101}


class Ring:
    """A capture at one interface, from when it is made; `fill_file` has to be called as blocks come."""

    def __init__(self, name: str, node: Space | None, path: Path) -> None:
        """At the interface `name` of a node, or of this process's own network; raises OSError."""
        self.name = name
        if node is None:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        else:
            with entered(node):
                self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        frames = BLOCK_BYTES // FRAME_BYTES * BLOCKS
        request = REQUEST.pack(BLOCK_BYTES, BLOCKS, FRAME_BYTES, frames, RETIRE_MS, 0, 0)
        self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        self._socket.bind((name, ETH_P_ALL))
        everything = MEMBERSHIP.pack(self._asked(SIOCGIFINDEX, "i"), PACKET_MR_PROMISC, 0, b"")
        self._socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, everything)
        self._file = path.open("wb")
        self.crc = 0
        """CRC-32 of what the file should hold: the disk below a guest may have kept something else."""
        self._write(FILE_HEADER.pack(MAGIC_NS, 2, 4, 0, 0, LARGEST, LINK_TYPES[self._asked(SIOCGIFHWADDR, "H")]))
        self._file.flush()
        self._map: mmap.mmap | None = None
        self._next = 0

    def fileno(self) -> int:
        """The descriptor to wait on for a block."""
        return self._socket.fileno()

    def fill_file(self) -> None:
        """Writes down all the blocks that the kernel has handed over; raises OSError where they can't be kept."""
        if self._map is None:
            # Only in the process that reads it: one that has a ring mapped must not fork.
            self._map = mmap.mmap(self._socket.fileno(), BLOCK_BYTES * BLOCKS)
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # that it was down for a while
        ring = self._map
        while STATUS.unpack_from(ring, (start := self._next * BLOCK_BYTES) + STATUS_AT)[0] & TP_STATUS_USER:
            self._write(b"".join(records(ring, start)))
            STATUS.pack_into(ring, start + STATUS_AT, TP_STATUS_KERNEL)
            self._next = (self._next + 1) % BLOCKS
        self._file.flush()
        # To the disk now, not in half a minute: how much room there is can be seen, and no memory is taken by it.
        os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def try_to_fill_file(self) -> str:
        """The same; what went wrong, in words."""
        try:
            self.fill_file()
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def leave(self) -> None:
        """Leaves it to the process that was forked off to read it."""
        self._socket.close()
        self._file.close()

    def close(self) -> int:
        """Ends it, and says how many packets the kernel has dropped."""
        with contextlib.suppress(OSError):  # a full disk, told when it was found: what is on it stays
            self._file.close()
        statistics = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, STATISTICS.size)
        self._socket.close()
        return int(STATISTICS.unpack(statistics)[1])

    def _write(self, data: bytes) -> None:
        self.crc = zlib.crc32(data, self.crc)
        self._file.write(data)

    def _asked(self, what: int, how: str) -> int:
        """What the kernel says of the interface (netdevice(7))."""
        answer = fcntl.ioctl(self._socket.fileno(), what, struct.pack("40s", os.fsencode(self.name)))
        return int(struct.unpack_from(how, answer, NAME_BYTES)[0])


def records(ring: mmap.mmap, start: int) -> list[bytes]:
    """The packets of a block as a file has them."""
    count, first = BLOCK.unpack_from(ring, start)
    at, pieces = start + first, []
    for _ in range(count):
        to_next, seconds, nanoseconds, captured, size, mac = HEADER.unpack_from(ring, at)
        pieces.append(RECORD.pack(seconds, nanoseconds, captured, size))
        pieces.append(ring[at + mac : at + mac + captured])
        at += to_next
    return pieces
