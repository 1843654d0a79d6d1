"""G.711 and GSM, by published values and by what they promise."""

from __future__ import annotations

import ctypes
import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.coding.codec import (
    FRAME_SAMPLES,
    GSM,
    GSM_OCTETS,
    PCMA,
    PCMU,
    CodecError,
    MissingLibraryError,
    Transcoder,
    UnknownFormatError,
    make_codec,
)

EVERY_OCTET = bytes(range(256))
SILENCE = {PCMU: b"\xff", PCMA: b"\xd5"}
# The frame that GSM coders send in silence once they have settled; as in Asterisk's and SoX's.
GSM_SILENCE = bytes.fromhex("d820a2e15a50" + "00492492492450" * 3 + "004924924924")


def linear(*samples: int) -> bytes:
    return array("h", samples).tobytes()


def tone(frames: int, *, hz: float = 400, peak: int = 8000) -> bytes:
    return linear(*(round(peak * math.sin(2 * math.pi * hz * n / 8000)) for n in range(frames * FRAME_SAMPLES)))


def noise_ratio_db(sent: bytes, heard: bytes) -> float:
    """Signal to noise in dB."""
    pairs = list(zip(array("h", sent), array("h", heard), strict=True))
    noise = sum((a - b) ** 2 for a, b in pairs)
    return 10 * math.log10(sum(a * a for a, _ in pairs) / noise)


@pytest.mark.parametrize(
    ("payload_type", "octets", "samples"),
    [
        # G.711, tables 2a, 2b: decoder output values 1, 128 and the smallest ones, in 16 bits (x 4 of 14, x 8 of 13).
        (PCMU, "ff 7f 80 00 fe f0 ef", (0, 0, 8031 * 4, -8031 * 4, 2 * 4, 30 * 4, 33 * 4)),
        (PCMA, "d5 55 aa 2a d4", (1 * 8, -1 * 8, 4032 * 8, -4032 * 8, 3 * 8)),
    ],
)
def test_g711_decodes_to_the_values_of_its_tables(payload_type: int, octets: str, samples: tuple[int, ...]) -> None:
    assert make_codec(payload_type).decode(bytes.fromhex(octets)) == linear(*samples)


@pytest.mark.parametrize(
    ("payload_type", "octets"),
    [
        # G.711, tables 5 and 6: a tone of 1 kHz at a nominal level of 0 dBm0, in the two laws.
        (PCMA, "34 21 21 34 b4 a1 a1 b4"),
        (PCMU, "1e 0b 0b 1e 9e 8b 8b 9e"),
    ],
)
def test_the_tone_of_0_dbm0_has_its_level(payload_type: int, octets: str) -> None:
    """3.14 dB (A-law) and 3.17 dB (µ-law) below the tone that just fills the codec."""
    samples = array("h", make_codec(payload_type).decode(bytes.fromhex(octets)))
    full, below_db = {PCMA: (4096 * 8, 3.14), PCMU: (8159 * 4, 3.17)}[payload_type]
    power = sum(one * one for one in samples) / len(samples)
    assert 10 * math.log10(full**2 / 2 / power) == pytest.approx(below_db, abs=0.1)


@pytest.mark.parametrize("payload_type", [PCMU, PCMA])
def test_every_g711_octet_comes_back(payload_type: int) -> None:
    codec = make_codec(payload_type)
    changed = [octet for octet in EVERY_OCTET if codec.encode(codec.decode(bytes([octet]))) != bytes([octet])]
    assert changed == ([0x7F] if payload_type == PCMU else []), "µ-law has two zeros"


@given(st.integers(-32000, 32000), st.sampled_from([PCMU, PCMA]))
def test_g711_errs_by_half_a_step_at_most(sample: int, payload_type: int) -> None:
    """Steps are a sixteenth of their segment: at most 1/32 of the value, and half of the smallest step."""
    codec = make_codec(payload_type)
    (back,) = array("h", codec.decode(codec.encode(linear(sample))))
    assert abs(back - sample) <= max((abs(sample) + 132) / 32, 16)


@pytest.mark.parametrize(("one", "other"), [(PCMU, PCMA), (PCMA, PCMU)])
def test_from_one_law_to_the_other_errs_by_a_step_at_most(one: int, other: int) -> None:
    turned = Transcoder(one, other).transcode(EVERY_OCTET)
    before, after = (array("h", make_codec(law).decode(text)) for law, text in ((one, EVERY_OCTET), (other, turned)))
    assert all(abs(a - b) <= max(abs(a) / 16, 16) for a, b in zip(before, after, strict=True))
    assert all((a ^ b) & 0x80 == 0 for a, b in zip(EVERY_OCTET, turned, strict=True)), "the sign stays"


@pytest.mark.parametrize(
    ("one", "other", "numbers"),
    [(PCMU, PCMA, {0, 2, 4, 6, 8, 10, 12, 14}), (PCMA, PCMU, {26, 28, 30, 32, 45, 47, 63, 80})],
)
def test_there_and_back_changes_the_octets_that_g711_names(one: int, other: int, numbers: set[int]) -> None:
    """G.711, 3: µ-A-µ and A-µ-A change the values of these numbers alone, and of their octets bit 8 alone."""
    double = Transcoder(other, one).transcode(Transcoder(one, other).transcode(EVERY_OCTET))
    moved = {octet: new for octet, new in enumerate(double) if octet != new}
    flipped, first = {PCMU: (0xFF, 0), PCMA: (0x55, 1)}[one]
    assert {((octet ^ flipped) & 0x7F) + first for octet in moved} == numbers
    assert len(moved) == 2 * len(numbers), "of both signs"
    assert {octet ^ new for octet, new in moved.items()} == {1}


