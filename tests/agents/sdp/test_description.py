"""Descriptions are edited textually and otherwise kept (RFC 8866)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sdp.description import Origin, SessionDescription
from agents.sdp.errors import SdpParseError

# RFC 8866 5, and attributes that nobody here knows.
EXAMPLE = b"""v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
u=http://www.jdoe.example.com/home.html\r
e=Jane Doe <jane@jdoe.example.com>\r
p=+1 617 555-6011\r
c=IN IP4 198.51.100.1\r
t=0 0\r
a=group:DUP S1a S1b\r
m=audio 49170 RTP/AVP 0 96\r
a=rtpmap:96 opus/48000/2\r
a=ptime:20\r
a=foo:bar \xff\xfe\r
a=mid:S1a\r
m=video 51372/2 RTP/AVP 99\r
c=IN IP6 2001:db8::2\r
a=recvonly\r
a=rtpmap:99 h263-1998/90000\r
"""


def test_a_description_goes_out_as_it_came_in() -> None:
    assert bytes(SessionDescription.parse(EXAMPLE)) == EXAMPLE


@pytest.mark.parametrize("data", [EXAMPLE.replace(b"\r\n", b"\n"), EXAMPLE[:-2], EXAMPLE.replace(b"\r\n", b"\n")[:-1]])
def test_other_line_ends_are_accepted_and_kept(data: bytes) -> None:
    """RFC 8866 5: SHOULD be tolerant."""
    assert bytes(SessionDescription.parse(data)) == data


def test_what_it_says() -> None:
    description = SessionDescription.parse(EXAMPLE)
    assert description.origin == Origin("jdoe", "3724394400", 3724394405, "IN", "IP4", "198.51.100.1")
    audio, video = description.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == ("audio", 49170, "RTP/AVP", ("0", "96"))
    assert (audio.address, audio.direction, audio.ptime) == ("198.51.100.1", "sendrecv", 20)
    assert audio.rtpmap == {"96": "opus/48000/2"}
    assert list(audio.attributes("mid")) == ["S1a"]
    assert (video.port, video.address, video.direction, video.ptime) == (51372, "2001:db8::2", "recvonly", None)


def test_only_the_edited_words_change() -> None:
    """aiortc.sdp drops a=ptime and a=foo:bar on the way; a B2BUA must not."""
    description = SessionDescription.parse(EXAMPLE)
    audio, video = description.media
    audio.port = 5000
    audio.address = "192.0.2.7"
    audio.direction = "sendonly"
    video.port = 0
    video.address = "192.0.2.8"
    video.direction = "inactive"
    expected = (
        EXAMPLE.replace(b"audio 49170 ", b"audio 5000 ")
        .replace(b"0 96\r\n", b"0 96\r\nc=IN IP4 192.0.2.7\r\n")
        .replace(b"a=mid:S1a\r\n", b"a=mid:S1a\r\na=sendonly\r\n")
        .replace(b"51372/2", b"0")
        .replace(b"IP6 2001:db8::2", b"IP4 192.0.2.8")
        .replace(b"recvonly", b"inactive")
    )
    assert bytes(description) == expected


def test_a_description_without_its_last_line_end_can_be_edited() -> None:
    description = SessionDescription.parse(EXAMPLE[:-2])
    description.media[1].direction = "inactive"
    description.media[1]._section.lines = [line for line in description.media[1]._section.lines if line.kind != "a"]
    description.media[1].direction = "sendonly"
    assert bytes(description).endswith(b"c=IN IP6 2001:db8::2\r\na=sendonly\r\n")


def test_session_level_direction_counts_for_all_streams() -> None:
    """RFC 8866 6.7."""
    description = SessionDescription.parse(EXAMPLE.replace(b"t=0 0\r\n", b"t=0 0\r\na=inactive\r\n"))
    assert [media.direction for media in description.media] == ["inactive", "recvonly"]
    description.media[0].direction = "sendrecv"
    assert [media.direction for media in description.media] == ["sendrecv", "recvonly"]


def test_the_version_goes_up_by_one_when_anything_changes() -> None:
    """RFC 3264 8: o= otherwise identical, with the old address also after a move."""
    before = SessionDescription.parse(EXAMPLE)
    after = before.copy()
    after.media[0].address = "203.0.113.9"
    after.follow(before)
    assert str(after.origin) == "jdoe 3724394400 3724394406 IN IP4 198.51.100.1"
    same = before.copy()
    same.follow(before)
    assert same == before


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        (b"v=0", b"v=1", 1, "unknown version"),
        (b"v=0\r\n", b"", 1, "no v=, o=, s= at the start"),
        (b" 3724394405 ", b" ", 2, "not six words"),
        (b" 3724394405 ", b" -1 ", 2, "bad version"),
        (b"c=IN IP4 198.51.100.1", b"c=IN IP4", 8, "not three words"),
        (b"c=IN IP4 198.51.100.1\r\n", b"", 10, "no c="),
        (b"t=0 0\r\n", b"", 0, "no t="),
        (b"audio 49170", b"audio 66000", 11, "bad port"),
        (b"audio 49170", b"audio \xd9\xa3", 11, "bad port"),
        (b"m=audio 49170 RTP/AVP 0 96", b"m=audio 49170 RTP/AVP", 11, "not four words"),
        (b"i=SDP", b"iSDP", 4, "no line of SDP"),
        (b"i=SDP", b"X=SDP", 4, "no line of SDP"),
        (b"t=0 0\r\n", b"t=0 0\r\n\r\n", 10, "no line of SDP"),
    ],
)
def test_errors_say_where_and_what(old: bytes, new: bytes, line: int, what: str) -> None:
    with pytest.raises(SdpParseError) as caught:
        SessionDescription.parse(EXAMPLE.replace(old, new, 1))
    assert (caught.value.line, caught.value.what) == (line, what)
    assert str(caught.value).startswith(f"SDP line {line}: {what} in ")


@given(st.binary(max_size=200), st.integers(0, len(EXAMPLE)), st.integers(0, 60))
@settings(max_examples=400, deadline=None)
def test_parse_raises_nothing_but_parse_errors(noise: bytes, start: int, length: int) -> None:
    for data in (noise, EXAMPLE[:start] + noise + EXAMPLE[start + length :]):
        try:
            description = SessionDescription.parse(data)
        except SdpParseError:
            continue
        assert bytes(description) == data
        for media in description.media:
            for name in ("kind", "port", "protocol", "formats", "address", "direction", "rtpmap", "ptime"):
                getattr(media, name)
        assert description.origin
        assert description.timing is not None
