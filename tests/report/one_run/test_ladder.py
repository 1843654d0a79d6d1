"""The message chart as text: what a reader sees, at any width."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from testbed.measure.folder.run_folder import Event
from testbed.measure.result.chart import Chart, Lifeline, MediaFlow, Passage
from testbed.measure.said.said_passages import SaidPassage
from testbed.measure.said.words_said import SaidWords
from testbed.measure.sip.scan import SipMessage
from testbed.measure.wire.packets import TransportAddress
from testbed.report.one_run.ladder import NARROWEST, ladder

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = 1_000_000
WIFI, UMTS, HOME, CN = range(4)
NAMES = ("mn wifi", "mn umts", "home", "cn")


def message(
    method: str,
    status: int | None = None,
    *,
    call_id: str = "a@mn",
    sender: int = WIFI,
    receiver: int = CN,
    handover: str = "",
    contact: str = "",
    require: str = "",
    unsupported: str = "",
    direction: str = "",
) -> Passage:
    """A message that left at 0 ms and arrived at 2 ms, from the MN to the CN unless told else."""
    reason = {200: "OK", 420: "Bad Extension"}.get(status or 0, "")
    sip = SipMessage(
        packet=0, time_ns=0, interface=0, source=TransportAddress(f"10.0.0.{sender}", 5060),
        destination=TransportAddress("::", 5060),
        size=500, method=method, status=status, reason=reason, call_id=call_id, cseq=1, branch="z", from_tag="x",
        to_tag="", handover=handover, contact=contact, require=require, unsupported=unsupported, direction=direction,
    )  # fmt: skip
    return Passage(sip, sender, receiver, 0, 2 * MS, is_lost=False, repeat=0)


def at(time_ms: float, passage: Passage, **more: object) -> Passage:
    """The same at another time."""
    time_ns = round(time_ms * MS)
    moved = replace(passage, message=replace(passage.message, time_ns=time_ns), left_ns=time_ns)
    return replace(replace(moved, arrived_ns=time_ns + 2 * MS), **more)  # type: ignore[arg-type]


def event(time_ms: float, name: str, **fields: object) -> Event:
    return Event(round(time_ms * MS), time_ms / 1000, "mn", name, {"event": name, "source": "mn", **fields})


def chart(
    *passages: Passage, flows: Sequence[MediaFlow] = (), events: Sequence[Event] = (), names: Sequence[str] = NAMES
) -> Chart:
    lifelines = tuple(Lifeline(name, frozenset(), frozenset()) for name in names)
    return Chart("handover-cn", 4, 0, lifelines, passages, tuple(flows), tuple(events), ())


def body(drawn: str) -> list[str]:
    """The lines between the two heads."""
    lines = drawn.splitlines()
    first, last = (number for number, line in enumerate(lines) if line.strip().startswith("ms ") and "+ms" in line)
    return lines[first + 1 : last]


def test_the_chart_of_a_handover() -> None:
    cn = 2
    drawn = ladder(
        chart(
            at(500, message("INVITE", receiver=cn, require="handover", direction="sendrecv")),
            at(504, message("INVITE", 200, sender=cn, receiver=WIFI)),
            at(6004.04, message("INVITE", call_id="b@mn", sender=UMTS, receiver=cn, handover="a@mn;to-tag=x")),
            at(7500, message("BYE", receiver=cn), is_lost=True, arrived_ns=None),
            at(8000, message("BYE", receiver=cn), repeat=1),
            flows=[
                MediaFlow(cn, UMTS, 6300 * MS, 9000 * MS, 135, None),
                MediaFlow(cn, WIFI, 510 * MS, 7400 * MS, 344, 8001 * MS),
            ],
            events=[event(6000, "trigger", link="wifi", kind="signal", signal_dbm=-60.5)],
            names=("mn wifi", "mn umts", "cn"),
        ),
        80,
    )
    assert (
        drawn
        == """\
handover-cn, seed 4: 5 SIP messages

      ms mn wifi             mn umts               cn    +ms
   500.0 A  │────────────────INVITE────────────────▶│   +2.0 Require: handover
   504.0 A  │◀───────────200 OK (INVITE)────────────│   +2.0
   510.0    │◀┄┄┄┄┄┄┄┄┄┄┄┄┄media begins┄┄┄┄┄┄┄┄┄┄┄┄┄│
  6000.0    ══ mn: trigger wifi (kind signal, signal_dbm -60.5)
  6004.0 B  │                   │──────INVITE──────▶│   +2.0 Handover: A
  6300.0    │                   │◀┄┄┄media begins┄┄┄│
  7400.0    │◀┄┄┄┄┄┄┄┄┄┄┄┄┄┄media ends┄┄┄┄┄┄┄┄┄┄┄┄┄┄│        344 RTP packets,
            │                   │                   │        sent until 8001.0
  7500.0 A  │────────────────BYE─────────────────✗  │   lost
  8000.0 A  │─────────────────BYE──────────────────▶│   +2.0 retransmission 1
  9000.0    │                   │◀┄┄┄┄media ends┄┄┄┄│        135 RTP packets
      ms mn wifi             mn umts               cn    +ms

