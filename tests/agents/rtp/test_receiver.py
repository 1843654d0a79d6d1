"""A whole call at the receiving end: source, two paths, and what is heard."""

from random import Random

import pytest

from agents.rtp.playout_events import Concealed, Played, PlayoutEvent, Started
from agents.rtp.receiver import MOST_EVENTS, StreamReceiver
from agents.rtp.source import MediaSource
from tests.agents.rtp.packets import build_packet


class Call:
    """A CN that talks, paths to the MN with a delay each, and the MN."""

    def __init__(self) -> None:
        self.cn = MediaSource(bytes(range(256)) * 5, start=0.0, random=Random(1))
        self.mn = StreamReceiver(payload_types=(0,))
        self.events: list[PlayoutEvent] = []

    def talk(self, until: float, **paths: float) -> None:
        """Send what is due, over all `paths`, each with its delay in milliseconds, and let it arrive."""
        sent = self.cn.packets_to_send(now=until)
        arrivals = [(due + delay / 1000, path, data) for due, data in sent for path, delay in paths.items()]
        for at, path, data in sorted(arrivals):
            self.mn.receive_datagram(data, path=path, now=at)
            while event := self.mn.playout.next_event():
                self.events.append(event)

    def concealed(self) -> float:
        return 1000 * sum(event.duration for event in self.events if isinstance(event, Concealed))


def test_soft_handover_is_not_heard() -> None:
    call = Call()
    call.talk(5.0, wifi=1.5)
    assert call.mn.statistics("umts") is None
    call.talk(6.0, wifi=1.5, umts=110)
    new = call.mn.statistics("umts")
    assert new is not None
    assert new.counts.lost == 0
    assert new.counts.received == 50
    assert call.mn.playout.covers("umts")
    call.talk(10.0, umts=110)
    assert call.concealed() == 0
    assert call.mn.filter.count("umts").duplicate == 50


def test_hard_handover_is() -> None:
    call = Call()
    call.talk(5.0, wifi=1.5)
    call.talk(6.0)
    call.talk(10.0, umts=110)
    assert call.concealed() == pytest.approx(1000 + 80)


def test_another_source_takes_over_without_a_hole() -> None:
    call = Call()
    call.talk(5.0, wifi=1.5)
    call.cn = MediaSource(bytes(200), start=5.01, random=Random(2))
    call.talk(10.0, wifi=1.5)
    assert call.concealed() == 0
    assert len([event for event in call.events if isinstance(event, Started)]) == 1
    played = [event.sequence for event in call.events if isinstance(event, Played)]
    assert played == sorted(played)
    assert len(played) == 251 + 247
    old = call.mn.statistics("wifi")
    assert old is not None
    assert old.counts.received == 250, "statistics begin anew with the new stream"


def test_an_old_stream_that_goes_on_beside_the_new_one_does_not_disturb_it() -> None:
    """Copies under an SSRC of their own, as RFC 7198 wants them, but from somebody who didn't say so."""
    call = Call()
    call.talk(2.0, wifi=1.5)
    other = MediaSource(bytes(200), start=2.005, random=Random(2))
    for tick in range(100, 250):
        call.talk(tick * 0.02, wifi=1.5)
        for due, data in other.packets_to_send(now=tick * 0.02 + 0.010):
            call.mn.receive_datagram(data, path="umts", now=due + 0.0015)
    assert call.concealed() == 0
    assert len({arrival.sequence for arrival in call.events if isinstance(arrival, Played)}) > 240


def test_stragglers_of_an_older_stream_are_ignored() -> None:
    mn = StreamReceiver(payload_types=(0,))
    for ssrc in range(3):
        for n in range(2):
            mn.receive_datagram(build_packet(0, n, 160 * n, ssrc, b""), path="wifi", now=ssrc + n * 0.02)
    depth = mn.playout.depth
    assert len(mn.receive_datagram(build_packet(0, 2, 320, 0, b""), path="umts", now=2.05)) == 1
    assert mn.playout.depth == depth
    assert mn.statistics("umts") is None


def test_what_is_no_rtp_is_counted() -> None:
    mn = StreamReceiver(payload_types=(0,))
    assert mn.receive_datagram(b"\r\n\r\n", path="wifi", now=0.0) == ()
    assert mn.malformed == 1
    assert mn.playout.get_timer() is None


def test_metrics_of_a_path_say_how_long_its_slowest_packets_wait() -> None:
    call = Call()
    call.talk(4.0, wifi=1.5)
    metrics = call.mn.voip_metrics("wifi", round_trip=0.0301)
    assert metrics is not None
    assert (metrics.loss_rate, metrics.discard_rate, metrics.round_trip_delay) == (0, 0, 30)
    assert metrics.nominal_delay == metrics.maximum_delay == pytest.approx(40, abs=1)
    assert metrics.end_system_delay == metrics.nominal_delay + 20
    assert metrics.absolute_maximum_delay == 1000
    assert call.mn.voip_metrics("umts", round_trip=None) is None


def test_the_new_path_s_packets_are_late_until_the_playout_has_become_deep_enough() -> None:
    call = Call()
    call.talk(2.0, wifi=1.5)
    call.talk(2.2, wifi=1.5, umts=110.0)
    early = call.mn.voip_metrics("umts", round_trip=None)
    call.talk(5.0, wifi=1.5, umts=110.0)
    later = call.mn.voip_metrics("umts", round_trip=None)
    assert early is not None
    assert later is not None
    assert early.nominal_delay == 0
    assert later.nominal_delay == pytest.approx(10, abs=1)  # the margin: as deep as it is to be
    assert later.maximum_delay == pytest.approx(118, abs=2)


def test_events_that_nobody_takes_are_bounded() -> None:
    listener = StreamReceiver(payload_types=(0,))
    for number in range(2 * MOST_EVENTS):
        packet = build_packet(0, number, 160 * number, ssrc=7, payload=bytes(160))
        listener.receive_datagram(packet, path="wifi", now=number / 50)
    kept = 0
    while listener.playout.next_event():
        kept += 1
    assert kept == MOST_EVENTS
