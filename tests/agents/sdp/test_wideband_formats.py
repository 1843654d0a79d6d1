"""G.722 and Opus in descriptions (RFC 3551, 4.5.2; RFC 7587, 6.1 and 7)."""

from __future__ import annotations

import pytest

from agents.sdp.audio import FORMATS, AudioFormat, Endpoint, agreed_numbering, make_answer, make_offer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError

OPUS, G722, PCMU = FORMATS["OPUS"], FORMATS["G722"], FORMATS["PCMU"]
FMTP = "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; cbr=1"


def end(*formats: AudioFormat) -> Endpoint:
    return Endpoint("192.0.2.1", 4000, formats=formats, session_id=11)


def offer(numbers: str, *attributes: str) -> SessionDescription:
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.2", "s=-", "c=IN IP4 192.0.2.2", "t=0 0", f"m=audio 5000 RTP/AVP {numbers}"]
    return SessionDescription.parse(
        "".join(f"{line}\r\n" for line in [*lines, *(f"a={one}" for one in attributes)]).encode()
    )


def lines_about_formats(description: SessionDescription) -> list[str]:
    lines = bytes(description).decode().split("\r\n")
    return [line for line in lines if line.startswith(("m=", "a=rtpmap", "a=fmtp"))]


def test_an_offer_says_what_we_want_to_hear_of_opus_and_nothing_of_g722() -> None:
    assert lines_about_formats(make_offer(end(OPUS, G722, PCMU))) == [
        "m=audio 4000 RTP/AVP 111 9 0", "a=rtpmap:111 opus/48000/2", f"a=fmtp:111 {FMTP}", "a=rtpmap:9 G722/8000",
        "a=rtpmap:0 PCMU/8000",
    ]  # fmt: skip


def test_an_answer_keeps_the_offers_number_and_writing_and_has_parameters_of_its_own() -> None:
    """RFC 3264, 6.1; RFC 7587, 7.1: parameters are declarative, each end says its own."""
    answer = make_answer(offer("96 0", "rtpmap:96 OPUS/48000/2", "fmtp:96 useinbandfec=1; stereo=1"), end(OPUS))
    assert lines_about_formats(answer) == ["m=audio 4000 RTP/AVP 96", "a=rtpmap:96 OPUS/48000/2", f"a=fmtp:96 {FMTP}"]


def test_g722_needs_no_rtpmap() -> None:
    """RFC 3551, table 4: 9, at 8000 Hz."""
    assert lines_about_formats(make_answer(offer("9"), end(G722))) == ["m=audio 4000 RTP/AVP 9", "a=rtpmap:9 G722/8000"]


@pytest.mark.parametrize(
    "attributes",
    [
        ("rtpmap:96 opus/48000",),
        ("rtpmap:96 opus/16000/2",),
        ("rtpmap:96 opus/48000/2", "fmtp:96 maxplaybackrate=8000"),
        ("rtpmap:96 opus/48000/2", "fmtp:96 stereo=1; MaxAverageBitrate=12000"),
    ],
)
def test_a_peer_that_takes_less_than_we_have_has_no_opus_in_common_with_us(attributes: tuple[str, ...]) -> None:
    """RFC 7587, 7: the rtpmap MUST be 48000/2; 6.1: senders must not go beyond what a receiver says it takes."""
    with pytest.raises(NoCommonFormatError):
        make_answer(offer("96", *attributes), end(OPUS))
    assert lines_about_formats(make_answer(offer("96 9", *attributes), end(OPUS, G722)))[0] == "m=audio 4000 RTP/AVP 9"


@pytest.mark.parametrize(
    "parameters", ["", "maxplaybackrate=48000", "maxaveragebitrate=20000;cbr=1", "maxplaybackrate=no; ;=;usedtx"]
)
def test_what_limits_nothing_or_cannot_be_read_is_no_hindrance(parameters: str) -> None:
    theirs = offer("96", "rtpmap:96 opus/48000/2", f"fmtp:96 {parameters}")
    ours = make_answer(theirs, end(OPUS))
    numbering = agreed_numbering(ours, theirs)
    assert (numbering.sends, numbering.receives) == ({OPUS: 96}, {96: OPUS})