A  Call-ID a@mn
B  Call-ID b@mn
ms   scenario time when it left its sender; of media, when they arrived
+ms  how much later it arrived
✗    never came in at its receiver's interface
"""
    )


@pytest.mark.parametrize("width", [1, NARROWEST, 80, 100, 120, 200])
@pytest.mark.parametrize("names", [NAMES[:2], NAMES[:3], NAMES], ids=len)
def test_no_line_is_wider_than_the_terminal(width: int, names: Sequence[str]) -> None:
    last = len(names) - 1
    wordy = "quite-a-long-call-id-of-somebody-else@203.0.113.99;to-tag=x"
    refused = message("INVITE", 420, receiver=last, unsupported="handover", handover=wordy, require="handover")
    registering = message("REGISTER", receiver=last, contact="<sip:mn@x>;if_q=1;ua_id=y")
    drawn = ladder(
        chart(
            at(1, refused, repeat=3),
            at(2, registering, left_ns=None),
            flows=[
                MediaFlow(0, last, 0, MS, 123456, 7 * MS),
                MediaFlow(last, 0, 0, MS, 0, None),
                MediaFlow(0, last, 0, MS, None, None),
            ],
            events=[event(1, "trigger", link="wifi", note="word " * 60)],
            names=names,
        ),
        width,
    )
    assert max(map(len, drawn.splitlines())) <= max(width, NARROWEST)
    notes = re.sub(r"[^\S\n]*\n[ │]*", "", drawn)
    assert "quite-a-long-call-id-of-somebody-else@203.0.113.99" in notes, "nothing is left out"


def test_with_four_lifelines_there_is_room_for_all_at_80_columns() -> None:
    passages = [
        at(1, message("INVITE", 420, sender=CN, receiver=HOME, unsupported="handover")),
        at(2, message("REGISTER", sender=UMTS, receiver=HOME, contact="<sip:mn@x>;if_q=2")),
        at(3, message("INVITE", sender=WIFI, receiver=HOME, require="handover")),
    ]
    lines = body(ladder(chart(*passages), 80))
    assert lines == [
        "     1.0 A  │             │             │◀─420 INVITE─│   +2.0 Unsupported:",
        "            │             │             │             │        handover",
        "     2.0 A  │             │──REGISTER──▶│             │   +2.0 if_q=2",
        "     3.0 A  │──────────INVITE──────────▶│             │   +2.0 Require: handover",
    ]


def test_what_does_not_fit_on_the_arrow_is_said_beside_it() -> None:
    passages = [
        at(1, message("REGISTER", 401, sender=HOME, receiver=CN)),
        at(2, message("X" * 14, sender=HOME, receiver=CN)),
    ]
    first, second = body(ladder(chart(*passages), NARROWEST))
    assert first.endswith("│───401───▶│   +2.0 REGISTER")
    assert second.endswith("│─────────▶│   +2.0 XXXXXXXXXXXXXX")


def test_a_message_to_itself_is_said_in_words() -> None:
    (line,) = body(ladder(chart(at(1, message("REGISTER", sender=HOME, receiver=HOME))), 120))
    assert "REGISTER to itself" in line
    assert "▶" not in line


@pytest.mark.parametrize(
    ("directions", "shown"),
    [
        (["sendrecv", "sendrecv"], ["", ""]),
        (["sendonly", "sendrecv"], ["sendonly", "sendrecv"]),
        (["sendonly", "sendonly"], ["sendonly", "sendonly"]),
        (["sendrecv", "", "inactive"], ["", "", "inactive"]),
    ],
)
def test_the_sdp_s_direction_is_told_where_it_is_not_the_usual_one(directions: list[str], shown: list[str]) -> None:
    """Paper, figure 6: a backup session is sendonly first, and sendrecv when it is activated."""
    passages = [at(number, message("INVITE", direction=one)) for number, one in enumerate(directions)]
    lines = body(ladder(chart(*passages), 120))
    assert [line.partition("+2.0")[2].strip() for line in lines] == shown


def test_directions_are_told_by_each_side_and_call_on_its_own() -> None:
    passages = [
        at(1, message("INVITE", direction="sendonly")),
        at(2, message("INVITE", direction="sendrecv", call_id="b@mn")),
        at(3, message("INVITE", direction="sendrecv", sender=UMTS)),
    ]
    lines = body(ladder(chart(*passages), 120))
    assert ["send" in line for line in lines] == [True, False, False]


def test_a_handover_header_that_names_no_call_of_the_run_is_shown_as_it_is() -> None:
    (line,) = body(ladder(chart(at(1, message("INVITE", handover="guessed@x;to-tag=1"))), 120))
    assert "Handover: guessed@x" in line


def test_a_message_that_nobody_saw_leaving_or_arriving() -> None:
    unseen = at(1, message("BYE"), left_ns=None)
    unknown = at(2, message("BYE"), arrived_ns=None)
    first, second = body(ladder(chart(unseen, unknown), 120))
    assert first.endswith("? not seen leaving")
    assert second.endswith("?")
    assert "▶" in second, "unknown is not lost"


def test_media_that_nobody_hears() -> None:
    (line, *more) = body(ladder(chart(flows=[MediaFlow(CN, UMTS, 10 * MS, 90 * MS, 0, None)]), 120))
    assert "✗" in line
    assert "none arrives, sent until 90.0" in " ".join([line, *(one.strip(" │") for one in more)])


def test_media_whose_receiver_was_not_captured_are_those_of_the_sender() -> None:
    lines = body(ladder(chart(flows=[MediaFlow(CN, UMTS, 10 * MS, 90 * MS, None, None)]), 120))
    assert [line.endswith("seen at the sender") for line in lines] == [True, True]


@pytest.mark.parametrize(
    ("name", "fields", "text"),
    [
        ("carrier", {"link": "wifi", "up": False}, "mn: carrier wifi (not up)"),
        ("carrier", {"link": "wifi", "up": True}, "mn: carrier wifi (up)"),
        ("attach_phase", {"link": "umts", "phase": "DHCP"}, "mn: attach phase umts (DHCP)"),
        ("link_gone", {"link": "umts", "t_s": 4, "time_ns": 5}, "mn: link gone umts"),
    ],
)
def test_events_in_words(name: str, fields: dict[str, object], text: str) -> None:
    (line,) = body(ladder(chart(events=[event(1, name, **fields)]), 120))
    assert line.startswith(f"     1.0    ══ {text} ══")


def test_more_calls_than_letters() -> None:
    drawn = ladder(chart(*(at(number, message("BYE", call_id=f"{number}@mn")) for number in range(28))), 120)
    assert "Z  Call-ID 25@mn\nAA Call-ID 26@mn\nBB Call-ID 27@mn\n" in drawn


def test_a_long_name_keeps_to_its_column_and_is_written_out_below() -> None:
    drawn = ladder(chart(names=(*NAMES[:2], "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", "cn")), 80)
    assert "\n2001…eee:ffff is 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff\n" in drawn


def test_long_names_at_the_edges_hide_no_column() -> None:
    drawn = ladder(chart(names=("198.51.100.120", "198.51.100.121")), 80)
    assert drawn.splitlines()[2] == "      ms 198.51.100.120    198.51.100.121 +ms"


def test_what_makes_the_chart_doubtful_is_said() -> None:
    drawn = ladder(replace(chart(), warnings=("capture cn-eth0: No such file",)), 80)
    assert drawn.endswith("warning: capture cn-eth0: No such file\n")
    assert "seed 4: 0 SIP messages" in drawn


def test_messages_beside_sip_are_dashed_and_say_what_is_encrypted() -> None:
    words = SaidWords("IKE INFORMATIONAL request", "IKE", ("encrypted", "84 bytes"))
    passage = SaidPassage(words, UMTS, HOME, 10 * MS, 120 * MS, is_lost=False, repeat=0)
    again = replace(passage, left_ns=700 * MS, arrived_ns=None, is_lost=True, repeat=1)
    drawn = ladder(replace(chart(at(0, message("INVITE"))), protocol="MOBIKE", said=(passage, again)), 140)
    assert drawn.splitlines()[0] == "handover-cn, seed 4: 1 SIP message, 2 of MOBIKE"
    first, second = (line for line in drawn.splitlines() if "╌" in line and "│" in line)
    assert re.search(r"10\.0 .*│╌+IKE╌+▶│.* \+110\.0 IKE INFORMATIONAL request, encrypted,$", first)
    assert "84 bytes" in drawn
    assert "lost" in second
    assert "the same bytes again" in drawn
    assert "╌    MOBIKE, beside SIP" in drawn
