"""Offers, answers, and what they agree on (RFC 3264)."""

from __future__ import annotations

import pytest

from agents.sdp.audio import (  # fmt: skip
    GSM,
    PCMA,
    PCMU,
    AudioFormat,
    AudioStream,
    Endpoint,
    Numbering,
    agreed_numbering,
    agreed_stream,
    make_answer,
    make_offer,
    offered_formats,
)
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError

OURS = Endpoint("192.0.2.1", 4000, session_id=11)
THEIRS = Endpoint("192.0.2.2", 5000, session_id=22)


def test_an_offer() -> None:
    assert bytes(make_offer(OURS)).decode().split("\r\n") == [
        "v=0",
        "o=- 11 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 4000 RTP/AVP 0 8",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=ptime:20",
        "",
    ]


def test_an_offer_over_ipv6_that_only_sends() -> None:
    text = bytes(make_offer(OURS._replace(address="2001:db8::1", direction="sendonly"))).decode()
    assert "o=- 11 1 IN IP6 2001:db8::1" in text
    assert "c=IN IP6 2001:db8::1" in text
    assert text.endswith("a=sendonly\r\n")


def test_an_answer_keeps_the_order_of_the_offer() -> None:
    """6.1."""
    answer = make_answer(make_offer(OURS._replace(formats=(PCMA, PCMU))), THEIRS)
    (audio,) = answer.media
    assert (audio.port, audio.address, audio.formats) == (5000, "192.0.2.2", ("8", "0"))
    assert audio.rtpmap == {"8": "PCMA/8000", "0": "PCMU/8000"}


def test_static_numbers_need_no_rtpmap_and_dynamic_ones_are_those_of_the_offer() -> None:
    offer = SessionDescription.build(
        "v=0", "o=a 1 1 IN IP4 192.0.2.9", "s=", "c=IN IP4 192.0.2.9", "t=1 2",
        "m=audio 49170 RTP/AVP 18 97 8 101", "a=rtpmap:97 pcmu/8000/1", "a=rtpmap:101 telephone-event/8000",
    )  # fmt: skip
    answer = make_answer(offer, THEIRS)
    (audio,) = answer.media
    assert audio.formats == ("97", "8")
    assert audio.rtpmap == {"97": "pcmu/8000", "8": "PCMA/8000"}
    assert answer.timing == "1 2"  # 6: the t= line MUST equal that of the offer
    assert agreed_stream(answer, offer) == AudioStream("192.0.2.9", 49170, 97, "pcmu/8000", 20, True, True)


def test_gsm_is_agreed_by_its_static_number() -> None:
    """RFC 3551 table 4: 3 is GSM, with an rtpmap or without."""
    end = THEIRS._replace(formats=(GSM, PCMU))
    offer = SessionDescription.build(
        "v=0", "o=a 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 49170 RTP/AVP 8 3 0",
    )  # fmt: skip
    answer = make_answer(offer, end)
    assert answer.media[0].formats == ("3", "0")
    assert answer.media[0].rtpmap["3"] == "GSM/8000"
    assert agreed_stream(answer, offer) == AudioStream("192.0.2.9", 49170, 3, "GSM/8000", 20, True, True)
    assert "m=audio 5000 RTP/AVP 3 0\r\na=rtpmap:3 GSM/8000\r\n" in bytes(make_offer(end)).decode()
    assert 3 not in [item.payload_type for item in OURS.formats], "only for those who ask for it"


def test_streams_that_are_not_wanted_are_refused_in_their_place() -> None:
    """6: as many m= lines, port 0, at least one format."""
    offer = SessionDescription.build(
        "v=0", "o=a 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
        "m=video 51372 RTP/AVP 31 32", "m=audio 0 RTP/AVP 0", "m=audio 49170 RTP/AVP 0", "m=audio 49180 RTP/AVP 0",
        "m=audio 49190 RTP/SAVP 0",
    )  # fmt: skip
    answer = make_answer(offer, THEIRS)
    lines = [line for line in bytes(answer).decode().split("\r\n") if line.startswith("m=")]
    assert lines == [
        "m=video 0 RTP/AVP 31 32",
        "m=audio 0 RTP/AVP 0",
        "m=audio 5000 RTP/AVP 0",
        "m=audio 0 RTP/AVP 0",
        "m=audio 0 RTP/SAVP 0",
    ]


