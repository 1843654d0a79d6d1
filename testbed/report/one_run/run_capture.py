"""All captures of a run as one pcapng for Wireshark: interfaces and nodes named, the timeline as packet comments.

Written by hand, because no library does it right: scapy 2.8's PcapNgWriter knows no if_tsresol and counts time in
floats (microseconds); python-pcapng 2.1 can do it, but takes 34 µs a packet, ten times what this takes, and would be
a dependency for these hundred lines. Format: draft-ietf-opsawg-pcapng. The same input gives the same bytes: nothing of
this machine, and no clock, goes in.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.capture import NO_TIME
from testbed.measure.capture.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.folder.run_captures import RunCaptures

NODE_OF_THE_TIMELINE = "mn"
"""Events of sources without an interface of their own (the lab) are shown at this node's packets."""

_SNAPLEN = 262_144
_LONGEST_COMMENT = 2_000
_COMMENT, _IF_NAME, _IF_DESCRIPTION, _IF_TSRESOL = 1, 2, 3, 9
_SECTION, _INTERFACE, _NAMES = 0x0A0D0D0A, 1, 4
_NAME_RECORD = {4: 1, 6: 2}
"""IP version -> type of a record in a Name Resolution Block."""
_END_OF_RECORDS = b"\0\0\0\0"


def write_run_capture(
    captures: RunCaptures,
    events: Sequence[Mapping[str, Any]],
    out_path: Path,
    *,
    names: Mapping[str, str] | None = None,
    title: str = "",
) -> tuple[str, ...]:
    """Merge one capture file an interface into `out_path`, in order of time; return what could not be used.

    At equal times the order of the interfaces' names decides. `events` are the lines of events.jsonl:
    each becomes a comment on the next packet of its source's node (`mn` -> an interface `mn-…`), or of any node where
    that one has none, or on the last packet where none follows. `names` are what to call addresses, for Wireshark's
    name resolution. `title` says which run it is: it begins the comment on the file, which tells scenario time.
    """
    loaded, warnings = _load(captures)
    times = np.concatenate([one.time_ns for _, one in loaded] or [np.empty(0, dtype=np.int64)])
    owner = np.repeat(np.arange(len(loaded)), [len(one) for _, one in loaded])
    number = np.concatenate([np.arange(len(one)) for _, one in loaded] or [np.empty(0, dtype=np.int64)])
    order = np.argsort(times, kind="stable")
    comments = _place(events, times[order], owner[order], [name for name, _ in loaded])
    with out_path.open("wb") as file:
        about = _about(title, events, int(times[order[0]]) if len(order) else None)
        file.write(_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options(about)))
        for name, one in loaded:
            file.write(_interface_block(name, one))
        file.write(_names_block(names or {}))
        file.writelines(_packet_blocks(loaded, owner[order], number[order], comments))
    return warnings


