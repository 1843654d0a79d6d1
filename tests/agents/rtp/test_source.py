"""The talking source: pacing from the start of the stream, and packets that can be sent twice."""

from pathlib import Path
from random import Random
from struct import pack

import pytest

from agents.rtp.au import AuParseError, read_mu_law
from agents.rtp.packet import RtpPacket
from agents.rtp.source import DuePacket, MediaSource

SPEECH = Path(__file__).parents[3] / "agents" / "rtp" / "speech"
SAMPLES = bytes(range(160)) + bytes(range(96, 256)) + b"end"


def packets(sent: list[DuePacket]) -> list[RtpPacket]:
    return [RtpPacket.parse(packet.data) for packet in sent]


def test_packet_n_is_due_at_start_plus_n_intervals() -> None:
    source = MediaSource(SAMPLES, start=100.0, random=Random(1))
    assert source.get_timer() == 100.0
    assert source.packets_to_send(now=99.999) == []
    assert [p.due for p in source.packets_to_send(now=100.0)] == [100.0]
    assert source.packets_to_send(now=100.019) == []
    assert source.get_timer() == pytest.approx(100.020)


def test_who_is_late_sends_all_that_is_due_and_shifts_nothing() -> None:
    source = MediaSource(SAMPLES, start=0.0, random=Random(1))
    assert [p.due for p in source.packets_to_send(now=0.075)] == pytest.approx([0, 0.020, 0.040, 0.060])
    assert source.get_timer() == pytest.approx(0.080)
    assert source.packets_sent == 4


def test_due_times_do_not_drift() -> None:
    source = MediaSource(SAMPLES, start=5.0, random=Random(1))
    assert source.packets_to_send(now=3605.0)[-1].due == pytest.approx(3605.0, abs=1e-9)
    assert source.packets_sent == 3600 * 50 + 1


def test_numbers_count_up_and_the_marker_is_on_the_first() -> None:
    first, second, third = packets(MediaSource(SAMPLES, start=0.0, random=Random(1)).packets_to_send(now=0.040))
    assert [p.marker for p in (first, second, third)] == [True, False, False]
    assert {p.ssrc for p in (first, second, third)} == {first.ssrc}
    assert second.sequence.distance_from(first.sequence) == 1
    assert (third.timestamp - first.timestamp) & 0xFFFFFFFF == 320
    assert {p.payload_type for p in (first, second, third)} == {0}


def test_speech_is_looped_and_its_last_frame_filled_with_silence() -> None:
    sent = packets(MediaSource(SAMPLES, start=0.0, random=Random(1)).packets_to_send(now=0.060))
    assert [p.payload for p in sent] == [SAMPLES[:160], SAMPLES[160:320], b"end" + b"\xff" * 157, SAMPLES[:160]]


class Largest(Random):
    """Draws the largest number always, so that everything wraps at once."""

    def getrandbits(self, k: int, /) -> int:
        return (1 << k) - 1


def test_numbers_wrap() -> None:
    first, second = packets(MediaSource(SAMPLES, start=0.0, random=Largest(0)).packets_to_send(now=0.020))
    assert (first.sequence, first.timestamp) == (0xFFFF, 0xFFFFFFFF)
    assert (second.sequence, second.timestamp) == (0, 159)


def test_same_seed_same_bytes() -> None:
    def run(seed: int) -> list[DuePacket]:
        return MediaSource(SAMPLES, start=0.0, random=Random(seed)).packets_to_send(now=1.0)

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_timestamp_for_a_sender_report() -> None:
    source = MediaSource(SAMPLES, start=10.0, random=Random(1))
    first = packets(source.packets_to_send(now=10.0))[0]
    assert (source.timestamp_at(10.5) - first.timestamp) & 0xFFFFFFFF == 4000


def test_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        MediaSource(b"", start=0.0, random=Random(1))


@pytest.mark.parametrize("name", ["mn.au", "cn.au"])
def test_the_speech_that_we_ship(name: str) -> None:
    data = (SPEECH / name).read_bytes()
    samples = read_mu_law(data)
    assert len(data) < 100_000
    assert 10.0 < len(samples) / 8000 < 12.0
    assert len(set(samples)) > 100, "not silence"


def au(offset: int = 24, size: int = 4, encoding: int = 1, rate: int = 8000, channels: int = 1) -> bytes:
    return pack("!4s5I", b".snd", offset, size, encoding, rate, channels) + b"note" + b"abcd"


def test_au_header_may_be_longer_and_its_size_unknown() -> None:
    assert read_mu_law(au()) == b"note"
    assert read_mu_law(au(offset=28)) == b"abcd"
    assert read_mu_law(au(size=0xFFFFFFFF)) == b"noteabcd"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b".snd", "4 octets are too few"),
        (b"RIFF" + bytes(40), "octet 0: b'RIFF'"),
        (au(offset=23), "octet 4: data begin at 23"),
        (au(offset=33), "octet 4: data begin at 33"),
        (au(encoding=27), "encoding 27"),
        (au(rate=16000), "16000 Hz"),
        (au(channels=2), "2 channels"),
        (au(size=0), "no samples"),
    ],
)
def test_what_is_no_speech_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(AuParseError, match=complaint):
        read_mu_law(data)
