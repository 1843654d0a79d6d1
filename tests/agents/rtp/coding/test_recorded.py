"""Speech that was encoded once: every packet of the files, and nothing but an error for what is none (RFC 7845)."""

from __future__ import annotations

import contextlib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.__main__ import SPEECH, recorded
from agents.rtp.au import read_mu_law
from agents.rtp.coding.recorded import FILES, RecordingError, read_g722, read_opus

OPUS = (SPEECH / "mn.opus").read_bytes()
SILK_WIDEBAND_20_MS = 9
"""RFC 6716, table 2."""


@pytest.mark.parametrize(("who", "name"), list(product(("mn", "cn"), FILES)))
def test_it_is_as_long_as_the_same_speech_in_mu_law(who: str, name: str) -> None:
    (payloads,) = recorded(who, ["PCMU", name]).values()
    assert abs(len(payloads) - len(read_mu_law((SPEECH / f"{who}.au").read_bytes())) / 160) <= 2


@pytest.mark.parametrize("who", ["mn", "cn"])
def test_opus_is_one_frame_of_50_octets_in_each_packet(who: str) -> None:
    """20 kbit/s; TOC (RFC 6716, 3.1): configuration 9, mono, and one frame: code 0, or 3 with padding (3.2.5)."""
    (payloads,) = recorded(who, ["OPUS"]).values()
    assert {(len(one), one[0] >> 3, one[0] & 4) for one in payloads} == {(50, SILK_WIDEBAND_20_MS, 0)}
    assert {(one[0] & 3, one[1] & 0x3F) for one in payloads if one[0] & 3} <= {(3, 1)}


def test_g722_is_160_octets_in_each_packet() -> None:
    (payloads,) = recorded("mn", ["G722"]).values()
    assert {len(one) for one in payloads} == {160}


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
@pytest.mark.parametrize("who", ["mn", "cn"])
def test_g722_can_be_parted_anywhere(who: str, ptime_ms: int) -> None:
    (payloads,) = recorded(who, ["G722"], ptime_ms).values()
    assert {len(one) for one in payloads} == {8 * ptime_ms}
    whole = b"".join(recorded(who, ["G722"])["G722"])
    assert whole.startswith(b"".join(payloads))
    assert len(whole) - len(b"".join(payloads)) < 8 * ptime_ms


def test_frames_of_opus_cannot() -> None:
    with pytest.raises(RecordingError, match="recorded in packets of 20 ms, so none are of 60 ms"):
        recorded("mn", ["OPUS"], 60)


def test_what_is_encoded_while_it_is_said_needs_no_file() -> None:
    assert recorded("registrar", []) == recorded("mn", ["PCMU", "PCMA", "GSM"]) == {}


@pytest.mark.parametrize("data", [b"", bytes(159), bytes(161)])
def test_g722_that_ends_within_a_packet_is_none(data: bytes) -> None:
    with pytest.raises(RecordingError, match=rf"{len(data)} octets are no whole packets of 160"):
        read_g722(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no speech in Opus"),
        (OPUS[:100], "the file ends within a page"),
        (OPUS.replace(b"OpusHead", b"Speex   "), "no speech in Opus"),
        (b"RIFF" + OPUS[4:], "octet 0: no Ogg page"),
        (OPUS + b"Ogg", f"octet {len(OPUS)}: no Ogg page"),
    ],
)
def test_what_is_no_ogg_opus_is_told(data: bytes, why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        read_opus(data)


@given(st.integers(0, len(OPUS) - 1), st.integers(0, 255), st.integers(0, len(OPUS)))
def test_damage_raises_nothing_else(place: int, octet: int, length: int) -> None:
    damaged = bytearray(OPUS)
    damaged[place] = octet
    with contextlib.suppress(RecordingError):
        read_opus(bytes(damaged[:length]))
