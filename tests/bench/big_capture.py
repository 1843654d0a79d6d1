"""A capture as large as is wanted, always the same bytes: many G.711 calls that are handed over, with RTCP and SIP.

Packets come in waves of a million: a hundred calls side by side, each with both directions, from a mobile with two
addresses, which changes over in the middle of the call and sends and gets copies over both paths for a second. Packets
are late, lost, doubled and overtake each other. Captured where they arrive: at the mobile's two interfaces and at the
correspondent's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import agents.rtp
from agents.rtp.au import read_mu_law
from agents.rtp.rtcp import CNAME, SenderReport, SourceDescription, build_compound
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVE = 1_000_000
"""Packets."""

CALLS = 100
"""In one wave, side by side."""

INTERFACES = ("mn-wifi", "mn-umts", "cn-eth0")
LOSS, DUPLICATES = 0.01, 0.0005
_WIFI, _UMTS, _CN = range(3)
_INTERVAL_NS = 20 * MS
_PACKETS = 5_200  # of one direction; all calls together make a bit more than a wave
_BOTH_PATHS = 50
_SAMPLES = 160
_DELAY_NS = (4 * MS, 60 * MS)
_JITTER_NS = (0.5 * MS, 2 * MS)
_RTCP_EVERY = 250
_RECORD = 28 + 42 + 12 + _SAMPLES + 2 + 4  # block header, Ethernet to UDP, RTP, speech, padding, length again


class Flow(NamedTuple):
    """Where packets of one call go over one path in one direction."""

    source: tuple[str, int]
    destination: tuple[str, int]
    interface: int


class Media(NamedTuple):
    """RTP packets in any order, one entry each; `flow` says which flow of the wave each belongs to."""

    time_ns: NDArray[np.int64]
    flow: NDArray[np.int64]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    ssrc: NDArray[np.int64]

    def pick(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Media:
        """The packets that a mask or a list of positions names."""
        return Media(*(column[which] for column in self))


def write_capture(path: Path, waves: int) -> Path:
    """Write a pcapng file of so many waves, one after the other; takes the memory of one."""
    with path.open("wb") as file:
        file.write(frames.section() + b"".join(frames.interface(name) for name in INTERFACES))
        for number in range(waves):
            _wave(number).tofile(file)
    return path


def _wave(number: int) -> NDArray[np.uint8]:
    source = np.random.default_rng([1, number])
    start_ns = START_NS + number * (_PACKETS + 100) * _INTERVAL_NS
    flows: list[Flow] = []
    media: list[Media] = []
    other: list[Frame] = []
    for call in range(CALLS):
        begin_ns = start_ns + int(source.integers(0, 1000 * MS))
        for to_mn in (True, False):
            media.append(_direction(source, begin_ns, _flows(number, call, to_mn=to_mn), flows))
            other += _reports(media[-1], flows)
        other += _signalling(number, call, begin_ns)
    together = Media(*(np.concatenate(columns) for columns in zip(*media, strict=True)))
    return _records(together, flows, sorted(other, key=lambda frame: frame.time_ns))


def _flows(wave: int, call: int, *, to_mn: bool) -> tuple[Flow, Flow]:
    """Both paths of one direction: over WiFi, over UMTS."""
    port = 16384 + 2 * (wave * 256 + call) % 32768
    cn = (f"10.20.{wave % 256}.{call + 1}", port)
    found = []
    for interface, net in ((_WIFI, 1), (_UMTS, 2)):
        mn = (f"10.{net}.{wave % 256}.{call + 1}", port)
        found.append(Flow(cn, mn, interface) if to_mn else Flow(mn, cn, _CN))
    return found[0], found[1]


def _direction(source: np.random.Generator, begin_ns: int, paths: tuple[Flow, Flow], flows: list[Flow]) -> Media:
    """What arrives of one direction of a call, over both paths."""
    ssrc, first, stamp = (int(source.integers(0, 1 << bits)) for bits in (32, 16, 32))
    change = int(source.integers(_PACKETS // 4, 3 * _PACKETS // 4))
    sent = (np.arange(0, change + _BOTH_PATHS), np.arange(change, _PACKETS))
    pieces = []
    for link, numbers in enumerate(sent):
        late = _DELAY_NS[link] + source.gamma(2, _JITTER_NS[link], len(numbers)).astype(np.int64)
        piece = Media(
            time_ns=begin_ns + numbers * _INTERVAL_NS + late,
            flow=np.full(len(numbers), len(flows)),
            sequence=(first + numbers) & 0xFFFF,
            timestamp=(stamp + numbers * _SAMPLES) & 0xFFFFFFFF,
            ssrc=np.full(len(numbers), ssrc),
        )
        flows.append(paths[link])
        piece = piece.pick(source.random(len(numbers)) >= LOSS)
        again = piece.pick(source.random(len(piece.time_ns)) < DUPLICATES)
        pieces += [piece, again._replace(time_ns=again.time_ns + MS)]
    return Media(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def _reports(media: Media, flows: list[Flow]) -> list[Frame]:
    """A sender report every five seconds."""
    made = []
    for row in range(0, len(media.time_ns), _RTCP_EVERY):
        flow, at = flows[media.flow[row]], int(media.time_ns[row])
        report = SenderReport(int(media.ssrc[row]), at & ~0xFF, int(media.timestamp[row]), row, row * _SAMPLES)
        source, destination = ((ip, port + 1) for ip, port in (flow.source, flow.destination))
        named = SourceDescription(((report.ssrc, ((CNAME, "somebody@example.net"),)),))
        made.append(Frame(at + 1, frames.udp(source, destination, build_compound([report, named])), flow.interface))
    return made


def _signalling(wave: int, call: int, begin_ns: int) -> list[Frame]:
    """A call's INVITE, re-INVITE and BYE with their responses, as the correspondent sees them."""
    flow = _flows(wave, call, to_mn=False)[0]
    a, b = (flow.source[0], 5060), (flow.destination[0], 5060)
    end_ns = begin_ns + (_PACKETS - 300) * _INTERVAL_NS
    made = []
    for cseq, method, at in (
        (1, "INVITE", begin_ns - 60 * MS),
        (2, "INVITE", begin_ns + 30_000 * MS),
        (3, "BYE", end_ns),
    ):
        head = (
            f"Via: SIP/2.0/UDP {a[0]}:5060;branch=z9hG4bK{wave}-{call}-{cseq};rport\r\n"
            f"From: <sip:mn@example.net>;tag=mn\r\nTo: <sip:cn@example.net>;tag=cn\r\n"
            f"Call-ID: {wave}-{call}@example.net\r\nCSeq: {cseq} {method}\r\n"
        )
        is_invite = method == "INVITE"
        said = [
            (a, b, f"{method} sip:cn@{b[0]} SIP/2.0\r\n{head}" + _body(flow.source, cseq if is_invite else None)),
            (b, a, f"SIP/2.0 200 OK\r\n{head}" + _body(flow.destination, cseq if is_invite else None)),
        ]
        if is_invite:
            head = head.replace(f"{cseq} INVITE", f"{cseq} ACK")
            said.append((a, b, f"ACK sip:cn@{b[0]} SIP/2.0\r\n{head}" + _body(flow.source, None)))
        made += [
            Frame(at + place * 10 * MS, frames.udp(source, destination, text.encode()), _CN)
            for place, (source, destination, text) in enumerate(said)
        ]
    return made


