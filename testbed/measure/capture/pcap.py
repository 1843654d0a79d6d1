"""Capture files into arrays: classic pcap here, pcapng in its own module; one door for both.

Source of the format: draft-ietf-opsawg-pcap. Micro- and nanosecond files of both byte orders are read; the older
variants ("modified" pcap and the like) are refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from testbed.measure.capture.capture import (
    CAPTURE_COLUMNS,
    NO_TIME,
    Bytes,
    Capture,
    CaptureInterface,
    Columns,
    release,
    words,
)
from testbed.measure.capture.capture_bytes import COMPRESSED, GZIP, load, unpacked
from testbed.measure.capture.errors import CaptureError
from testbed.measure.capture.pcapng import SECTION_HEADER, read_pcapng
from testbed.measure.capture.record_chain import WINDOW, Layout, Stop, walk

LONGEST_PACKET = 262_144
"""Wireshark's and libpcap's bound (MAXIMUM_SNAPLEN): a packet said to be longer is damage, not data."""

NANOSECONDS_A_UNIT = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}
"""pcap magic -> nanoseconds of one unit of a packet's second time word."""

REFUSED = {
    b"\xa1\xb2\xcd\x34": "is a 'modified' (Kuznetzov) pcap: convert it with `editcap -F pcapng`",
    b"\x34\xcd\xb2\xa1": "is a 'modified' (Kuznetzov) pcap: convert it with `editcap -F pcapng`",
    b"snoop\0\0\0": "is a snoop capture: convert it with `editcap -F pcapng`",
    b"GMBU": "is a capture of Microsoft's Network Monitor: convert it with `editcap -F pcapng`",
    b"RTSS": "is a capture of Microsoft's Network Monitor: convert it with `editcap -F pcapng`",
    b"TRSNIFF": "is a Sniffer capture: convert it with `editcap -F pcapng`",
}

_FILE_HEADER = 24
_RECORD_HEADER = 16


def read_capture(path: Path | str, *, pipes: bool = False) -> Capture:
    """Read any capture file that we know; `CaptureError` if it is none.

    A file that is cut off, or damaged in the middle, gives the packets before that place and a warning; so does$
    one that is compressed with gzip. With `pipes` it may be a pipe, or `-` for standard input.
    """
    path = Path(path)
    data, warnings = unpacked(path, load(path, pipes=pipes))
    capture = _read(path, data)
    return replace(capture, warnings=(*warnings, *capture.warnings)) if warnings else capture


def is_capture(path: Path) -> bool:
    """Whether a regular file begins as captures do that are read or refused by name, or is compressed."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return False
    known = (SECTION_HEADER, GZIP, *COMPRESSED, *REFUSED)
    return start.startswith(known) or _order(start) is not None


def _read(path: Path, data: Bytes) -> Capture:
    start = data[:8].tobytes()
    for magic, what in REFUSED.items():
        if start.startswith(magic):
            raise CaptureError(path, what)
    if start.startswith(SECTION_HEADER):
        return read_pcapng(path, data)
    order = _order(start)
    if order is not None:
        return _read_pcap(path, data, order)
    raise CaptureError(path, f"is not a pcap or pcapng file (it starts with the bytes {start[:4].hex(' ')})")


def _order(start: bytes) -> str | None:
    """Return the byte order of a pcap file that starts with these bytes; None of another one."""
    numbers = {order: int.from_bytes(start[:4], "little" if order == "<" else "big") for order in "<>"}
    return next((order for order, number in numbers.items() if number in NANOSECONDS_A_UNIT), None)


def _read_pcap(path: Path, data: Bytes, order: str) -> Capture:
    if len(data) < _FILE_HEADER:
        raise CaptureError(path, f"ends inside the pcap file header ({len(data)} of {_FILE_HEADER} bytes)")
    magic, _, _, _, snaplen, linktype = np.frombuffer(data[:_FILE_HEADER].tobytes(), order + "u4").tolist()
    unit = NANOSECONDS_A_UNIT[magic]
    layout = Layout(
        order=order,
        length_at=8,
        key_at=8,
        overhead=_RECORD_HEADER,
        header=_RECORD_HEADER,
        smallest=0,
        largest=LONGEST_PACKET,
    )
    columns, position, stop = Columns(CAPTURE_COLUMNS), _FILE_HEADER, Stop.PAUSE
    while stop is Stop.PAUSE:
        chain = walk(data, position, layout, WINDOW)
        heads = words(data, f"V{_RECORD_HEADER}")[chain.offsets].view(order + "u4").reshape(-1, 4)
        columns.add(
            time_ns=heads[:, 0].astype(np.int64) * 1_000_000_000 + heads[:, 1].astype(np.int64) * unit,
            interface=np.zeros(len(heads)),
            offset=chain.offsets + _RECORD_HEADER,
            captured=heads[:, 2],
            original=heads[:, 3],
        )
        release(data, position, chain.position)
        position, stop = chain.position, chain.stop
    if stop is Stop.ABSURD and not columns.count:
        said = int(words(data, order + "u4")[position + 8])
        raise CaptureError(path, f"the first packet says it is {said} bytes long: the file is damaged")
    return Capture(
        path=path,
        data=data,
        **columns.take(),
        # The upper bits of the link type word hold the length of the Ethernet checksum, not the type.
        interfaces=(CaptureInterface(name=None, linktype=linktype & 0xFFFF, snaplen=snaplen),),
        warnings=_ending(stop, columns.count, position, len(data)),
    )


def _ending(stop: Stop, packets: int, position: int, size: int) -> tuple[str, ...]:
    """Say what was left out at the end, if anything was."""
    if stop is Stop.CUT:
        return (f"cut off in packet {packets + 1} at byte {position}: its {size - position} bytes were left out",)
    if stop is Stop.ABSURD:
        return (
            f"damaged at packet {packets + 1}, byte {position}: impossible length; "
            f"the last {size - position} bytes were left out",
        )
    return ()


__all__ = ["LONGEST_PACKET", "NO_TIME", "read_capture"]
