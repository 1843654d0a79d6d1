"""Hand-made runs whose packets carry the agents' own speech: another voice each way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agents.rtp.au import read_mu_law
from tests.measure.synthetic import CN_SEQUENCE, CN_SSRC, MN_SEQUENCE, MN_SSRC

if TYPE_CHECKING:
    from tests.measure.frames import Frame
    from tests.measure.synthetic import Run

SPEECH = Path(__file__).parents[3] / "agents" / "rtp" / "speech"
PACKET = 160
_VOICES = {CN_SSRC: ("cn", CN_SEQUENCE), MN_SSRC: ("mn", MN_SEQUENCE)}
_RTP = 12 + PACKET
G722 = 9


def mu_law(name: str) -> bytes:
    """Return a speaker's recording, up to its last whole packet."""
    recording = read_mu_law((SPEECH / f"{name}.au").read_bytes())
    return recording[: len(recording) // PACKET * PACKET]


def g722(name: str) -> bytes:
    """Return the same recording in G.722, of which 20 ms take as many octets."""
    return (SPEECH / f"{name}.g722").read_bytes()


def talk(run: Run, *, payload_type: int = 0) -> Run:
    """Give each RTP packet of the run its 20 ms of speech, looped as the agents loop it; in G.722 as type 9."""
    recording = g722 if payload_type == G722 else mu_law
    voices = {ssrc: (recording(name), first) for ssrc, (name, first) in _VOICES.items()}
    for interface, captured in run.captured.items():
        run.captured[interface] = [_talk(one, voices, payload_type) for one in captured]
    return run


def _talk(frame: Frame, voices: dict[int, tuple[bytes, int]], payload_type: int) -> Frame:
    rtp = frame.data[-_RTP:]
    ssrc = int.from_bytes(rtp[8:12], "big")
    if rtp[0] != 0x80 or ssrc not in voices:
        return frame
    voice, first = voices[ssrc]
    number = (int.from_bytes(rtp[2:4], "big") - first) % 65536
    at = number * PACKET % len(voice)
    header = rtp[:1] + bytes([rtp[1] & 0x80 | payload_type]) + rtp[2:12]
    return replace(frame, data=frame.data[:-_RTP] + header + voice[at : at + PACKET])
