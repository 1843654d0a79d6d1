"""The numbers of a run's speech: how long, which holes, how P.862 scores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.listening.lqo import EXCERPT_S, SCALES, has_pesq, score_call, score_positions

if TYPE_CHECKING:
    from testbed.measure.listening.lqo import Positions
    from testbed.measure.listening.speech import RunSpeech, Speech


def speech_result(run: RunSpeech) -> dict[str, Any]:
    """Return what `testbed speech --json` prints of a run; ms have three decimals, scores too.

    `mos_lqo` and what is under `handover` are None where P.862 has no score (see `lqo`), and all are without `pesq`.
    """
    scored = has_pesq()
    return {
        "scheme": run.scheme,
        "speech": {
            name: None if speech is None else _direction(speech, run.start_ns, scored=scored)
            for name, speech in run.directions.items()
        },
        "warnings": list(run.warnings),
    }


def _direction(speech: Speech, start_ns: int, *, scored: bool) -> dict[str, Any]:
    holes, (longer, shorter) = speech.holes(), speech.stretched_s()
    return {
        "start_s": round((speech.start_ns - start_ns) / 1e9, 6),
        "sent_s": round(len(speech.as_sent()) / speech.rate_hz, 6),
        "heard_s": round(len(speech.as_heard()) / speech.rate_hz, 6),
        "holes": len(holes),
        "holes_ms": _ms(speech.hole_s()),
        "longest_hole_ms": _ms(max((one.length_s for one in holes), default=0.0)),
        "stretched_ms": _ms(longer),
        "shortened_ms": _ms(shorter),
        "filled_packets": speech.filled,
        "rate_hz": speech.rate_hz,
        "mos_lqo_scale": SCALES[speech.rate_hz],
        "mos_lqo": _score(score_call(speech)) if scored else None,
        "handover": {
            "seconds": EXCERPT_S,
            "as_heard": _positions(score_positions(speech)) if scored else None,
            "holes_alone": _positions(score_positions(speech, stretched=False)) if scored else None,
        }
        if speech.handover_s is not None
        else None,
    }


def _positions(found: Positions | None) -> dict[str, Any] | None:
    if found is None:
        return None
    numbers = {name: _score(value) for name, value in found._asdict().items()}
    return {**numbers, "positions": found.positions}


def _score(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3) + 0.0
