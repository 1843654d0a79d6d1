"""Payloads out of packets, decoded; speech that is played over and over."""

from __future__ import annotations

import audioop
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure.listening.voice import decode, fill, find_round
from testbed.measure.rtp.payloads import payload_of

from .talking import PACKET, mu_law

FORMATS = {0: "PCMU", 8: "PCMA", 3: "GSM", 96: "H264"}
HEADER = struct.pack(">BBHII", 0x80, 0, 1, 2, 3)


def with_first(first: int) -> bytes:
    return bytes([first]) + HEADER[1:]


def test_a_payload_begins_after_csrcs_and_extension_and_ends_before_the_padding() -> None:
    assert payload_of(HEADER + b"speech") == b"speech"
    assert payload_of(with_first(0x82) + bytes(8) + b"speech") == b"speech"
    assert payload_of(with_first(0x91) + bytes(4) + b"\xbe\xde\0\x02" + bytes(8) + b"speech") == b"speech"
    assert payload_of(with_first(0xA0) + b"speech" + bytes([0, 0, 3])) == b"speech"


@given(st.binary(min_size=12, max_size=64))
def test_any_packet_has_a_payload_or_an_empty_one(packet: bytes) -> None:
    assert len(payload_of(packet)) <= len(packet) - 12


def packets(name: str, count: int) -> list[tuple[int, int, bytes | None]]:
    speech = mu_law(name)
    length = len(speech) // PACKET
    return [(key, 0, speech[key % length * PACKET :][:PACKET]) for key in range(count)]


def test_both_laws_are_decoded_and_what_is_none_is_silent_and_counted() -> None:
    speech = mu_law("cn")[: 2 * PACKET]
    linear = audioop.ulaw2lin(speech, 2)
    a_law = audioop.lin2alaw(linear, 2)
    given_ = [
        (0, 0, speech[:PACKET]),
        (1, 8, a_law[PACKET:]),
        (3, 96, bytes(PACKET)),
        (4, 0, None),
        (5, 0, bytes(80)),
        (6, 3, bytes(33)),
        (7, 0, b""),
    ]
    voice = decode(given_, 8, 0.02, FORMATS)
    assert voice.known.tolist() == [True, True, False, False, False, False, False, False]
    assert voice.undecoded == 5
    assert voice.frames[0].tobytes() == linear[: 2 * PACKET]
    assert voice.frames[1].tobytes() == audioop.alaw2lin(a_law[PACKET:], 2)
    assert not voice.frames[2:].any()


def test_a_loop_is_found_and_fills_what_was_not_seen() -> None:
    length = len(mu_law("mn")) // PACKET
    whole = decode(packets("mn", 1400), 1400, 0.02, FORMATS)
    seen = decode([one for one in packets("mn", 1400) if not 700 <= one[0] < 850], 1400, 0.02, FORMATS)
    assert find_round(whole) == find_round(seen) == length
    filled = fill(seen, length)
    assert filled.known.all()
    assert (filled.frames == whole.frames).all()


def test_what_no_round_has_stays_silent() -> None:
    length = len(mu_law("mn")) // PACKET
    seen = decode([one for one in packets("mn", 1400) if one[0] % length != 5], 1400, 0.02, FORMATS)
    filled = fill(seen, length)
    assert np.flatnonzero(~filled.known).tolist() == [5, 5 + length, 5 + 2 * length]
    assert not filled.frames[5].any()


def test_less_than_half_a_round_heard_twice_is_no_loop() -> None:
    length = len(mu_law("mn")) // PACKET
    assert find_round(decode(packets("mn", length), length, 0.02, FORMATS)) is None
    assert find_round(decode(packets("mn", length * 5 // 4), length * 5 // 4, 0.02, FORMATS)) is None
    other = [
        (key, kind, bytes([key % 251]) * PACKET if key == 1000 else said) for key, kind, said in packets("mn", 1400)
    ]
    assert find_round(decode(other, 1400, 0.02, FORMATS)) is None
