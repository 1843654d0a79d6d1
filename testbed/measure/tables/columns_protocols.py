"""Columns of the tables about SIP and RTCP: transactions, messages, dialogs, what receivers reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.tables.columns import DIRECTION, WHO, Column, TableSchema

if TYPE_CHECKING:
    from testbed.measure.numbers.number import Kind


def _transaction(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, f"result.transactions.{{number}}.{field or name}")


def _dialog(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, f"result.dialogs.{{place}}.{field or name}")


def _rtcp(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, f"result.media.{{direction}}.rtcp.{{path}}.{field or name}")


def _report(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return _rtcp(name, kind, unit, meaning, f"history.{{place}}.{field or name}")


PATH = Column("path", "text", "", "the MN's link")

TRANSACTIONS = TableSchema(
    "transactions",
    "One row for each SIP request at the MN's interfaces (ACK has no response and none), in order of the requests.",
    (
        *WHO,
        Column("number", "integer", "", "of the transaction in its run, from 0"),
        _transaction("method", "text", "", "of the request"),
        _transaction("cseq", "integer", "", "its CSeq number"),
        _transaction("call_id", "text", "", "its Call-ID"),
        _transaction("interface", "text", "", "capture interface that saw it"),
        _transaction("request_s", "number", "s", "when the request was seen, in scenario time"),
        _transaction("final_s", "number", "s", "when its first final response was"),
        _transaction("duration_ms", "number", "ms", "from the one to the other", "ms"),
        _transaction("status", "integer", "", "of that response; null: none came"),
        _transaction("retransmissions", "integer", "messages", "how often the request was seen again"),
    ),
)  # fmt: skip

MESSAGES = TableSchema(
    "messages",
    "One row for each method of request and each status of response that passed the MN's interfaces, in the order of "
    "result.json: requests by method, then responses by status. A run without a result has none.",
    (
        *WHO,
        Column("kind", "text", "", "`request` or `response`"),
        Column("name", "text", "", "its method, or its status"),
        Column("messages", "integer", "messages", "how many of them, retransmissions included"),
    ),
)

DIALOGS = TableSchema(
    "dialogs",
    "One row for each SIP dialog that the run's captures show, in the order of result.json.",
    (
        *WHO,
        _dialog("number", "integer", "", "of the dialog in its run, from 1"),
        _dialog("call_id", "text", "", "its Call-ID"),
        _dialog("caller_uri", "text", "", "URI of From", "caller.uri"),
        _dialog("caller_tag", "text", "", "the caller's tag", "caller.tag"),
        _dialog("caller_address", "text", "", "address of the caller's signalling", "caller.address"),
        _dialog("callee_uri", "text", "", "URI of To", "callee.uri"),
        _dialog("callee_tag", "text", "", "the callee's tag", "callee.tag"),
        _dialog("callee_address", "text", "", "address of the callee's signalling", "callee.address"),
        _dialog("state", "text", "", "`established`, `ended`, `refused`, `cancelled`, `ringing`, `unanswered`"),
        _dialog("status", "integer", "", "of the last final response to its INVITE"),
        Column("refusals", "text", "", "statuses of attempts before the last one, with spaces between; null: none"),
        _dialog("invite_s", "number", "s", "first INVITE, in scenario time"),
        _dialog("established_s", "number", "s", "first 2xx"),
        _dialog("setup_ms", "number", "ms", "first INVITE (also one that was refused) to the ACK of the 2xx"),
        _dialog("ended_s", "number", "s", "first BYE"),
        _dialog("ended_by", "text", "", "`caller` or `callee`"),
        _dialog("handover", "text", "", "what the Handover header of its INVITE says"),
        _dialog("handover_of", "integer", "", "number of the dialog that it takes over from"),
    ),
)

RTCP = TableSchema(
    "rtcp",
    "One row for each run, direction and link of which RTCP spoke: its reports taken together. `to_mn` is what the MN "
    "reported of what the CN sent. Directions and links as in the table `paths`.",
    (
        *WHO,
        DIRECTION,
        PATH,
        _rtcp("reports", "integer", "reports", "report blocks, each once"),
        _rtcp("packets_lost_reported", "integer", "packets", "as the last report says; signed (RFC 3550, 6.4.1)",
              "cumulative_lost"),
        _rtcp("packets_lost_captured", "integer", "packets", "beside it: by the capture, up to that report",
              "captured_lost"),
        _rtcp("highest_sequence", "integer", "", "extended sequence number in the last report"),
        _rtcp("fraction_lost_max", "number", "1", "greatest fraction lost of all reports"),
        _rtcp("jitter_mean_ms", "number", "ms", "mean of the jitters reported", "jitter_ms.mean"),
        _rtcp("jitter_min_ms", "number", "ms", "least of them", "jitter_ms.min"),
        _rtcp("jitter_max_ms", "number", "ms", "greatest of them", "jitter_ms.max"),
        _rtcp("round_trip_mean_ms", "number", "ms", "mean round trip by LSR and DLSR", "round_trip_ms.mean"),
        _rtcp("round_trip_min_ms", "number", "ms", "least of them", "round_trip_ms.min"),
        _rtcp("round_trip_max_ms", "number", "ms", "greatest of them", "round_trip_ms.max"),
        _rtcp("sender_reports", "integer", "reports", "sender reports", "sender.reports"),
        _rtcp("sender_packets", "integer", "packets", "packets sent, as the last of them says", "sender.packets"),
        _rtcp("sender_bytes", "integer", "bytes", "payload sent, as the last of them says", "sender.octets"),
        _rtcp("cname", "text", "", "the sender's name"),
        _rtcp("bye_s", "number", "s", "its RTCP BYE, in scenario time"),
    ),
)  # fmt: skip

REPORTS = TableSchema(
    "reports",
    "One row for each RTCP report block, directions and links as in the table `rtcp`, reports in order of time.",
    (
        *WHO,
        DIRECTION,
        PATH,
        _report("at_s", "number", "s", "when it was seen first, in scenario time"),
        _report("packets_lost_reported", "integer", "packets", "lost since the beginning, as it says; signed",
                "cumulative_lost"),
        _report("packets_lost_captured", "integer", "packets", "beside it: by the capture", "captured_lost"),
        _report("fraction_lost", "number", "1", "lost since the report before, of those expected"),
        _report("highest_sequence", "integer", "", "extended sequence number"),
        _report("jitter_ms", "number", "ms", "jitter that it says"),
        _report("round_trip_ms", "number", "ms", "round trip by LSR and DLSR"),
    ),
)  # fmt: skip
