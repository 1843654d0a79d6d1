"""The message chart of a capture that is of no run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure.bare.bare_chart import MOST_LIFELINES, draw_up_capture
from testbed.measure.capture.errors import CaptureError
from testbed.measure.selection.selection import Selection
from tests.measure import frames
from tests.measure.bare import A, B, Bare
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.result.chart import Chart


def drawn(bare: Bare, folder: Path, selection: Selection | None = None) -> Chart:
    made = sorted(bare.frames, key=lambda one: one.time_ns)
    return draw_up_capture(frames.write_pcap(folder / "bare.pcap", made), selection or Selection())


def said(chart: Chart) -> list[tuple[float, str, str, str]]:
    names = [one.name for one in chart.lifelines]
    return [
        (
            (one.time_ns - chart.start_ns) / MS,
            names[one.sender],
            names[one.receiver],
            f"{one.message.status or ''}{one.message.method}" + "'" * one.repeat,
        )
        for one in chart.passages
    ]


def test_hosts_are_lifelines_and_each_message_is_an_arrow(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=500)
    bare.request(500.5, "BYE", "one", 9)
    chart = drawn(bare, tmp_path)
    there, back = (A[0], B[0]), (B[0], A[0])
    assert said(chart) == [
        (0, *there, "INVITE"),
        (10, *back, "180INVITE"),
        (50, *back, "200INVITE"),
        (60, *there, "ACK"),
        (500, *there, "BYE"),
        (505, *back, "200BYE"),
    ], "a copy within 50 ms is one of a mirror port"
    assert chart.capture == str(tmp_path / "bare.pcap")


def test_what_is_sent_again_is_a_retransmission(tmp_path: Path) -> None:
    bare = Bare()
    for at_ms in (0, 500, 1500):
        bare.request(at_ms, "INVITE", "one", 1, to_tag="")
    assert [what for *_, what in said(drawn(bare, tmp_path))] == ["INVITE", "INVITE'", "INVITE''"]


def test_what_two_interfaces_saw_is_one_arrow_with_its_transit(tmp_path: Path) -> None:
    bare = Bare()
    bare.request(0, "INVITE", "one", 1, to_tag="")
    (one,) = bare.frames
    path = frames.write_pcapng(
        tmp_path / "two.pcapng", ["here", "there"], [one, Frame(START_NS + 30 * MS, one.data, interface=1)]
    )
    (passage,) = draw_up_capture(path).passages
    assert (passage.left_ns, passage.arrived_ns, passage.repeat) == (START_NS, START_NS + 30 * MS, 0)


def test_media_moves_and_holds_are_in_the_chart(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=9000)
    bare.rtp(range(50), 100)
    bare.rtp(range(50, 80), 5000, stamp=50 * 160)
    bare.move(2000, ("192.0.2.44", 41000), 2, 200)
    bare.move(3000, ("192.0.2.55", 41000), 3, 403)
    chart = drawn(bare, tmp_path)
    flows = [((one.first_ns - START_NS) / MS, (one.last_ns - START_NS) / MS, one.packets) for one in chart.flows]
    assert flows == [(100, 1080, 50), (5000, 5580, 30)]
    assert [f"{one.source}: {one.name}" for one in chart.events] == [
        "dialog 1, caller: moves to 192.0.2.44:41000",
        "dialog 1, caller: may not move to 192.0.2.55:41000 (403)",
    ]


def test_a_host_that_talks_to_itself_has_a_lifeline_for_each_side(tmp_path: Path) -> None:
    bare = Bare()
    home = "127.0.0.1"
    bare.call(ends=((home, 6000), (home, 7000)))
    bare.rtp(range(50), 100, ends=((home, 6000), (home, 7000)))
    bare.frames = [
        Frame(
            one.time_ns,
            one.data.replace(b"\x13\xc4\x13\xc4", b"\x13\xc5\x13\xc4" if number % 3 == 0 else b"\x13\xc4\x13\xc5"),
        )
        for number, one in enumerate(bare.frames)
    ]
    chart = drawn(bare, tmp_path)
    names = [one.name for one in chart.lifelines]
    assert names == [f"{home}:5061", f"{home}:5060"]
    assert [(one.sender, one.receiver) for one in chart.flows] == [(0, 1)]


def test_only_what_is_asked_for_is_drawn(tmp_path: Path) -> None:
    bare = Bare()
    bare.call("one", bye_ms=500)
    bare.call("two", 1000, ends=(("192.0.2.77", 1000), ("192.0.2.78", 1000)))
    chart = drawn(bare, tmp_path, Selection(call_ids=("two",)))
    assert [one.name for one in chart.lifelines] == ["192.0.2.77", "192.0.2.78"]


def test_too_many_hosts_and_none_at_all_are_one_line(tmp_path: Path) -> None:
    bare = Bare()
    with pytest.raises(CaptureError, match="neither SIP nor RTP was found: there is nothing to draw"):
        drawn(bare, tmp_path)
    for number in range(MOST_LIFELINES):
        bare.request(number, "OPTIONS", f"o{number}", 1, ends=((f"192.0.2.{number}", 1), B))
    with pytest.raises(CaptureError, match=r"25 hosts take part, and 24 can be drawn: name a call"):
        drawn(bare, tmp_path)
