"""How good the speech sounds: ITU-T P.862 (PESQ), as MOS-LQO of P.862.1; 1 to 4.55, which is "the same".

Wideband speech, of 16000 samples a second, is scored by P.862.2, up to 4.64: another scale.

The score itself is ITU's reference code, as the distribution `pesq` wraps it; without it there is none. P.862 was made
for codecs, loss and delay on telephone networks. One hole is scored by which syllable it hits more than by its length,
so beside the call's own score stands the median over many positions: the same playout, as measured, laid over the
speech from other places on.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.rtp.playout_events import Played
from testbed.measure.listening.speech import LEAD_S, render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from testbed.measure.listening.speech import HeardEvent, Speech

POSITIONS = 40
"""Of how many the median is made."""
EXCERPT_S = 12.0
"""So much of the playout is laid over the speech; it begins `LEAD_S` before the handover's silence."""
LONGEST_S = 20.0
"""No longer speech is scored at once. The reference code has room for 50 utterances and doesn't count: an utterance and
the pause after it are 0.4 s at least."""
SCALES = {8000: "P.862.1", 16000: "P.862.2"}
"""Samples a second -> whose scale its MOS-LQO is of: narrow-band, wideband."""
MODES = {8000: "nb", 16000: "wb"}
"""Samples a second -> narrow-band or wideband, as the library calls it."""
SHORTEST_S = 0.25
"""Shorter speech the reference code refuses."""


class Positions(NamedTuple):
    """MOS-LQO over many positions of the speech; `sd` is the sample's standard deviation.

    The median is the one to look at: where a hole swallows a sentence whole, from pause to pause, P.862 takes the next
    sentence for it and finds nothing wrong (docs/speech.md).
    """

    median: float
    mean: float
    sd: float
    lowest: float
    highest: float
    positions: int


def has_pesq() -> bool:
    """Say whether there can be scores on this machine."""
    try:
        _pesq()
    except ImportError:
        return False
    return True


def score(sent: NDArray[np.int16], heard: NDArray[np.int16], rate_hz: int = 8000) -> float | None:
    """Return the MOS-LQO of what was heard against what was sent, both at 8 or both at 16 kHz.

    None where P.862 has none: speech of less than `SHORTEST_S` or more than `LONGEST_S`, and where there is none in one
    of the two. ImportError without `pesq`.
    """
    lengths_s = len(sent) / rate_hz, len(heard) / rate_hz
    if min(lengths_s) < SHORTEST_S or lengths_s[0] > LONGEST_S or not heard.any() or not sent.any():
        return None
    pesq, error = _pesq()
    try:
        return float(pesq(rate_hz, sent, heard, MODES[rate_hz]))
    except (error, ValueError):  # ValueError: the sum became not a number, next to silence
        return None


def score_call(speech: Speech) -> float | None:
    """Return the MOS-LQO of a whole call: of pieces of at most `LONGEST_S`, equally long, the mean.

    A hole belongs to the piece that it begins in. None where a piece has no score, or the sent speech is not all known.
    """
    if not speech.sent.known.all():
        return None
    sent, heard = speech.as_sent(), speech.as_heard()
    scores = [score(sent[a:b], heard[c:d], speech.rate_hz) for (a, b), (c, d) in _pieces(speech, len(sent), len(heard))]
    known = [one for one in scores if one is not None]
    return fmean(known) if known and len(known) == len(scores) else None


def _pieces(speech: Speech, sent: int, heard: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return begin and end of each piece in the sent and in the heard speech; both begin with the same packet."""
    samples = speech.sent.frames.shape[1]
    first = speech.events[0].at
    played = [event for event in speech.events if isinstance(event, Played)]
    begin = played[0].sequence
    keys = sent // samples - begin
    count = max(-(-keys * samples // round(LONGEST_S * speech.rate_hz)), 1)
    cuts = [(begin * samples, 0)]
    for number in range(1, count):
        wanted = begin + keys * number // count
        event = next((one for one in played if one.sequence >= wanted), None)
        if event is not None:
            cuts.append((event.sequence * samples, round((event.at - first) * speech.rate_hz)))
    cuts.append((sent, heard))
    return [((one[0], other[0]), (one[1], other[1])) for one, other in pairwise(cuts)]


def score_positions(speech: Speech, count: int = POSITIONS, *, stretched: bool = True) -> Positions | None:
    """Return the MOS-LQO of the handover's playout, over `count` places of the speech, evenly apart.

    The pattern of packets played, stretched and not there is the measured one, `EXCERPT_S` long, around the handover;
    what is under it is the speech as sent, which goes on from its begin where it ends. So what the network did to the
    packets is scored, and not what a transcoder on the way did. Unless `stretched`, each packet is played as long as it
    is: the holes alone. None without a handover, or where one has no score.
    """
    pattern = _pattern(speech) if stretched else _evenly(_pattern(speech), speech.interval_s)
    if not pattern or not speech.sent.known.all():
        return None
    frames = speech.sent.frames
    keys = speech.round or len(frames)
    first = pattern[0].sequence if isinstance(pattern[0], Played) else 0
    length = _packets(pattern, speech.interval_s)
    scores = []
    for number in range(count):
        shift = keys * number // count
        sent = frames[(np.arange(first, first + length) + shift) % keys].reshape(-1)
        heard = render(pattern, lambda key, shift=shift: frames[(key + shift) % keys], speech.rate_hz)  # type: ignore[misc]
        scores.append(score(sent, heard, speech.rate_hz))
    known = [one for one in scores if one is not None]
    if len(known) < count or count < 2:
        return None
    return Positions(median(known), fmean(known), stdev(known), min(known), max(known), count)


def _pattern(speech: Speech) -> Sequence[HeardEvent]:
    """Return what was played and not played around the handover, from a packet that was played on."""
    if speech.handover_s is None:
        return ()
    since = speech.handover_s - LEAD_S
    found = [event for event in speech.events if since <= event.at < since + EXCERPT_S]
    played = next((number for number, event in enumerate(found) if isinstance(event, Played)), len(found))
    return found[played:]


def _evenly(pattern: Sequence[HeardEvent], interval_s: float) -> list[HeardEvent]:
    """Return a pattern in which each packet is played as long as it is, and each hole is as long as it was."""
    found: list[HeardEvent] = []
    at = 0.0
    for event in pattern:
        duration = interval_s if isinstance(event, Played) else event.duration
        found.append(event._replace(at=at, duration=duration))
        at += duration
    return found


def _packets(pattern: Sequence[HeardEvent], interval_s: float) -> int:
    """Return how many packets of speech a pattern takes: up to its last one, and what was concealed after it."""
    played = [event for event in pattern if isinstance(event, Played)]
    after = pattern[-1].at + pattern[-1].duration - played[-1].at - played[-1].duration
    return played[-1].sequence - played[0].sequence + 1 + round(after / interval_s)


def _pesq() -> tuple[Callable[..., float], type[Exception]]:
    from pesq import PesqError, pesq  # noqa: PLC0415  an extra: see pyproject.toml

    return pesq, PesqError
