"""Speech made longer and shorter: how long it then is, what it begins and ends with, that it keeps its pitch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure.listening.stretch import SEARCH_S, stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKET = 160
SEARCH = OVERLAP = round(SEARCH_S * 8000)


def tone(hertz: float, packets: int) -> NDArray[np.int16]:
    at = np.arange(packets * PACKET) / 8000
    samples: NDArray[np.int16] = np.rint(8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
    return samples.reshape(packets, PACKET)


def frequency(samples: NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 8000 / len(samples))


@given(
    lengths=st.lists(st.integers(1, 2 * PACKET), min_size=1, max_size=12),
    size=st.integers(1, 200),
    follows=st.booleans(),
    seed=st.integers(0, 99),
)
def test_it_takes_as_long_as_it_is_told(lengths: list[int], size: int, follows: bool, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-32768, 32768, (len(lengths) + 1, size)).astype(np.int16)
    out = stretch(noise[:-1], lengths, noise[-1] if follows else None)
    assert len(out) == sum(lengths)
    assert out.dtype == np.int16


@given(st.integers(1, 8), st.integers(0, 99))
def test_what_takes_as_long_as_it_is_stays_as_it_is(packets: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-32768, 32768, (packets, PACKET)).astype(np.int16)
    assert (stretch(noise, [PACKET] * packets) == noise.reshape(-1)).all()


@pytest.mark.parametrize("length", [140, 157, 163, 180])
@pytest.mark.parametrize("hertz", [90, 140, 220, 700])
def test_a_tone_keeps_its_pitch_and_its_level(hertz: float, length: int) -> None:
    speech = tone(hertz, 51)
    out = stretch(speech[:50], [length] * 50, speech[50])
    assert frequency(out) == pytest.approx(hertz, abs=8000 / len(out) + 1)
    # No cross-fade of a tone with itself out of step, which would show as a dip.
    middle = out[OVERLAP:-OVERLAP].astype(np.float64)
    levels = np.sqrt((middle[: len(middle) // PACKET * PACKET].reshape(-1, PACKET) ** 2).mean(axis=1))
    assert levels.min() > 0.8 * 8000 / np.sqrt(2) * 0.9


def test_at_16_khz_it_is_the_same_in_seconds() -> None:
    """Twice the samples of a tone an octave higher are as far from where they belong, and keep their pitch."""
    speech = tone(220, 52).reshape(26, 2 * PACKET)
    out = stretch(speech[:25], [2 * PACKET + 20] * 25, speech[25], 16000)
    assert len(out) == 25 * (2 * PACKET + 20)
    assert frequency(out) == pytest.approx(220, abs=8000 / len(out) + 1)


def test_begin_and_end_are_where_they_belong_and_all_between_is_near() -> None:
    # Each packet has a level of its own, so that the level tells which packet one hears.
    speech = np.repeat(np.arange(1, 41, dtype=np.int16) * 100, PACKET).reshape(40, PACKET)
    out = stretch(speech, [180] * 40)
    assert (out[0], out[-1]) == (100, 4000)
    heard = np.rint(out / 100)
    for at in range(0, len(out), 10):
        nearest = at / 180 + 1
        assert abs(heard[at] - nearest) <= 1 + (SEARCH + 2 * OVERLAP) / PACKET


def test_longer_and_then_shorter_is_no_longer_but_is_not_the_same() -> None:
    speech = np.random.default_rng(1).integers(-9000, 9000, (40, PACKET)).astype(np.int16)
    out = stretch(speech, [180] * 20 + [140] * 20)
    assert len(out) == 40 * PACKET
    assert (out != speech.reshape(-1)).any()
