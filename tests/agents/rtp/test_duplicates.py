"""The first copy of each packet, whichever path brought it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.rtp.duplicates import MAX_CANDIDATES, Arrival, DuplicateFilter, PathCount
from agents.rtp.packet import RtpPacket
from tests.agents.rtp.packets import build_packet


def packet(n: int, *, ssrc: int = 1, payload_type: int = 0, timestamp: int | None = None) -> RtpPacket:
    """Packet n of a stream that began with 0."""
    return RtpPacket.parse(build_packet(payload_type, n, 160 * n if timestamp is None else timestamp, ssrc, b"speech"))


class Receiver:
    """A filter with a clock of 20 ms per packet, and a record of what it said."""

    def __init__(self) -> None:
        self.filter = DuplicateFilter(payload_types=(0,))
        self.now = 0.0
        self.arrivals: list[Arrival] = []

    def hear(self, path: str, *numbers: int, ssrc: int = 1, timestamp: int | None = None) -> str:
        """Receive packets; '+' is a first copy, '=' a duplicate, '.' nothing, '++' one held back and the next."""
        said = []
        for n in numbers:
            self.now += 0.020
            arrivals = self.filter.receive(packet(n, ssrc=ssrc, timestamp=timestamp), path=path, now=self.now)
            self.arrivals += arrivals
            said.append("".join("=" if a.duplicate else "+" for a in arrivals) or ".")
        return " ".join(said)

    def played(self) -> list[tuple[int, int]]:
        """(stream, sequence as on the wire) of all first copies."""
        return [(a.stream, a.sequence & 0xFFFF) for a in self.arrivals if not a.duplicate]


def test_first_copy_passes_whichever_path_brought_it() -> None:
    mn = Receiver()
    assert mn.hear("wifi", 1, 2, 3) == ". ++ +"
    assert mn.hear("umts", 1, 2, 3, 4) == "= = = +"
    assert mn.hear("wifi", 4, 5) == "= +"
    assert mn.filter.count("wifi") == PathCount(first=4, duplicate=1)
    assert mn.filter.count("umts") == PathCount(first=1, duplicate=3)
    assert mn.filter.count("umts").received == 4
    assert mn.filter.count("lte") == PathCount(0, 0)
    assert mn.filter.paths == ("wifi", "umts")


def test_held_packet_comes_with_its_own_arrival() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2)
    first, second = mn.arrivals
    assert (first.at, second.at) == (0.020, 0.040)
    assert first.packet.payload == b"speech"
    assert second.sequence - first.sequence == 1
    assert second.timestamp - first.timestamp == 160


def test_two_paths_that_bring_different_parts_of_a_stream_are_believed() -> None:
    """As for a relay that had passed them on unseen: the slow path is twenty packets behind the fast one."""
    mn = Receiver()
    said = [(mn.hear("edge", n), mn.hear("wifi", n + 20)) for n in range(100, 104)]
    assert said == [(".", "."), ("+++", "+"), ("+", "+"), ("+", "+")]
    assert mn.filter.refused == 0, "the first that each of them brought was waited with, and is played"


def test_source_is_believed_over_two_paths_together() -> None:
    mn = Receiver()
    assert mn.hear("wifi", 1) == "."
    assert mn.hear("umts", 1) == ".", "its copy is no second packet"
    assert mn.hear("umts", 2) == "++"


def test_what_each_of_two_paths_brought_first_is_of_the_stream() -> None:
    """The new path is quicker by less than a packet: it brings the next one before the old one brings its last."""
    mn = Receiver()
    assert mn.hear("umts", 8) == "."
    assert mn.hear("wifi", 7) == "."
    assert mn.hear("umts", 9) == "+++"
    assert mn.hear("wifi", 8) == "="
    assert sorted(mn.played()) == [(0, 7), (0, 8), (0, 9)]
    assert mn.filter.refused == 0


def test_a_stray_with_the_same_ssrc_is_not_taken_with_the_stream() -> None:
    mn = Receiver()
    assert mn.hear("elsewhere", 900) == "."
    assert mn.hear("wifi", 7, 8) == ". ++"
    assert (mn.filter.refused, mn.filter.highest) == (1, 8)


def test_wrap() -> None:
    mn = Receiver()
    mn.filter.receive(packet(65534, timestamp=2**32 - 320), path="wifi", now=0.0)
    mn.filter.receive(packet(65535, timestamp=2**32 - 160), path="wifi", now=0.0)
    assert mn.hear("wifi", 0, 1) == "+ +"
    assert mn.hear("umts", 65535, timestamp=2**32 - 160) == "="
    assert mn.hear("umts", 0, 1, 2) == "= = +"


def test_slow_path_may_be_seconds_behind_and_is_no_restart() -> None:
    mn = Receiver()
    mn.hear("wifi", *range(500))
    assert set(mn.hear("umts", *range(500)).split()) == {"="}
    assert mn.filter.count("umts") == PathCount(0, 500)
    assert {a.stream for a in mn.arrivals} == {0}


def test_other_payload_types_are_dropped_unseen() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2)
    assert mn.filter.receive(packet(3, payload_type=1), path="wifi", now=1.0) == ()
    assert mn.hear("wifi", 3) == "+"
    assert mn.filter.refused == 1


def test_hole_punching_with_other_ssrcs_changes_nothing() -> None:
    mn = Receiver()
    assert mn.hear("wifi", 700, ssrc=8) == "."
    assert mn.hear("wifi", 1, 2) == ". ++"
    assert mn.hear("wifi", 900, ssrc=9) == "."
    assert mn.hear("wifi", 3, 4) == "+ +"
    assert {a.stream for a in mn.arrivals} == {0}


def test_new_ssrc_is_a_new_stream_with_higher_numbers() -> None:
    mn = Receiver()
    mn.hear("wifi", 40000, 40001)
    assert mn.hear("wifi", 5, 6, ssrc=2) == ". ++"
    assert mn.played() == [(0, 40000), (0, 40001), (1, 5), (1, 6)]
    sequences = [a.sequence for a in mn.arrivals]
    assert sequences == sorted(sequences)


def test_stragglers_of_the_old_ssrc_keep_their_stream() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2)
    mn.hear("wifi", 5, 6, ssrc=2)
    assert mn.hear("umts", 2, 3) == "= +"
    assert [a.stream for a in mn.arrivals[-2:]] == [0, 0]
    assert mn.hear("wifi", 7, ssrc=2) == "+"
    assert mn.arrivals[-1].stream == 1


def test_two_live_streams_do_not_take_turns() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2)
    mn.hear("umts", 1, 2, ssrc=2)
    for n in range(3, 100):
        mn.hear("wifi", n)
        mn.hear("umts", n, ssrc=2)
    assert {a.stream for a in mn.arrivals} == {0, 1}


def test_ssrc_of_before_takes_over_when_the_other_has_gone_silent() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2)
    mn.hear("wifi", 5, 6, ssrc=2)
    mn.hear("wifi", *range(3, 20))
    assert [stream for stream, _ in mn.played()][-1] == 2
    sequences = [a.sequence for a in mn.arrivals if a.stream in (1, 2)]
    assert sequences == sorted(sequences)


def test_declared_copies_under_an_ssrc_of_their_own() -> None:
    mn = Receiver()
    mn.filter.add_copy(2, of=1)
    mn.hear("wifi", 1, 2)
    assert mn.hear("umts", 1, 2, 3, ssrc=2) == "= = +"
    assert mn.hear("wifi", 3) == "="


def test_restart_with_the_same_ssrc() -> None:
    mn = Receiver()
    mn.hear("wifi", 1, 2, 3)
    assert mn.hear("wifi", 30000, 30001, 30002) == ". ++ +"
    assert mn.played() == [(0, 1), (0, 2), (0, 3), (1, 30000), (1, 30001), (1, 30002)]
    assert mn.hear("umts", 2, 3, 4) == "= = +", "the slow path is still before the restart"
    assert mn.hear("umts", 30000, 30001) == "= ="
    assert mn.hear("wifi", 30003) == "+"
    assert mn.arrivals[-1].stream == 1


def test_restart_that_lands_among_its_old_numbers() -> None:
    mn = Receiver()
    mn.hear("wifi", *range(1000, 1100))
    mn.filter.receive(packet(1050, timestamp=3_000_000_000), path="wifi", now=9.0)
    arrivals = mn.filter.receive(packet(1051, timestamp=3_000_000_160), path="wifi", now=9.02)
    assert [(a.stream, a.duplicate) for a in arrivals] == [(1, False), (1, False)]


def test_strays_never_pile_up() -> None:
    mn = Receiver()
    for ssrc in range(100, 1000):
        mn.hear("wifi", 7, ssrc=ssrc)
    assert mn.hear("wifi", 1, 2) == ". ++"
    assert mn.filter.refused == 900 - MAX_CANDIDATES + 1


def test_streams_never_pile_up() -> None:
    mn = Receiver()
    for ssrc in range(50):
        mn.hear("wifi", 7, 8, ssrc=ssrc)
    assert mn.arrivals[-1].stream == 49
    assert len(mn.filter._runs) == 4


@settings(deadline=None)
@given(
    start=st.integers(0, 0xFFFF),
    length=st.integers(2, 120),
    data=st.data(),
)
def test_each_packet_passes_once_for_any_loss_skew_and_order(start: int, length: int, data: st.DataObject) -> None:
    """Two paths lose and delay as they like; what came at all is handed on exactly once."""
    heard: list[tuple[float, str, int]] = [(0.0, "wifi", 0), (0.0, "wifi", 1)]
    for path in ("wifi", "umts"):
        for n in range(2, length):
            delays = data.draw(st.lists(st.floats(0, 5), max_size=2))
            heard += [(n * 0.02 + delay, path, n) for delay in delays]
    receiver = DuplicateFilter(payload_types=(0,))
    passed: list[int] = []
    counted = 0
    for at, path, n in sorted(heard):
        sent = packet((start + n) & 0xFFFF, timestamp=(2**32 - 4000 + 160 * n) & 0xFFFFFFFF)
        for arrival in receiver.receive(sent, path=path, now=at):
            counted += 1
            if not arrival.duplicate:
                passed.append(arrival.sequence - 65536 - start)
    assert sorted(passed) == sorted({n for _, _, n in heard})
    assert counted == len(heard) == sum(receiver.count(path).received for path in receiver.paths)


def test_a_late_copy_of_a_dead_streams_last_packet_is_no_news() -> None:
    """Not even while the living stream is silent: the playout would begin anew, and its next packets be stragglers."""
    mn = Receiver()
    mn.hear("wifi", *range(10))
    mn.hear("wifi", *range(100, 105), ssrc=2)
    mn.now += 0.3
    assert mn.hear("umts", 9) == "="
    assert mn.hear("wifi", 116, 117, ssrc=2) == "+ +"
    assert [arrival.stream for arrival in mn.arrivals[-3:]] == [0, 1, 1]
