"""Messages in streams (RFC 3261 7.5, 18.3; RFC 5626 3.5.1)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sip.message.framing import LARGEST_HEADER, Framer, FramingError
from agents.sip.message.message import Message
from tests.agents.sip.messages import MESSAGES

FIRST = MESSAGES[0]
SECOND = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nl: 0\r\n\r\n"


def take(framer: Framer) -> list[bytes]:
    messages = []
    while (message := framer.next_message()) is not None:
        messages.append(message)
    return messages


@given(st.lists(st.integers(0, len(FIRST + SECOND)), max_size=6), st.integers(0, 5))
def test_however_the_stream_is_cut_the_messages_are_the_same(cuts: list[int], blank_lines: int) -> None:
    stream = b"\r\n" * blank_lines + FIRST + SECOND
    framer, messages, pings = Framer(), [], 0
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(places):
        framer.push(stream[start:end])
        messages += take(framer)
        pings += framer.take_pings()
    assert messages == [FIRST, SECOND]
    assert pings == blank_lines // 2
    assert not framer.is_amid


def test_byte_by_byte() -> None:
    framer, messages = Framer(), []
    for byte in b"\r\n\r\n" + FIRST + b"\r\n" + SECOND + b"\r\n\r\n":
        framer.push(bytes([byte]))
        messages += take(framer)
    assert messages == [FIRST, SECOND]
    assert framer.take_pings() == 2


def test_a_keep_alive_is_answered_once_and_only_between_messages() -> None:
    """A single CRLF is an answer to ours; one that comes before a message counts for nothing."""
    framer = Framer()
    framer.push(b"\r\n")
    assert (take(framer), framer.take_pings(), framer.is_amid) == ([], 0, False)
    framer.push(SECOND + b"\r\n")
    assert (take(framer), framer.take_pings()) == ([SECOND], 0)
    framer.push(b"\r\n")
    assert (take(framer), framer.take_pings(), framer.take_pings()) == ([], 1, 0)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (b"A: b", "no Content-Length in a stream"),
        (b"Content-Length: 1\r\nl: 2", "contradicting Content-Length"),
        (b"Content-Length: -1", "bad Content-Length"),
        (b"Content-Length: 65536", "bad Content-Length"),
        (b"Content-Length: 99999999999999999999999999", "bad Content-Length"),
        (b"Content-Length: \xb2", "bad Content-Length"),
        (b"Content-Length:", "bad Content-Length"),
    ],
)
def test_where_nobody_can_tell_the_next_message(header: bytes, what: str) -> None:
    framer = Framer()
    framer.push(b"OPTIONS sip:a@b SIP/2.0\r\n" + header + b"\r\n\r\nrest")
    with pytest.raises(FramingError, match=what) as caught:
        framer.next_message()
    assert caught.value.head == b"OPTIONS sip:a@b SIP/2.0\r\n" + header


@pytest.mark.parametrize("name", [b"Content-Length: 5", b"CONTENT-LENGTH \t:\r\n  5 ", b"l:05"])
def test_how_a_length_may_be_written(name: bytes) -> None:
    framer = Framer()
    message = b"OPTIONS sip:a@b SIP/2.0\r\nSubject: x\r\n l: 7\r\n" + name + b"\r\n\r\nabcde"
    framer.push(message + SECOND)
    assert take(framer) == [message, SECOND]


def test_a_header_without_end_is_not_waited_for() -> None:
    framer = Framer()
    framer.push(b"x" * LARGEST_HEADER)
    assert framer.next_message() is None
    framer.push(b"x")
    with pytest.raises(FramingError, match="without end"):
        framer.next_message()


@given(st.sampled_from(MESSAGES), st.binary(max_size=20))
def test_a_message_that_the_framer_lets_pass_is_as_long_for_the_parser(message: bytes, rest: bytes) -> None:
    framer = Framer()
    framer.push(message + rest)
    try:
        framed = framer.next_message()
    except FramingError:
        return
    assert framed is not None
    assert len(Message.parse(framed).body) == len(framed) - framed.index(b"\r\n\r\n") - 4
