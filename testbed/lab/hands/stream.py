"""What a lab captures, as it is captured: `python -m testbed.lab.hands.stream CAPTURES OUT` writes pcapng to OUT.

Follows the capture files, which grow once a second, until it is told to end. An interface each, times in nanoseconds
(draft-ietf-opsawg-pcapng).
"""

import signal
import struct
import sys
import termios
import threading
import tty
from pathlib import Path
from typing import BinaryIO

from testbed.lab.packet_ring import FILE_HEADER, LARGEST, RECORD

POLL_S = 0.1
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
BYTE_ORDER = 0x1A2B3C4D
NAME, RESOLUTION, END = 2, 9, 0
NANOSECONDS = 9


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng; its length stands at both ends."""
    padded = body + b"\0" * (-len(body) % 4)
    size = len(padded) + 12
    return struct.pack("<II", kind, size) + padded + struct.pack("<I", size)


def option(code: int, value: bytes) -> bytes:
    """An option of a block."""
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section() -> bytes:
    """How a file begins."""
    return block(SECTION, struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1))


def interface(name: str, link_type: int) -> bytes:
    """An interface; they are numbered in order."""
    options = option(NAME, name.encode()) + option(RESOLUTION, bytes([NANOSECONDS])) + option(END, b"")
    return block(INTERFACE, struct.pack("<HHI", link_type, 0, LARGEST) + options)


def packet(number: int, time_ns: int, size: int, data: bytes) -> bytes:
    """A packet of the interface of that number; `size` is how long it was."""
    head = struct.pack("<IIIII", number, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), size)
    return block(PACKET, head + data)


class Growing:
    """A capture file that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""
        self.name = path.stem
        self.link_type = FILE_HEADER.unpack(self._file.read(FILE_HEADER.size))[-1]

    def packets(self) -> list[tuple[int, int, bytes]]:
        """Those that have come since the last time, whole ones: time in ns since 1970, size, what there is of it."""
        data = self._rest + self._file.read()
        at, found = 0, []
        while len(data) - at >= RECORD.size:
            seconds, nanoseconds, captured, size = RECORD.unpack_from(data, at)
            start = at + RECORD.size
            if len(data) - start < captured:
                break
            at = start + captured
            found.append((seconds * 1_000_000_000 + nanoseconds, size, data[start:at]))
        self._rest = data[at:]
        return found

    def close(self) -> None:
        """Lets go of it."""
        self._file.close()


def follow(files: list[Growing], out: BinaryIO, is_over: threading.Event) -> None:
    """Writes what has come, all interfaces in the order of time, and the rest once it is over."""
    out.write(section() + b"".join(interface(one.name, one.link_type) for one in files))
    while not is_over.wait(POLL_S):
        pass_on(files, out)
    pass_on(files, out)


def pass_on(files: list[Growing], out: BinaryIO) -> None:
    """Writes what has come by now."""
    come = [(time_ns, number, size, data) for number, one in enumerate(files) for time_ns, size, data in one.packets()]
    for time_ns, number, size, data in sorted(come):
        out.write(packet(number, time_ns, size, data))
    out.flush()


def main(captures: str, out: str) -> None:
    """Until SIGHUP."""
    is_over = threading.Event()
    signal.signal(signal.SIGHUP, lambda _number, _frame: is_over.set())
    with Path(out).open("wb") as target:
        if target.isatty():
            tty.setraw(target.fileno())  # every byte as it is
        follow([Growing(path) for path in sorted(Path(captures).glob("*.pcap"))], target, is_over)
        if target.isatty():
            termios.tcdrain(target.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
