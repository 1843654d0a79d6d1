"""RTCP extended reports: the VoIP metrics block, which says how deep the playout is (RFC 3611, sections 2, 3, 4.7)."""

from struct import Struct
from typing import NamedTuple

_WORD = Struct("!I")
_BLOCK_HEADER = Struct("!BBH")
_VOIP_METRICS = 7
_VOIP = Struct("!IBBBBHHHHbbBBBBBBBBHHH")
_VOIP_WORDS = 8
_ADAPTIVE = 0b0011_0000
_STANDARD_CONCEALMENT = 0b1100_0000

UNAVAILABLE = 127
"""Value of signal, noise, echo, R factor and MOS that were not measured (4.7.4, 4.7.5)."""


class RtcpParseError(ValueError):
    """These bytes are no RTCP. The text says where, and what stands there."""


class VoipMetrics(NamedTuple):
    """VoIP metrics report block (4.7). Rates and densities in 1/256, times in ms, MOS in tenths."""

    ssrc: int
    """Whose packets these are."""
    loss_rate: int = 0
    discard_rate: int = 0
    """Packets that came, but too late to be played."""
    burst_density: int = 0
    gap_density: int = 0
    burst_duration: int = 0
    gap_duration: int = 0
    round_trip_delay: int = 0
    end_system_delay: int = 0
    signal_level: int = UNAVAILABLE
    noise_level: int = UNAVAILABLE
    echo_return_loss: int = UNAVAILABLE
    gmin: int = 16
    r_factor: int = UNAVAILABLE
    external_r_factor: int = UNAVAILABLE
    mos_listening: int = UNAVAILABLE
    mos_conversation: int = UNAVAILABLE
    receiver_config: int = _STANDARD_CONCEALMENT | _ADAPTIVE
    """Concealment, kind of jitter buffer, and its rate of adjustment (4.7.6)."""
    nominal_delay: int = 0
    """Time in the jitter buffer of a packet that comes exactly on time (4.7.7): in ours, of the slowest one lately."""
    maximum_delay: int = 0
    """Of the one that comes earliest: `PlayoutBuffer.depth`."""
    absolute_maximum_delay: int = 0
    """`PlayoutSettings.max_depth`."""


class ExtendedReport(NamedTuple):
    """XR: what goes beyond a report block. Blocks of other types are dropped when parsed."""

    ssrc: int
    """Of the reporter."""
    voip: tuple[VoipMetrics, ...] = ()


def adjustment_rate(milliseconds: float, *, interval: float = 20.0) -> int:
    """Return the four bits that say how fast a jitter buffer adapts (4.7.6), for `receiver_config`.

    `milliseconds` is the time it takes to follow jitter from 30 to 100 ms, `interval` the length of a frame.
    """
    return max(1, min(round(milliseconds / (2 * interval)), 15))


def parse_extended_report(body: bytes, start: int) -> ExtendedReport:
    """Parse one XR packet, header included, that begins at octet `start`; RtcpParseError if it is cut short."""
    if len(body) < 8:
        raise RtcpParseError(f"octet {start}: XR packet of {len(body)} octets, at least 8")
    voip = []
    at = 8
    while at < len(body):
        kind, _, words = _BLOCK_HEADER.unpack_from(body, at)
        end = at + 4 * (words + 1)
        if end > len(body):
            raise RtcpParseError(f"octet {start + at + 2}: block of {words} words ends after its packet")
        if kind == _VOIP_METRICS:
            if words != _VOIP_WORDS:
                raise RtcpParseError(f"octet {start + at + 2}: VoIP metrics of {words} words, not {_VOIP_WORDS} (4.7)")
            fields = _VOIP.unpack_from(body, at + 4)
            voip.append(VoipMetrics(*fields[:18], *fields[19:]))  # 18 is reserved
        at = end
    return ExtendedReport(_WORD.unpack_from(body, 4)[0], tuple(voip))


def build_extended_report(report: ExtendedReport) -> bytes:
    """Build the packet without its header; ValueError if a field is out of its range."""
    parts = [_WORD.pack(report.ssrc)]
    for metrics in report.voip:
        for name in ("r_factor", "external_r_factor"):
            _check(metrics, name, 0, 100)
        for name in ("mos_listening", "mos_conversation"):
            _check(metrics, name, 10, 50)
        _check(metrics, "gmin", 1, 255)
        parts += [_BLOCK_HEADER.pack(_VOIP_METRICS, 0, _VOIP_WORDS), _VOIP.pack(*metrics[:18], 0, *metrics[18:])]
    return b"".join(parts)


def _check(metrics: VoipMetrics, name: str, low: int, high: int) -> None:
    """Hold a field to its range: values beyond it MUST NOT be sent (4.7.5)."""
    value = getattr(metrics, name)
    if not low <= value <= high and value != UNAVAILABLE:
        raise ValueError(f"{name} {value}: not {low} to {high}, or 127 for unavailable")
