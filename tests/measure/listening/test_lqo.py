"""P.862: the scale's ends, ITU's own conformance values, and what a hole costs at many places."""

from __future__ import annotations

import audioop
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from testbed.measure import MeasuredRun
from testbed.measure.listening import lqo
from testbed.measure.listening.lqo import score, score_call, score_positions
from testbed.measure.result.speech_scores import speech_result
from tests.measure import synthetic

from .talking import mu_law, talk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.listening.speech import Speech

needs_pesq = pytest.mark.skipif(not lqo.has_pesq(), reason="no package pesq: make .venv/.speech")
CONFORMANCE = Path(os.environ.get("P862_CONFORMANCE_DIR", "no such folder"))


def map_to_lqo(raw: float) -> float:
    """P.862.1, equation 1."""
    return 0.999 + 4 / (1 + math.exp(-1.4945 * raw + 4.6607))


def linear(octets: bytes) -> NDArray[np.int16]:
    return np.frombuffer(audioop.ulaw2lin(octets, 2), dtype=np.int16)


@pytest.fixture(scope="module")
def reinvite(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    run = talk(synthetic.reinvite_run()).write(tmp_path_factory.mktemp("run") / "reinvite")
    found = MeasuredRun(run).speech.directions["to_mn"]
    assert found is not None
    return found


@pytest.fixture(scope="module")
def handover_cn(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    run = talk(synthetic.handover_cn_run()).write(tmp_path_factory.mktemp("run") / "handover-cn")
    found = MeasuredRun(run).speech.directions["to_mn"]
    assert found is not None
    return found


@needs_pesq
@pytest.mark.parametrize("voice", ["mn", "cn"])
def test_the_same_speech_has_the_highest_score(voice: str) -> None:
    speech = linear(mu_law(voice))
    assert score(speech, speech) == pytest.approx(map_to_lqo(4.5), abs=1e-4)
    assert score(speech, speech // 4) == pytest.approx(map_to_lqo(4.5), abs=0.1)  # levels are made equal


@needs_pesq
@pytest.mark.parametrize("voice", ["mn", "cn"])
@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_g711_is_nearly_as_good_as_the_linear_speech(voice: str, law: str) -> None:
    # At another level, or the speech, which is µ-law already, would pass the codec unchanged.
    speech = np.rint(linear(mu_law(voice)) * 0.7).astype(np.int16)
    octets = getattr(audioop, f"lin2{law}")(speech.tobytes(), 2)
    coded = np.frombuffer(getattr(audioop, f"{law}2lin")(octets, 2), dtype=np.int16)
    found = score(speech, coded)
    assert found is not None
    assert 4.4 < found < 4.54


@needs_pesq
@pytest.mark.skipif(
    not CONFORMANCE.is_dir(),
    reason="no conformance data of P.862: set P862_CONFORMANCE_DIR to a folder with its voipref_8k.txt and wave files",
)
def test_itu_s_conformance_values() -> None:
    pairs = [line.split("\t") for line in (CONFORMANCE / "voipref_8k.txt").read_text().splitlines()[1:]]
    assert len(pairs) == 40
    for reference, degraded, _, raw in pairs:
        one, other = (
            np.frombuffer((CONFORMANCE / Path(name).name).read_bytes()[44:], dtype="<i2")
            for name in (reference, degraded)
        )
        # P.862, annex A: three decimals of the raw score.
        assert score(one, other) == pytest.approx(map_to_lqo(float(raw)), abs=0.001), degraded


@needs_pesq
def test_no_score_where_p862_has_none() -> None:
    speech = linear(mu_law("mn"))
    silence = np.zeros_like(speech)
    assert score(speech, silence) is None
    assert score(silence, speech) is None
    assert score(speech[:1999], speech[:1999]) is None
    assert score(speech[:0], speech) is None
    assert score(np.tile(speech, 2), np.tile(speech, 2)) is None  # more than 20 s


@needs_pesq
def test_a_call_is_scored_in_pieces_that_begin_alike(handover_cn: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_call(handover_cn)
    assert whole is not None
    assert 3 < whole < map_to_lqo(4.5)
    monkeypatch.setattr(lqo, "LONGEST_S", 4.0)
    pieces = lqo._pieces(handover_cn, len(handover_cn.as_sent()), len(handover_cn.as_heard()))
    assert len(pieces) == 4
    sent, heard = handover_cn.as_sent(), handover_cn.as_heard()
    assert (pieces[0][0][0], pieces[-1][0][1], pieces[0][1][0], pieces[-1][1][1]) == (0, len(sent), 0, len(heard))
    first, second = pieces[0], pieces[1]
    assert (sent[: first[0][1]] == heard[: first[1][1]]).all()
    assert first[0][1] == second[0][0] == 175 * 160


@needs_pesq
def test_the_median_over_positions_tells_a_hole_from_none(reinvite: Speech, handover_cn: Speech) -> None:
    hole, whole = score_positions(reinvite, 6), score_positions(handover_cn, 6)
    assert hole is not None
    assert whole is not None
    assert hole.lowest <= hole.median <= hole.highest < whole.median <= whole.highest
    # No holes and no stretching: what is heard is what was sent.
    alone = score_positions(handover_cn, 2, stretched=False)
    assert alone is not None
    assert (alone.lowest, alone.highest) == pytest.approx((map_to_lqo(4.5), map_to_lqo(4.5)), abs=1e-4)
    alone = score_positions(reinvite, 6, stretched=False)
    assert alone is not None
    assert alone.median == pytest.approx(hole.median, abs=0.3)


def test_the_pattern_is_laid_over_other_speech_at_each_position(
    reinvite: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs: list[tuple[Any, Any]] = []

    def listen(sent: NDArray[np.int16], heard: NDArray[np.int16], rate_hz: int) -> float:
        assert rate_hz == 8000
        pairs.append((sent, heard))
        return 1.0 + len(pairs)

    monkeypatch.setattr(lqo, "score", listen)
    found = score_positions(reinvite, 3, stretched=False)
    assert (found, len(pairs)) == (lqo.Positions(3.0, 3.0, 1.0, 2.0, 4.0, 3), 3)
    frames = reinvite.sent.frames
    # 4 s before 5989 ms, packet 48 was next to be played; the hole begins with packet 250.
    for number, (sent, heard) in enumerate(pairs):
        first = (48 + len(frames) * number // 3) % len(frames)
        assert (sent[:160] == frames[first]).all()
        assert (heard[: 202 * 160] == sent[: 202 * 160]).all()
        assert not heard[202 * 160 :][: round(2.96 * 8000)].any()
        assert heard[202 * 160 + round(2.96 * 8000) :].any()


def test_no_score_where_not_all_that_was_sent_is_known(reinvite: Speech, tmp_path: Path) -> None:
    up = MeasuredRun(talk(synthetic.reinvite_run()).write(tmp_path / "run")).speech.directions["to_cn"]
    assert up is not None
    assert (score_call(up), score_positions(up)) == (None, None)


def test_without_the_package_there_are_the_holes_and_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pesq", None)
    assert not lqo.has_pesq()
    result = speech_result(MeasuredRun(talk(synthetic.reinvite_run()).write(tmp_path / "run")).speech)
    to_mn = result["speech"]["to_mn"]
    assert (to_mn["holes"], to_mn["holes_ms"], to_mn["mos_lqo"]) == (1, 2960.0, None)
    assert to_mn["handover"] == {"seconds": 12.0, "as_heard": None, "holes_alone": None}
