"""What can be heard of the streams of a bare capture, to the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from testbed.measure.bare.stream_speech import StreamSpeech, speech_of_streams
from testbed.measure.capture.errors import NotInCaptureError
from testbed.measure.result.found import SelectedCapture
from tests.measure import frames
from tests.measure.bare import A, B, Bare

if TYPE_CHECKING:
    from pathlib import Path

LOUD = 0  # mu-law's most negative sample, far from the silence of `frames.rtp`


def spoken(bare: Bare, folder: Path) -> list[StreamSpeech]:
    made = sorted(bare.frames, key=lambda one: one.time_ns)
    capture = frames.write_pcap(folder / "bare.pcap", made)
    return list(speech_of_streams(SelectedCapture(capture, keeps=True)))


def say(
    bare: Bare, numbers: range, at_ms: float, *, kind: int = 0, stamp: int = 0, size: int = 160, ticks: int = 160
) -> None:
    for turn, number in enumerate(numbers):
        packet = frames.rtp(number, stamp + turn * ticks, payload_type=kind, size=0) + bytes([LOUD]) * size
        bare.send(at_ms + 20 * turn, A, B, packet)


def loud(one: StreamSpeech) -> list[tuple[int, int]]:
    """The stretches that are not silent, in samples."""
    assert one.samples is not None
    edges = np.flatnonzero(np.diff(np.concatenate([[False], one.samples != 0, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def test_lost_and_late_packets_and_pauses_are_silent(tmp_path: Path) -> None:
    bare = Bare()
    bare.call()
    say(bare, range(50), 100)
    say(bare, range(52, 100), 1140, stamp=52 * 160)  # two lost
    say(bare, range(100, 101), 2300, stamp=16000)  # 200 ms late
    say(bare, range(101, 110), 2120, stamp=16160)
    say(bare, range(110, 120), 4100, stamp=32000)  # after a pause
    (one,) = spoken(bare, tmp_path)
    assert loud(one) == [(0, 8000), (8320, 16000), (16160, 17600), (32000, 33600)]
    assert (one.decoded, one.undecoded) == (117, {})
    told = one.described(one.start_ns - 100_000_000, "x.wav")
    assert [told[name] for name in ("start_s", "length_s", "lost", "late", "file")] == [0.1, 4.2, 2, 1, "x.wav"]


def test_one_that_overtook_another_is_in_its_place(tmp_path: Path) -> None:
    bare = Bare()
    say(bare, range(10), 0)
    say(bare, range(11, 12), 200, stamp=11 * 160)
    say(bare, range(10, 11), 205, stamp=10 * 160)
    say(bare, range(12, 20), 240, stamp=12 * 160)
    assert loud(spoken(bare, tmp_path)[0]) == [(0, 20 * 160)]


def test_what_cannot_be_decoded_is_told_with_its_reason(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 96", lines=("a=rtpmap:96 iLBC/8000",))
    say(bare, range(50), 100)
    say(bare, range(50, 60), 1100, kind=96, stamp=8000)
    bare.rtp(range(30), 100, ends=(B, A), ssrc=9, kind=18)
    there, back = sorted(spoken(bare, tmp_path), key=lambda one: one.measured["payload_type"])
    assert (there.decoded, there.undecoded) == (50, {"no codec for iLBC": 10})
    assert (back.decoded, back.undecoded, back.samples) == (0, {"no codec for G729": 30}, None)


def test_what_was_announced_as_encrypted_is_not_decoded_to_noise(tmp_path: Path) -> None:
    bare = Bare()
    bare.call()
    as_long = (b" RTP/AVP 0\r\n", b" RTP/SAVP 0\n")
    bare.frames = [frames.Frame(one.time_ns, one.data.replace(*as_long)) for one in bare.frames]
    say(bare, range(50), 100)
    (one,) = spoken(bare, tmp_path)
    assert (one.samples, one.undecoded) == (None, {"encrypted (SRTP)": 50})


def test_cut_payloads_are_told(tmp_path: Path) -> None:
    bare = Bare()
    say(bare, range(50), 0)
    bare.frames = [frames.Frame(one.time_ns, one.data[:100], wire=len(one.data)) for one in bare.frames]
    (one,) = spoken(bare, tmp_path)
    assert (one.samples, one.undecoded) == (None, {"cut off by the capture, or in IP fragments": 50})


def test_nothing_to_hear(tmp_path: Path) -> None:
    bare = Bare()
    bare.call()
    with pytest.raises(NotInCaptureError, match="no RTP stream was found"):
        spoken(bare, tmp_path)


def test_keys_and_comfort_noise_are_no_speech(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 13 101", lines=("a=rtpmap:101 telephone-event/8000",))
    say(bare, range(50), 100)
    say(bare, range(50, 51), 1100, kind=13, stamp=8000, size=1)
    say(bare, range(51, 54), 1120, kind=101, stamp=8160, size=4)
    (one,) = spoken(bare, tmp_path)
    assert (loud(one), one.undecoded) == ([(0, 8000)], {})