def test_silence_stays_silence() -> None:
    """A-law has no zero: its smallest value is 8 of 32768, and becomes µ-law's 8."""
    assert Transcoder(PCMU, PCMA).transcode(b"\xff" * 160) == b"\xd5" * 160
    assert Transcoder(PCMA, PCMU).transcode(b"\xd5" * 160) == b"\xfe" * 160


@pytest.mark.parametrize("payload_type", [PCMU, PCMA, GSM])
def test_the_same_format_passes_as_it_is(payload_type: int) -> None:
    payload = make_codec(payload_type).encode(tone(1))
    assert Transcoder(payload_type, payload_type).transcode(payload) == payload


def test_gsm_frames_have_33_octets_and_their_signature() -> None:
    payload = make_codec(GSM).encode(tone(25))
    frames = [payload[at : at + GSM_OCTETS] for at in range(0, len(payload), GSM_OCTETS)]
    assert len(payload) == 25 * GSM_OCTETS
    assert {frame[0] >> 4 for frame in frames} == {0xD}


def test_gsm_of_silence_is_the_frame_that_everybody_sends() -> None:
    transcoder = Transcoder(PCMU, GSM)
    assert {transcoder.transcode(SILENCE[PCMU] * 160) for _ in range(10)} == {GSM_SILENCE}
    heard = array("h", make_codec(GSM).decode(GSM_SILENCE))
    assert len(heard) == FRAME_SAMPLES
    assert max(map(abs, heard)) <= 16


def test_a_tone_over_gsm_is_that_tone() -> None:
    """The coder needs some frames to settle; from the fourth on, noise is 25 dB below the tone."""
    codec, sent = make_codec(GSM), tone(50)
    heard = codec.decode(codec.encode(sent))
    settled = 3 * FRAME_SAMPLES * 2
    assert len(heard) == len(sent)
    assert noise_ratio_db(sent[settled:], heard[settled:]) > 25


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_a_call_from_g711_over_gsm_and_back_is_still_the_tone(law: int) -> None:
    out, back, codec = Transcoder(law, GSM), Transcoder(GSM, law), make_codec(law)
    spoken = [codec.encode(tone(1)) for _ in range(30)]  # 400 Hz: eight whole periods a frame
    heard = [back.transcode(out.transcode(payload)) for payload in spoken]
    assert {len(payload) for payload in heard} == {160}
    assert noise_ratio_db(tone(1) * 25, codec.decode(b"".join(heard[5:]))) > 20


def test_each_stream_has_its_own_memory() -> None:
    """Frames of another stream between make no difference."""
    alone, beside, other = Transcoder(PCMU, GSM), Transcoder(PCMU, GSM), Transcoder(PCMU, GSM)
    speech = make_codec(PCMU).encode(tone(1))
    loud = make_codec(PCMU).encode(tone(1, hz=1300, peak=30000))
    for _ in range(5):
        other.transcode(loud)
        assert beside.transcode(speech) == alone.transcode(speech)


def test_decoding_does_not_disturb_what_is_encoded() -> None:
    alone, both = make_codec(GSM), make_codec(GSM)
    loud = make_codec(GSM).encode(tone(1, hz=1300, peak=30000))
    for _ in range(5):
        both.decode(loud)
        assert both.encode(tone(1)) == alone.encode(tone(1))


@pytest.mark.parametrize(
    ("from_pt", "to_pt", "payload", "words"),
    [
        (GSM, PCMU, GSM_SILENCE[:-1], "32 octets of GSM are no whole frames of 33"),
        (GSM, PCMU, GSM_SILENCE + b"\xd0", "34 octets of GSM"),
        (GSM, PCMA, b"", "0 octets of GSM"),
        (GSM, PCMU, bytes(33), "begins with the bits 1101, this one with octet 0x00"),
        (PCMU, GSM, b"\xff" * 159, "318 octets of linear samples are no whole frames of 320"),
        (PCMA, GSM, b"", "empty"),
        (PCMU, PCMA, b"", "empty"),
    ],
)
def test_a_payload_of_the_wrong_length_is_an_error(from_pt: int, to_pt: int, payload: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        Transcoder(from_pt, to_pt).transcode(payload)


@pytest.mark.parametrize("payload_type", [PCMU, PCMA])
@pytest.mark.parametrize("odd", [b"", b"\0\0\0"])
def test_half_a_sample_is_an_error(payload_type: int, odd: bytes) -> None:
    with pytest.raises(CodecError, match="no linear samples"):
        make_codec(payload_type).encode(odd)


@given(st.binary(max_size=700), st.permutations([PCMU, PCMA, GSM]))
def test_any_octets_are_a_payload_or_a_codec_error(payload: bytes, formats: list[int]) -> None:
    transcoder = Transcoder(formats[0], formats[1])
    try:
        assert transcoder.transcode(payload)
    except CodecError:
        assert formats[0] == GSM or not payload or len(payload) % FRAME_SAMPLES


def test_longer_packets_are_several_frames() -> None:
    """RFC 3551, 4.5.8: 40 ms of G.711 are two GSM frames in one packet."""
    assert len(Transcoder(PCMA, GSM).transcode(SILENCE[PCMA] * 320)) == 2 * GSM_OCTETS
    assert len(Transcoder(GSM, PCMU).transcode(GSM_SILENCE * 2)) == 320


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UnknownFormatError, match="payload type 18, only for"):
        Transcoder(PCMU, 18)


def test_without_libgsm_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(name: str) -> ctypes.CDLL:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    with pytest.raises(MissingLibraryError, match="apt-get install libgsm1"):
        Transcoder(PCMU, GSM)
    assert Transcoder(PCMU, PCMA).transcode(b"\xff") == b"\xd5", "G.711 needs none"
