"""What was heard in hand-made runs: the hole where the capture has it, as long as it has it, and nothing else."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents.rtp.playout_events import Concealed, Played
from testbed.measure import MeasuredRun
from testbed.measure.listening.codec_ratings import LOSSES
from testbed.measure.listening.speech import Speech, excerpt, render, to_wav
from testbed.measure.result.run import measure_run
from tests.measure import synthetic
from tests.measure.frames import MS, START_NS

from .talking import G722, PACKET, mu_law, talk

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from testbed.measure.listening.speech import HeardEvent

DIRECTIONS = ("to_mn", "to_cn")
RATE_HZ = 8000


@pytest.fixture(scope="module")
def reinvite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talk(synthetic.reinvite_run()).write(tmp_path_factory.mktemp("run") / "reinvite")


@pytest.fixture(scope="module")
def handover_cn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talk(synthetic.handover_cn_run()).write(tmp_path_factory.mktemp("run") / "handover-cn")


@pytest.fixture(scope="module")
def wideband(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = talk(synthetic.reinvite_run(), payload_type=G722)
    return run.write(tmp_path_factory.mktemp("run") / "wideband")


def speech(folder: Path, direction: str) -> Speech:
    found = MeasuredRun(folder).speech.directions[direction]
    assert found is not None
    return found


def longest_silence(samples: NDArray[np.int16]) -> tuple[int, int]:
    """Where the longest run of zeros begins, and how long it is."""
    loud = np.flatnonzero(np.concatenate([[1], samples, [1]]))
    runs = np.diff(loud) - 1
    longest = int(runs.argmax())
    return int(loud[longest]), int(runs[longest])


def test_the_hole_of_a_reinvite_is_where_the_capture_has_it(reinvite: Path) -> None:
    # Packets 0 to 249 came over WiFi. 394, in at 8997 ms, is the first over UMTS: 2960 ms after 249 was over.
    one = speech(reinvite, "to_mn")
    heard = one.as_heard()
    assert [(round(hole.at_s, 6), round(hole.length_s, 6)) for hole in one.holes()] == [(5.0, 2.96)]
    assert not heard[5 * RATE_HZ : round(7.96 * RATE_HZ)].any()
    assert (heard[: 5 * RATE_HZ] == one.as_sent()[: 5 * RATE_HZ]).all()
    at, length = longest_silence(heard)
    assert 0 <= 5 * RATE_HZ - at < PACKET
    assert 2.96 * RATE_HZ <= length < 2.96 * RATE_HZ + 2 * PACKET
    assert heard[round(7.96 * RATE_HZ) :][: RATE_HZ // 10].any()


def test_what_is_heard_after_the_hole_is_what_was_sent_then(reinvite: Path) -> None:
    one = speech(reinvite, "to_mn")
    after = next(event for event in one.events if isinstance(event, Played) and event.sequence == 394)
    begin = round((after.at - one.events[0].at) * RATE_HZ)
    assert begin == round(7.96 * RATE_HZ)
    unstretched = [event for event in one.events if isinstance(event, Played) and event.sequence >= 394][:3]
    assert [round(event.duration * RATE_HZ) for event in unstretched] == [PACKET] * 3
    sent = one.as_sent()[394 * PACKET : 397 * PACKET]
    assert (one.as_heard()[begin : begin + 3 * PACKET] == sent).all()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_handover_without_a_hole_has_none(handover_cn: Path, direction: str) -> None:
    one = speech(handover_cn, direction)
    assert (one.holes(), one.hole_s()) == ([], 0.0)
    longer, shorter = one.stretched_s()
    # To the MN 108 ms deeper, or more: the margin. What follows the path may shorten it again.
    assert longer - shorter > 0.050
    assert len(one.as_heard()) == round((len(one.as_sent()) / RATE_HZ + longer - shorter) * RATE_HZ)
    assert longest_silence(one.as_heard())[1] <= longest_silence(one.as_sent())[1] + PACKET


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("run", ["reinvite", "handover_cn"])
def test_holes_are_the_interruption_of_the_result(run: str, direction: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(run)
    one = speech(folder, direction)
    assert round(one.hole_s() * 1000, 3) == measure_run(folder)["media"][direction]["interruption_call_ms"]
    assert sum(hole.length_s for hole in one.holes()) == pytest.approx(one.hole_s())


def test_what_the_sender_s_stack_threw_away_is_known_from_another_round(tmp_path: Path) -> None:
    # The MN's packets 250 to 399 were never captured; the speech is 527 packets long, and 700 were sent.
    one = speech(talk(synthetic.reinvite_run()).write(tmp_path / "run"), "to_cn")
    length = len(mu_law("mn")) // PACKET
    assert (one.round, one.filled) == (None, 0)
    assert np.flatnonzero(~one.sent.known).tolist() == [*range(250, 400)]
    assert 700 - length < length / 2  # which is why: less than half a round was heard twice


def test_wideband_speech_is_16_khz_and_has_the_same_holes(reinvite: Path, wideband: Path) -> None:
    """G.722: the RTP clock is that of G.711, and there are twice as many samples (RFC 3551, 4.5.2)."""
    narrow, one = speech(reinvite, "to_mn"), speech(wideband, "to_mn")
    assert (narrow.rate_hz, one.rate_hz) == (8000, 16000)
    assert one.holes() == narrow.holes()
    assert len(one.as_heard()) == pytest.approx(2 * len(narrow.as_heard()), abs=2)
    at, length = longest_silence(one.as_heard())
    assert (at / 16000, length / 16000) == pytest.approx((5.0, 2.96), abs=0.001)
    with wave.open(io.BytesIO(to_wav(one.as_sent(), one.rate_hz))) as file:
        assert file.getframerate() == 16000
    media = MeasuredRun(wideband).result["media"]["to_mn"]
    assert (media["mos"], media["mos_scale"], media["quality_doubt"]) == (None, None, LOSSES.format("G.722"))


def test_a_packet_that_nobody_saw_is_said(reinvite: Path) -> None:
    assert MeasuredRun(reinvite).speech.warnings == (
        "to_cn: 150 packets were sent that no capture shows: silent in what was sent, and no score",
    )


def test_same_run_same_bytes(tmp_path: Path) -> None:
    made = [talk(synthetic.handover_cn_run()).write(tmp_path / name) for name in ("a", "b")]
    for direction in DIRECTIONS:
        one, other = (to_wav(speech(folder, direction).as_heard(), RATE_HZ) for folder in made)
        assert one == other


def test_a_wav_is_16_bits_at_8_khz(handover_cn: Path) -> None:
    one = speech(handover_cn, "to_mn")
    with wave.open(io.BytesIO(to_wav(one.as_heard(), RATE_HZ))) as file:
        assert file.getparams()[:4] == (1, 2, 8000, len(one.as_heard()))
        assert (np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") == one.as_heard()).all()


def test_an_excerpt_begins_before_the_handover(reinvite: Path) -> None:
    one = speech(reinvite, "to_mn")
    piece = excerpt(one, 8.0)
    # The last packet before was in at 5989 ms; playing began at 1049.
    assert (piece.length_s, round((piece.start_ns - START_NS) / MS)) == (8.0, 1989)
    with wave.open(io.BytesIO(piece.wav)) as file:
        found = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    begin = round((1.989 - 1.049) * RATE_HZ)
    assert (found == one.as_heard()[begin : begin + 8 * RATE_HZ]).all()


def test_an_excerpt_of_a_call_without_a_handover_is_its_beginning(tmp_path: Path) -> None:
    one = speech(talk(synthetic.plain_run()).write(tmp_path / "run"), "to_cn")
    assert one.handover_s is None
    piece = excerpt(one, 100.0)
    assert (piece.start_ns, piece.length_s) == (one.start_ns, len(one.as_heard()) / RATE_HZ)
    assert excerpt(one, 0.0).wav == to_wav(one.as_heard()[:0], RATE_HZ)


def test_rounding_adds_nothing_up() -> None:
    # Every packet 20.01 ms long: 160.08 samples. After 1000 packets 80 samples more, and not 1000 or none.
    events = [Played(key, 0.3 + key * 0.02001, 0.02001) for key in range(1000)]
    frames = np.ones((1000, PACKET), dtype=np.int16)
    heard = render(events, frames.__getitem__, RATE_HZ)
    assert len(heard) == 160_080
    assert (heard == 1).all()


def test_a_lone_packet_between_holes_is_as_long_as_it_is_played() -> None:
    noise = np.random.default_rng(3).integers(1, 9000, (1, PACKET)).astype(np.int16)
    events: list[HeardEvent] = [
        Concealed(None, 0.0, 0.02, "underrun"),
        Played(0, 0.02, 0.0225),
        Concealed(1, 0.0425, 0.02, "lost"),
    ]
    heard = render(events, noise.__getitem__, RATE_HZ)
    assert len(heard) == 500
    assert not heard[:PACKET].any()
    assert (heard[PACKET : PACKET + 180] > 0).all()
    assert not heard[PACKET + 180 :].any()


def test_no_packets_no_speech(tmp_path: Path) -> None:
    run = synthetic.begin("reinvite")
    found = MeasuredRun(run.write(tmp_path / "run")).speech
    assert found.directions == {"to_mn": None, "to_cn": None}
    assert len(found.warnings) == 2
