"""A stream of capture files that grow: pcapng, each packet once, whatever of it has been written when."""

from __future__ import annotations

import io
import struct
import threading
from typing import TYPE_CHECKING

from scapy.utils import PcapNgReader

from testbed.lab.hands.stream import Growing, follow, pass_on
from testbed.lab.packet_ring import FILE_HEADER, LARGEST, MAGIC_NS

if TYPE_CHECKING:
    from pathlib import Path

FIRST_S = 1_767_225_600


def record(time_ns: int, data: bytes) -> bytes:
    return struct.pack("<4I", FIRST_S, time_ns, len(data), len(data) + 2) + data


def test_each_packet_comes_once_in_the_order_of_time(tmp_path: Path) -> None:
    header = FILE_HEADER.pack(MAGIC_NS, 2, 4, 0, 0, LARGEST, 1)
    paths = [tmp_path / "mn-wifi.pcap", tmp_path / "mn-umts.pcap"]
    for path in paths:
        path.write_bytes(header)
    files, out, over = [Growing(path) for path in paths], io.BytesIO(), threading.Event()
    over.set()
    follow(files, out, over)
    with paths[0].open("ab", buffering=0) as wifi, paths[1].open("ab", buffering=0) as umts:
        wifi.write(record(30, b"third") + record(40, b"fourth, of which a half is there")[:20])
        umts.write(record(10, b"first") + record(20, b"second"))
        pass_on(files, out)
        wifi.write(record(40, b"fourth, of which a half is there")[20:])
        pass_on(files, out)
    for one in files:
        one.close()
    with PcapNgReader(io.BytesIO(out.getvalue())) as packets:
        found = [(one.sniffed_on, round(float(one.time - FIRST_S) * 1e9), one.wirelen, bytes(one)) for one in packets]
    assert [(name, data) for name, _, _, data in found] == [
        ("mn-umts", b"first"), ("mn-umts", b"second"), ("mn-wifi", b"third"),
        ("mn-wifi", b"fourth, of which a half is there"),
    ]  # fmt: skip
    assert [(time_ns, size) for _, time_ns, size, _ in found] == [(10, 7), (20, 8), (30, 7), (40, 34)]