def test_nothing_in_common_rejects_the_session() -> None:
    offer = make_offer(OURS._replace(formats=(AudioFormat(96, "opus", 48000),)))
    with pytest.raises(NoCommonFormatError):
        make_answer(offer, THEIRS)


@pytest.mark.parametrize(
    ("offered", "wanted", "answered"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "recvonly", "recvonly"),
        ("sendrecv", "inactive", "inactive"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendonly", "sendonly"),
    ],
)
def test_directions(offered: str, wanted: str, answered: str) -> None:
    """6.1; the table of what may be answered."""
    answer = make_answer(make_offer(OURS._replace(direction=offered)), THEIRS._replace(direction=wanted))
    assert answer.media[0].direction == answered


@pytest.mark.parametrize(
    ("local", "remote", "may_send", "may_receive"),
    [
        ("sendrecv", "sendrecv", True, True),
        ("sendonly", "recvonly", True, False),
        ("recvonly", "sendonly", False, True),
        ("inactive", "inactive", False, False),
    ],
)
def test_who_sends(local: str, remote: str, may_send: bool, may_receive: bool) -> None:
    ours = make_offer(OURS._replace(direction=local))
    theirs = make_offer(THEIRS._replace(direction=remote))
    stream = agreed_stream(ours, theirs)
    assert stream is not None
    assert (stream.address, stream.port, stream.payload_type) == ("192.0.2.2", 5000, 0)
    assert (stream.may_send, stream.may_receive) == (may_send, may_receive)


def test_the_old_hold_stops_sending() -> None:
    """8.4: MUST be capable of receiving c=0.0.0.0."""
    held = THEIRS._replace(address="0.0.0.0")  # noqa: S104 # nothing is bound here
    stream = agreed_stream(make_offer(OURS), make_offer(held))
    assert stream is not None
    assert not stream.may_send


def test_a_refused_stream_is_none() -> None:
    refused = make_answer(make_offer(OURS), THEIRS)
    refused.media[0].port = 0
    assert agreed_stream(make_offer(OURS), refused) is None


def test_octets_of_an_offer_that_are_no_utf8_come_back_in_the_answer() -> None:
    """RFC 8866 6.10, a=charset: found by the fuzzer."""
    offer = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0 \xff\r\nm=audio 4000 RTP/AVP 0\r\n"
    answer = make_answer(SessionDescription.parse(offer), Endpoint("192.0.2.2", 5000, 1))
    assert b"t=0 0 \xff\r\n" in bytes(answer)


def test_each_side_numbers_the_formats_itself() -> None:
    """RFC 3264 5.1: what is sent has the number of the peer's description, what comes that of ours."""
    ours = make_offer(OURS._replace(formats=(PCMU, PCMA, GSM)))
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 97 101 0"]
    lines += ["a=rtpmap:97 gsm/8000/1", "a=rtpmap:101 telephone-event/8000"]
    theirs = SessionDescription.parse("".join(f"{line}\r\n" for line in lines).encode())
    numbering = agreed_numbering(ours, theirs)
    assert numbering == Numbering({GSM: 97, PCMU: 0}, {0: PCMU, 3: GSM})
    assert list(numbering.sends) == [GSM, PCMU]
    assert (numbering.chosen(PCMU), numbering.chosen(PCMA)) == ((PCMU, 0), (GSM, 97))
    assert offered_formats(theirs) == (GSM, PCMU)


def test_streams_with_nothing_in_common_number_nothing() -> None:
    ours, theirs = make_offer(OURS._replace(formats=(PCMU,))), make_offer(OURS._replace(formats=(GSM,)))
    assert agreed_numbering(ours, theirs) == Numbering({}, {})
