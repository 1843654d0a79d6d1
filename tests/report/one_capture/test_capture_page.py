"""The page of a bare capture: what it says, that nothing in it runs, and how a browser shows it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from testbed.measure.capture.errors import NotInCaptureError
from testbed.measure.selection.selection import Selection
from testbed.report.one_capture.capture_page import capture_page, write_capture_page
from tests.measure import frames
from tests.measure.bare import SSRC, A, B, Bare
from tests.measure.sip_text import sdp
from tests.report.bokeh import plots_of
from tests.report.browser import DESKTOP, PHONE, browser

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call with a key, a hold, a move and a loss; the other direction in opus; and a hostile call."""
    bare = Bare()
    bare.call(bye_ms=6000, formats="0 96 101", lines=("a=rtpmap:101 telephone-event/8000", "a=rtpmap:96 opus/48000"))
    bare.rtp(range(50), 100)
    bare.press(1100, 50, 8000, 5, ends=3)
    bare.rtp(range(60, 200), 1300, stamp=9600)
    bare.rtp(range(150), 100, ends=(B, A), ssrc=SSRC + 1, kind=96, ticks=960)
    bare.request(3000, "INVITE", "one", 2, offer=sdp(*A, "a=sendonly"))
    bare.answer(3050, 200, "INVITE", "one", 2, body=sdp(*B, "a=recvonly"))
    bare.move(5000, ("192.0.2.44", 41000), 3, 200)
    bare.request(6500, HOSTILE.split(">", maxsplit=1)[0], "two", 1, to_tag="")
    bare.request(6600, "INVITE", HOSTILE, 1, to_tag="", offer=sdp("192.0.2.9", 4000))
    made = sorted(bare.frames, key=lambda one: one.time_ns)
    return frames.write_pcap(tmp_path_factory.mktemp("page") / "call.pcap", made)


@pytest.fixture(scope="module")
def page(capture: Path) -> Path:
    made = capture.with_name("page.html")
    write_capture_page(capture, made)
    return made


def text_of(page: Path) -> str:
    """The words of a page, without its scripts, styles and sounds."""
    inner = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(html.unescape(inner).split())


def test_it_says_what_was_in_the_capture(page: Path) -> None:
    said = text_of(page)
    assert "call.pcap: 2 calls, 2 RTP streams, 4 of 350 packets lost, MOS" in said
    for words in (
        "192.0.2.10:40000 > 198.51.100.20:50000",
        "1.100 5 80.0 192.0.2.10:40000 > 198.51.100.20:50000 RTP (RFC 4733)",
        "caller moves to 192.0.2.44:41000 at 5.000 s",
        "on hold from 3.000 s",
        "What was lost or late is silence",
        "200 Whatever (BYE)",
        "opus, SSRC 0x11223345",
    ):
        assert words in said
    assert page.read_text().count("<audio") == 1, "there is no codec for the other"


def test_bokeh_takes_the_plots(page: Path) -> None:
    assert [len(plot.renderers) > 0 for plot in plots_of(page.read_text())] == [True] * 5


def test_the_same_capture_gives_the_same_bytes(capture: Path, page: Path) -> None:
    assert capture_page(capture) == page.read_text()


def test_a_browser_shows_it_by_day_and_night_and_nothing_runs(page: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as chromium:
        for size, is_dark in ((DESKTOP, False), (PHONE, True)):
            assert chromium.open(page, size, is_dark=is_dark) == []
            assert chromium.requests() == [page.as_uri()]
            assert chromium.run("return window.ran === undefined")
            assert chromium.run("return document.documentElement.scrollWidth <= window.innerWidth")
        assert chromium.run("return document.querySelectorAll('.canvas').length") == 5
        assert chromium.barriers() == []


def test_only_what_was_asked_for(capture: Path) -> None:
    one = capture_page(capture, Selection(call_ids=("one",)))
    assert "shown is only what was asked for: Call-ID one" in one
    assert "192.0.2.9" not in one


def test_nothing_to_show(tmp_path: Path) -> None:
    bare = Bare()
    bare.send(0, A, B, b"GET / HTTP/1.1")
    capture = frames.write_pcap(tmp_path / "other.pcap", bare.frames)
    with pytest.raises(NotInCaptureError, match="nothing to show"):
        capture_page(capture)


def test_of_very_many_messages_the_first_are_in_the_table_and_none_in_a_chart(tmp_path: Path) -> None:
    bare = Bare()
    for number in range(1001):
        bare.request(number, "OPTIONS", f"call{number}", 1)
    made = tmp_path / "page.html"
    write_capture_page(frames.write_pcap(tmp_path / "long.pcap", bare.frames), made)
    said = text_of(made)
    assert "No chart: 1001 SIP messages, and 1000 can be drawn" in said
    assert "the table has the first 500 of 1001 SIP transactions" in said


def test_more_hosts_than_a_chart_has_room_for_have_a_page_without_one(tmp_path: Path) -> None:
    bare = Bare()
    for host in range(30):
        bare.request(host, "OPTIONS", f"call{host}", 1, ends=((f"192.0.2.{host + 1}", 1), B))
    capture = frames.write_pcap(tmp_path / "many.pcap", bare.frames)
    made = tmp_path / "page.html"
    write_capture_page(capture, made)
    assert "No chart: 31 hosts take part, and 24 can be drawn" in text_of(made)
