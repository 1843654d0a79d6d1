"""Columns of the tables about captures of no run: streams, their packets, SIP messages.

A `source` is a field of a stream as `testbed measure --json` has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.tables.columns import Column, TableSchema

if TYPE_CHECKING:
    from testbed.measure.numbers.number import Kind

_FILE = Column("capture", "text", "", "the file, as it was named")
_STREAM = Column("stream", "integer", "", "of the stream in its capture, from 0, in the order of their first packets")
_SSRC = Column("ssrc", "text", "", "its SSRC (RFC 3550), as Wireshark shows it", "ssrc")
_SRC = Column("src", "text", "", "address and port that it comes from", "src")
_DST = Column("dst", "text", "", "address and port that it goes to", "dst")
_FRAME = Column(
    "frame",
    "integer",
    "",
    "number of the packet in the capture, from 1, as Wireshark counts; of what came in pieces the last one to come",
)
_AT = Column("at_s", "number", "s", "when it was seen, from the first packet of the capture on")
_INTERFACE = Column("interface", "text", "", "capture interface that saw it", "interface")


def _of_stream(name: str, kind: Kind, unit: str, meaning: str) -> Column:
    return Column(name, kind, unit, meaning, name)


def _of_bursts(name: str, kind: Kind, unit: str, meaning: str) -> Column:
    return Column(name, kind, unit, meaning, f"burst_loss.{name}")


STREAMS = TableSchema(
    "streams",
    "One row for each RTP stream of each capture, captures in the order given, streams in that of their first packets.",
    (
        _FILE,
        _STREAM,
        _SRC,
        _DST,
        _SSRC,
        _of_stream("payload_type", "integer", "", "its most frequent payload type that is speech or picture"),
        _of_stream("codec", "text", "", "its name, where SIP announced it"),
        _of_stream("clock_hz", "integer", "Hz", "its RTP clock"),
        _of_stream("found", "text", "", "`sdp` or `regularity`: why it is taken for RTP"),
        _of_stream("first_s", "number", "s", "its first packet, from the first one of the capture on"),
        _of_stream("last_s", "number", "s", "its last packet"),
        _of_stream("packets", "integer", "packets", "arrivals, duplicates too"),
        _of_stream("unique", "integer", "packets", "different ones"),
        _of_stream("lost", "integer", "packets", "that are missing in the range of sequence numbers"),
        _of_stream("duplicates", "integer", "packets", "that had arrived before"),
        _of_stream("reordered", "integer", "packets", "that came after one with a higher number"),
        _of_stream("gap_ms", "number", "ms", "longest silence less the packet interval, or less an intended pause"),
        _of_stream("longest_silence_ms", "number", "ms", "longest time between two new packets"),
        _of_stream("packet_interval_ms", "number", "ms", "usual step of the timestamps"),
        _of_stream("jitter_ms", "number", "ms", "mean interarrival jitter (RFC 3550)"),
        _of_stream("jitter_max_ms", "number", "ms", "greatest one"),
        _of_stream("restarts", "integer", "places", "where sequence numbers begin anew"),
        _of_stream("copies", "integer", "packets", "second sightings at a mirror port, not counted elsewhere"),
        _of_stream("strays", "integer", "packets", "left out: their numbers are far from all others"),
        _INTERFACE,
        _of_stream("loss_percent", "number", "%", "lost packets of those that there should have been"),
        _of_stream("late", "integer", "packets", "that would have been too late for a jitter buffer of 60 ms"),
        _of_stream("r_factor", "number", "1", "rating of the E-model (ITU-T G.107, G.107.1); null: not of that codec"),
        _of_stream("mos", "number", "1", "mean opinion score of that"),
        _of_stream("mos_scale", "text", "", "whose scale these two are of: `narrow-band` or `wideband`"),
        _of_stream("quality_doubt", "text", "", "why these two mean little, or are not there"),
        _of_bursts("bursts", "integer", "bursts", "bursts of lost or late packets (RFC 3611)"),
        _of_bursts("burst_density", "number", "1", "part of their packets that was missing"),
        _of_bursts("burst_duration_ms", "number", "ms", "their mean length"),
        _of_bursts("lost_runs", "integer", "runs", "runs of lost packets"),
        _of_bursts("longest_lost_run", "integer", "packets", "the longest of them"),
        Column("dialogs", "text", "", "numbers of its SIP dialogs, with spaces between; null: none"),
        Column("call_ids", "text", "", "their Call-IDs, in that order"),
    ),
)

PACKETS_OF_STREAMS = TableSchema(
    "packets",
    "One row for each RTP packet that counts in a stream, streams as in the table `streams`, packets as they arrived.",
    (
        _FILE,
        _STREAM,
        _SRC,
        _DST,
        _SSRC,
        _FRAME,
        _AT,
        Column("sequence", "integer", "", "its sequence number, as Wireshark shows it"),
        Column("extended_sequence", "integer", "", "the same without wrap-around"),
        Column("rtp_timestamp", "integer", "", "its RTP timestamp (32 bit)"),
        Column("payload_type", "integer", "", "its payload type"),
        Column("duplicate", "truth", "", "its number had arrived before"),
    ),
)

SIP_MESSAGES = TableSchema(
    "messages",
    "One row for each SIP message at each capture interface that saw it, in order of time.",
    (
        _FILE,
        _FRAME,
        _AT,
        _INTERFACE,
        Column("transport", "text", "", "`udp`, `tcp` or `ws`"),
        _SRC._replace(source=""),
        _DST._replace(source=""),
        Column("method", "text", "", "of the request that it is, or that it answers"),
        Column("status", "integer", "", "of a response; null: it is a request"),
        Column("reason", "text", "", "its words"),
        Column("call_id", "text", "", "its Call-ID"),
        Column("cseq", "integer", "", "its CSeq number"),
        Column("from_uri", "text", "", "URI of From"),
        Column("from_tag", "text", "", "its tag"),
        Column("to_uri", "text", "", "URI of To"),
        Column("to_tag", "text", "", "its tag"),
        Column("branch", "text", "", "branch of its topmost Via"),
        Column("sdp_direction", "text", "", "direction of the description in it; null: it has none"),
        Column("size_bytes", "integer", "bytes", "its bytes, without headers of UDP or TCP"),
    ),
)

OVER_TIME = TableSchema(
    "over_time",
    "Up to 60 rows for each RTP stream, one for each window of it, streams as in the table `streams`.",
    (
        _FILE,
        _STREAM,
        _SRC,
        _DST,
        _SSRC,
        _of_stream("from_s", "number", "s", "where the window begins, from the first packet of the capture on"),
        _of_stream("to_s", "number", "s", "where it ends"),
        _of_stream("packets", "integer", "packets", "arrivals in it, duplicates too"),
        _of_stream("lost", "integer", "packets", "that should have come in it, and did not"),
        _of_stream("late", "integer", "packets", "that came in it, too late for a jitter buffer of 60 ms"),
        _of_stream("loss_percent", "number", "%", "lost packets of those that should have come; null: none should"),
        _of_stream("jitter_ms", "number", "ms", "mean interarrival jitter (RFC 3550) in it"),
        _of_stream("jitter_max_ms", "number", "ms", "greatest one"),
        _of_stream("gap_ms", "number", "ms", "longest gap that ends in it"),
        _of_stream("r_factor", "number", "1", "rating of the E-model; null: not of that codec, or nothing to hear"),
        _of_stream("mos", "number", "1", "mean opinion score of that"),
    ),
)

KEY_PRESSES = TableSchema(
    "keys",
    "One row for each key press, those in streams (RFC 4733) first, then those that INFO requests told of.",
    (
        _FILE,
        Column("stream", "integer", "", "its stream, as in the table `streams`; null: of an INFO request"),
        Column("dialog", "integer", "", "number of its dialog; null: of a stream"),
        Column("by", "text", "", "`caller` or `callee` of the dialog, or address and port that the stream comes from"),
        Column("digit", "text", "", "the key: `0` to `9`, `*`, `#`, `A` to `D`, `flash`, else `event` and its number"),
        _AT,
        Column("duration_ms", "number", "ms", "how long it was pressed, as was said; null: nobody said"),
    ),
)

OF_CAPTURES = {table.name: table for table in (STREAMS, OVER_TIME, PACKETS_OF_STREAMS, KEY_PRESSES, SIP_MESSAGES)}
"""The tables of `testbed export CAPTURE` by name."""