def has_names(path: Path) -> bool:
    """Return whether a run's capture names its nodes, which those of older versions do not."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack("<II", head)
            if kind not in (_SECTION, _INTERFACE) or length < 12:
                return bool(kind == _NAMES)
            file.seek(length - 8, 1)
    return False


def _load(captures: RunCaptures) -> tuple[list[tuple[str, Capture]], tuple[str, ...]]:
    """Read the files that can be read; a packet without a time has no place in a merged file and ends up nowhere."""
    loaded, warnings = [], []
    for name in captures.names:
        try:
            one = captures.of(name)
        except CaptureError as error:
            warnings.append(f"capture {name}: {error.what}")
            continue
        if len(one.interfaces) != 1 or (one.time_ns == NO_TIME).any():
            warnings.append(f"capture {name}: holds several interfaces or packets without a time, and was left out")
            continue
        warnings += [f"capture {name}: {warning}" for warning in one.warnings]
        loaded.append((name, one))
    return loaded, tuple(warnings)


def _place(events: Iterable[Mapping[str, Any]], times: Ints, owner: Ints, names: list[str]) -> dict[int, list[str]]:
    """Return for each packet of the merged order the comments that it carries."""
    comments: dict[int, list[str]] = {}
    if not len(times):
        return comments
    nodes = np.array([name.partition("-")[0] for name in names])
    for event in sorted(events, key=lambda event: int(event["time_ns"])):
        source = str(event.get("source", NODE_OF_THE_TIMELINE))
        node = source if source in nodes else NODE_OF_THE_TIMELINE
        after = np.flatnonzero((nodes == node)[owner])
        if not len(after):
            after = np.arange(len(times))
        position = int(np.searchsorted(times[after], int(event["time_ns"]), side="left"))
        packet = int(after[position]) if position < len(after) else len(times) - 1
        comments.setdefault(packet, []).append(comment(event))
    return comments


def comment(event: Mapping[str, Any]) -> str:
    """Return an event as one line: when, where, what, and its details in the order in which they were logged."""
    when = f"t={event['t_s']:.6f} s " if isinstance(event.get("t_s"), int | float) else ""
    details = "".join(
        f" {name}={value}" for name, value in event.items() if name not in {"time_ns", "t_s", "source", "event"}
    )
    text = f"{when}{event.get('source', '?')}: {event.get('event', '?')}{details}"
    return text if len(text) <= _LONGEST_COMMENT else text[: _LONGEST_COMMENT - 1] + "…"


def _about(title: str, events: Sequence[Mapping[str, Any]], first_ns: int | None) -> list[tuple[int, bytes]]:
    """Return the comment on the file: which run, and what to add to Wireshark's relative time, as an option."""
    lines = [title] if title else []
    timed = [event for event in events if isinstance(event.get("t_s"), int | float)]
    if timed and first_ns is not None:
        nearest = min(timed, key=lambda event: abs(event["t_s"]))
        start_ns = int(nearest["time_ns"]) - round(nearest["t_s"] * 1e9)
        lines.append(
            f"scenario time (t in the packet comments) is the relative time {(first_ns - start_ns) / 1e9:+.6f} s"
        )
    return [(_COMMENT, "\n".join(lines).encode())] if lines else []


def _names_block(names: Mapping[str, str]) -> bytes:
    """Return a Name Resolution Block, or nothing where there are no names; what is no address is left out."""
    records = []
    for text, name in names.items():
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        value = address.packed + name.encode() + b"\0"
        records.append(
            struct.pack("<HH", _NAME_RECORD[address.version], len(value)) + value + b"\0" * (-len(value) % 4)
        )
    return _block(_NAMES, b"".join(records) + _END_OF_RECORDS) if records else b""


def _packet_blocks(
    loaded: list[tuple[str, Capture]], owner: Ints, number: Ints, comments: dict[int, list[str]]
) -> Iterator[bytes]:
    """Yield an Enhanced Packet Block for every packet of the merged order."""
    columns = [
        (one.data.data, *(column.tolist() for column in (one.time_ns, one.offset, one.captured, one.original)))
        for _, one in loaded
    ]
    head = struct.Struct("<IIIIIII")
    for position, (which, row) in enumerate(zip(owner.tolist(), number.tolist(), strict=True)):
        data, time_ns, offset, captured, original = columns[which]
        size, start, stamp = captured[row], offset[row], time_ns[row]
        options = _options([(_COMMENT, text.encode()) for text in comments.get(position, ())])
        padding = -size % 4
        length = 32 + size + padding + len(options)
        yield head.pack(6, length, which, stamp >> 32, stamp & 0xFFFFFFFF, size, original[row])
        yield data[start : start + size].tobytes() + b"\0" * padding + options + length.to_bytes(4, "little")


def _interface_block(name: str, capture: Capture) -> bytes:
    node, _, link = name.partition("-")
    description = f"node {node}, link {link}" if link else f"node {node}"
    body = struct.pack("<HHI", capture.interfaces[0].linktype, 0, _SNAPLEN)
    options = [(_IF_NAME, name.encode()), (_IF_DESCRIPTION, description.encode()), (_IF_TSRESOL, b"\x09")]
    return _block(_INTERFACE, body + _options(options))


def _options(options: list[tuple[int, bytes]]) -> bytes:
    """Return the options padded to four bytes and ended; nothing where there are none."""
    if not options:
        return b""
    parts = [struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4) for code, value in options]
    return b"".join(parts) + b"\0\0\0\0"


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