def _body(own: tuple[str, int], version: int | None) -> str:
    """The end of a message: with a description of the sender's audio, or without."""
    ip, port = own
    if version is None:
        return "Content-Length: 0\r\n\r\n"
    origin = f"v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
    sdp = f"{origin}m=audio {port} RTP/AVP 0\r\n"
    return f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"


def _records(media: Media, flows: list[Flow], other: list[Frame]) -> NDArray[np.uint8]:
    """Enhanced Packet Blocks of all packets in order of time, cut to one wave."""
    blocks = [frames.enhanced(frame) for frame in other]
    times = np.concatenate([np.array([frame.time_ns for frame in other]), media.time_ns])
    sizes = np.concatenate([np.array([len(block) for block in blocks]), np.full(len(media.time_ns), _RECORD)])
    order = np.argsort(times, kind="stable")[:WAVE]
    ends = np.cumsum(sizes[order])
    begins = ends - sizes[order]
    made = np.zeros(int(ends[-1]), dtype=np.uint8)
    for place in np.flatnonzero(order < len(blocks)):
        made[begins[place] : ends[place]] = np.frombuffer(blocks[order[place]], dtype=np.uint8)
    is_media = order >= len(blocks)
    rows, places = order[is_media] - len(blocks), begins[is_media]
    heads = np.array([list(_head(flow)) for flow in flows], dtype=np.uint8)
    for start in range(0, len(rows), 1 << 16):
        some = slice(start, start + (1 << 16))
        _fill(made, places[some], media.pick(rows[some]), heads, np.array([flow.interface for flow in flows]))
    return made


def _head(flow: Flow) -> bytes:
    """Ethernet, IPv4, UDP of the flow's packets."""
    return frames.udp(flow.source, flow.destination, bytes(12 + _SAMPLES))[:42]


def _fill(
    made: NDArray[np.uint8], places: NDArray[np.int64], media: Media, heads: NDArray[np.uint8], on: NDArray[np.int64]
) -> None:
    """Write the blocks of some packets into `made`, all of one shape."""
    kind = np.dtype(
        [("block", "<u4", 2), ("interface", "<u4"), ("high", "<u4"), ("low", "<u4"), ("lengths", "<u4", 2),
         ("head", "u1", 42), ("version", "u1"), ("type", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"),
         ("ssrc", ">u4"), ("speech", "u1", _SAMPLES), ("padding", "u1", 2), ("again", "<u4")]
    )  # fmt: skip
    blocks = np.zeros(len(places), dtype=kind)
    blocks["block"] = 6, _RECORD
    blocks["interface"] = on[media.flow]
    blocks["high"], blocks["low"] = media.time_ns >> 32, media.time_ns & 0xFFFFFFFF
    blocks["lengths"] = 42 + 12 + _SAMPLES
    blocks["head"] = heads[media.flow]
    blocks["version"] = 0x80
    blocks["sequence"], blocks["timestamp"], blocks["ssrc"] = media.sequence, media.timestamp, media.ssrc
    blocks["speech"] = _SPEECH[media.sequence % len(_SPEECH)]
    blocks["again"] = _RECORD
    anywhere = np.ndarray(shape=(len(made) - _RECORD + 1,), dtype=f"V{_RECORD}", buffer=made, strides=(1,))
    anywhere[places] = blocks.view(f"V{_RECORD}")


def _speech() -> NDArray[np.uint8]:
    """Real speech, a row for each packet."""
    samples = read_mu_law((Path(agents.rtp.__file__).parent / "speech" / "mn.au").read_bytes())
    whole = len(samples) // _SAMPLES * _SAMPLES
    return np.frombuffer(samples[:whole], dtype=np.uint8).reshape(-1, _SAMPLES)


_SPEECH = _speech()

if __name__ == "__main__":
    write_capture(Path(sys.argv[1]), int(sys.argv[2]))
