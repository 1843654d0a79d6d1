"""IEEE 802.11 data frames, alone and with what a radio says of them (radiotap, AVS, Prism, PPI).

Sources: IEEE 802.11-2020, 9.2, 9.3.2; radiotap.org. Not done: frames in pieces but for the first one, mesh control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.peeled import LINK, LLC, Step, together

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled

_FRAME = LINK + 105
_HEADER = 24
_DATA, _TYPE, _NO_DATA, _QOS = 0x08, 0x0C, 0x40, 0x80  # of the first byte
_BOTH_DS, _PROTECTED, _ORDER = 0x03, 0x40, 0x80  # of the second
_AGGREGATE = 0x80
_SUBFRAME = 14
_MOST_SUBFRAMES = 128
_SNAP = 0xAAAA0300
_IV = 8
_TSFT, _FLAGS, _MORE = 1, 2, 1 << 31
_MOST_WORDS = 8
_PADDED, _BAD_CHECKSUM = 0x20, 0x40


def _read_frame(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    return _frames(data, layer, findings, np.zeros(len(layer), dtype=np.bool_))


def _frames(data: Bytes, layer: Peeled, findings: Findings, padded: Booleans) -> Peeled:
    """Return what is in data frames; where one is `padded`, its header is filled up to a multiple of 4 bytes."""
    enough = layer.at + 2 <= layer.end
    layer, padded = findings.keep(layer, enough, "cut off in the 802.11 header"), padded[enough]
    first = data[layer.at]
    has_data = (first & _TYPE == _DATA) & (first & _NO_DATA == 0)
    layer, padded = findings.without(layer, ~has_data, "802.11 frames without data"), padded[has_data]
    size = _sizes(data, layer, padded)
    whole = layer.at + size <= layer.end
    layer, size = findings.keep(layer, whole, "cut off in the 802.11 header"), size[whole]
    is_first = data[layer.at + 22] & 15 == 0
    layer, size = findings.keep(layer, is_first, "802.11 fragments"), size[is_first]
    is_sealed, hidden = _sealed(data, layer, size)
    layer, size = findings.keep(layer, ~is_sealed, "802.11 frames (encrypted)"), (size + hidden)[~is_sealed]
    many = _aggregates(data, layer)
    bodies = layer.next(size, LLC)
    return together([bodies.pick(~many), _subframes(data, bodies.pick(many), findings)]) if many.any() else bodies


def _sizes(data: Bytes, layer: Peeled, padded: Booleans) -> Ints:
    """Return how long the headers are (9.2.3), 4 addresses and QoS and HT control among them where they are there."""
    first, second = data[layer.at], data[np.minimum(layer.at + 1, len(data) - 1)]
    is_qos = first & _QOS != 0
    size = _HEADER + 6 * (second & _BOTH_DS == _BOTH_DS) + 2 * is_qos + 4 * (is_qos & (second & _ORDER != 0))
    sizes: Ints = size.astype(np.int64)
    return np.where(padded, (sizes + 3) // 4 * 4, sizes)


def _sealed(data: Bytes, layer: Peeled, size: Ints) -> tuple[Booleans, Ints]:
    """Return which bodies are encrypted, and how many bytes lie before those that are not.

    A card that decrypts may leave the bit as it was, and the initialisation vector too: such a body begins with SNAP.
    """
    protected = data[layer.at + 1] & _PROTECTED != 0
    plain, behind = _begins_with_snap(data, layer, size), _begins_with_snap(data, layer, size + _IV)
    return protected & ~plain & ~behind, np.where(protected & behind & ~plain, _IV, 0)


def _begins_with_snap(data: Bytes, layer: Peeled, size: Ints) -> Booleans:
    found = layer.at + size + 8 <= layer.end
    found[found] = words(data, ">u4")[(layer.at + size)[found]] == _SNAP
    return found


def _aggregates(data: Bytes, layer: Peeled) -> Booleans:
    """Return which frames hold several, an A-MSDU: a bit of QoS control (9.2.4.5)."""
    first, second = data[layer.at], data[layer.at + 1]
    control = layer.at + np.where(second & _BOTH_DS == _BOTH_DS, _HEADER + 6, _HEADER)
    is_qos: Booleans = first & _QOS != 0
    is_qos[is_qos] = data[control[is_qos]] & _AGGREGATE != 0
    return is_qos


def _subframes(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Return the frames within A-MSDUs (9.3.2.2.2): two addresses, a length, and 802.2; filled up to 4 bytes."""
    found = []
    for _ in range(_MOST_SUBFRAMES):
        layer = layer.pick(layer.at < layer.end)
        if not len(layer):
            break
        layer = findings.whole(layer, _SUBFRAME, "A-MSDU")
        length = words(data, ">u2")[layer.at + 12].astype(np.int64)
        layer, length = findings.keep(layer, length > 0, "damaged A-MSDU"), length[length > 0]
        found.append(layer.next(_SUBFRAME, LLC, end=np.minimum(layer.end, layer.at + _SUBFRAME + length)))
        layer = layer.next((_SUBFRAME + length + 3) // 4 * 4, LLC)
    else:
        findings.unread[f"A-MSDU of more than {_MOST_SUBFRAMES} frames"] += len(layer)
    return together([*found, layer.pick(np.zeros(len(layer), dtype=np.bool_))])


def _read_radiotap(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    layer = findings.whole(layer, 8, "radiotap")
    size = words(data, "<u2")[layer.at + 2].astype(np.int64)
    good = (size >= 8) & (layer.at + size <= layer.end)
    layer, size = findings.keep(layer, good, "damaged radiotap header"), size[good]
    flags = _radiotap_flags(data, layer.at, size)
    is_right = flags & _BAD_CHECKSUM == 0
    layer = findings.keep(layer, is_right, "802.11 frames with a wrong checksum")
    return _frames(data, layer.next(size[is_right], _FRAME), findings, flags[is_right] & _PADDED != 0)


def _radiotap_flags(data: Bytes, at: Ints, size: Ints) -> Ints:
    """Return the field `flags` of radiotap headers of these sizes, 0 where there is none."""
    masks, end = words(data, "<u4"), at + size
    present = masks[at + 4]
    place = at + 8
    more = np.flatnonzero(present & _MORE != 0)
    for _ in range(_MOST_WORDS):
        more = more[place[more] + 4 <= end[more]]
        place[more] += 4
        more = more[masks[place[more] - 4] & _MORE != 0]
    place += np.where(present & _TSFT != 0, at - place & 7, 0)  # aligned within the header
    place += np.where(present & _TSFT != 0, 8, 0)
    has = (present & _FLAGS != 0) & (place < end)
    found = np.zeros(len(at), dtype=np.int64)
    found[has] = data[place[has]]
    return found


def _read_avs(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    layer = findings.whole(layer, 8, "AVS")
    return _behind(layer, words(data, ">u4")[layer.at + 4].astype(np.int64), findings)


def _read_prism(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Prism's header, in the byte order of its writer, or AVS's, which begins with a number of its own."""
    layer = findings.whole(layer, 8, "Prism")
    is_avs = words(data, ">u4")[layer.at] >> 12 == 0x80211
    small, big = (words(data, order + "u4")[layer.at + 4].astype(np.int64) for order in "<>")
    return _behind(layer, np.where(is_avs | (small > 0xFFFF), big, small), findings)


def _behind(layer: Peeled, size: Ints, findings: Findings) -> Peeled:
    good = (size >= 8) & (layer.at + size <= layer.end)
    return findings.keep(layer, good, "cut off in the radio's header").next(size[good], _FRAME)


def _read_ppi(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Per-Packet Information: its own length, and the link type of what follows."""
    layer = findings.whole(layer, 8, "PPI")
    size, kind = words(data, "<u2")[layer.at + 2].astype(np.int64), words(data, "<u4")[layer.at + 4].astype(np.int64)
    good = (size >= 8) & (kind < 0x10000)
    layer = findings.keep(layer, good, "damaged PPI header")
    return layer.next(size[good], LINK + kind[good])


STEPS = {
    _FRAME: Step(_read_frame, "802.11"),
    LINK + 119: Step(_read_prism),
    LINK + 127: Step(_read_radiotap, "802.11"),
    LINK + 163: Step(_read_avs),
    LINK + 192: Step(_read_ppi),
}
