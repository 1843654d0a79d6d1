"""What is heard of wideband payloads: the speech that was encoded, and nothing but an error for what is none."""

from __future__ import annotations

import contextlib
import ctypes
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.__main__ import recorded, speech
from agents.rtp.coding.codec import CodecError, MissingLibraryError, UnknownFormatError
from agents.rtp.coding.decoders import DECODED, Decoder, make_decoder

WIDEBAND = ("G722", "OPUS")


def decoded(decoder: Decoder, payloads: tuple[bytes, ...]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.frombuffer(b"".join(map(decoder.decode, payloads)), dtype=np.int16)


@pytest.mark.parametrize("name", WIDEBAND)
def test_a_payload_of_20_ms_is_320_samples_at_16_khz(name: str) -> None:
    """RFC 3551, 4.5.2; RFC 6716, 2.1.3."""
    decoder = make_decoder(name)
    lengths = {len(decoder.decode(payload)) for payload in recorded("mn", [name])[name]}
    assert (lengths, decoder.rate_hz) == ({640}, 16000)


@pytest.mark.parametrize("name", WIDEBAND)
@pytest.mark.parametrize("who", ["mn", "cn"])
def test_it_says_what_the_same_speech_in_mu_law_says(who: str, name: str) -> None:
    """Its lower half, at the best shift within the coders' delays (RFC 7845: 312 samples at 48 kHz; G.722: 22)."""
    wide = decoded(make_decoder(name), recorded(who, [name])[name]).astype(float)
    narrow = decoded(make_decoder("PCMU"), (speech(who),)).astype(float)
    halved = (wide[0::2] + wide[1::2]) / 2
    length = len(narrow) - 200
    likenesses = [np.corrcoef(halved[shift : shift + length], narrow[:length])[0, 1] for shift in range(120)]
    assert max(likenesses) > 0.85
    assert abs(np.corrcoef(halved[1000 : 1000 + length - 1000], narrow[: length - 1000])[0, 1]) < 0.5


def test_g722_has_speech_above_4_khz() -> None:
    wide = decoded(make_decoder("G722"), recorded("cn", ["G722"])["G722"]).astype(float)
    power = np.abs(np.fft.rfft(wide)) ** 2
    above = power[len(power) // 2 :].sum() / power.sum()
    assert above > 0.005


@pytest.mark.parametrize("name", WIDEBAND)
def test_decoders_of_two_streams_know_nothing_of_each_other(name: str) -> None:
    payloads = recorded("mn", [name])[name][:60]
    alone, other = make_decoder(name), make_decoder(name)
    for payload in recorded("cn", [name])[name][:20]:
        other.decode(payload)
    assert (decoded(alone, payloads) == decoded(make_decoder(name), payloads)).all()


def test_opus_goes_on_otherwise_after_a_packet_that_it_was_told_it_missed() -> None:
    payloads = recorded("mn", ["OPUS"])["OPUS"][:80]
    told, untold = make_decoder("OPUS"), make_decoder("OPUS")
    for one in (told, untold):
        decoded(one, payloads[:60])
    told.miss()
    assert told.decode(payloads[61]) != untold.decode(payloads[61])


@pytest.mark.parametrize("name", sorted(DECODED - {"OPUS"}))
def test_nothing_is_no_speech(name: str) -> None:
    with pytest.raises(CodecError):
        make_decoder(name).decode(b"")


@given(st.binary(max_size=200))
def test_opus_takes_any_bytes_or_says_that_they_are_none(data: bytes) -> None:
    with contextlib.suppress(CodecError):
        assert make_decoder("OPUS").decode(data)


def test_names_are_those_of_sdp_however_they_are_written() -> None:
    assert make_decoder("opus").rate_hz == make_decoder("g722").rate_hz == 16000
    with pytest.raises(UnknownFormatError, match="no decoder for AMR"):
        make_decoder("AMR")


@pytest.mark.parametrize(
    ("name", "command"), [("G722", "apt-get install libspandsp2"), ("OPUS", "apt-get install libopus0")]
)
def test_a_machine_without_the_library_says_what_installs_it(
    name: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(library: str) -> NoReturn:
        raise OSError(library)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(MissingLibraryError, match=command) as told:
        make_decoder(name)
    assert "\n" not in str(told.value)
