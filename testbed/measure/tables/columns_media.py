"""Columns of the tables about the call: runs, handovers, their phases, paths, packets."""

from __future__ import annotations

from testbed.measure.tables.columns import DIRECTION, WHO, Column, Kind, TableSchema


def _media(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, f"result.media.{{direction}}.{field or name}")


def _packets(name: str, meaning: str, field: str) -> Column:
    return _media(name, "integer", "packets", meaning, field)


def _playout(field: str, unit: str, meaning: str) -> Column:
    kind: Kind = "integer" if unit == "Hz" else "number"
    return Column(f"playout_{field}_{unit.lower()}", kind, unit, meaning, f"result.playout.{field}")


def _path(name: str, kind: Kind, unit: str, meaning: str, field: str) -> Column:
    return Column(name, kind, unit, meaning, f"result.media.{{direction}}.paths.{{path}}.{field}")


def _fixed(depth: int, field: str, unit: str, meaning: str) -> Column:
    kind: Kind = "number" if unit == "ms" else "integer"
    name = f"packets_{field}" if unit == "packets" else field
    return _media(f"fixed_{depth}_ms_{name}", kind, unit, meaning, f"fixed_playout.{depth}_ms.{field}")


def _fixed_playout(depth: int) -> tuple[Column, ...]:
    """The columns of a jitter buffer of that many ms."""
    return (
        _fixed(
            depth, "interruption_ms", "ms", f"interruption by the handover, with a fixed jitter buffer of {depth} ms"
        ),
        _fixed(depth, "interruption_call_ms", "ms", "the same in the whole call"),
        _fixed(depth, "late", "packets", "new packets too late for it"),
        _fixed(depth, "late_in_window", "packets", "those of them that arrived in the handover window"),
        _fixed(depth, "mouth_to_ear_ms", "ms", "mouth-to-ear delay with it"),
    )


def _sip(part: str, of: str) -> tuple[Column, ...]:
    """The columns that say what a part of signalling cost."""
    where = f"result.signalling.{part}"
    return (
        Column(f"{part}_messages", "integer", "messages", f"SIP messages {of}", f"{where}.messages"),
        Column(f"{part}_bytes", "integer", "bytes", "their UDP payload", f"{where}.bytes"),
        Column(f"{part}_retransmissions", "integer", "messages", "those of them that were sent again",
               f"{where}.retransmissions"),
    )  # fmt: skip


def _handover(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, f"result.handovers.{{number}}.{field or name}")


RUNS = TableSchema(
    "runs",
    "One row for each run and direction. Runs in the order given (below a folder by name), `to_mn` before `to_cn`. "
    "What belongs to the run and not to a direction stands in both rows.",
    (
        *WHO,
        DIRECTION,
        Column("scenario", "text", "", "name of the scenario", "manifest.scenario.name"),
        Column("scenario_sha256", "text", "", "digest of its text: same name, same file?", "manifest.scenario.sha256"),
        Column("failure", "text", "", "name of the failure script", "manifest.failure_script"),
        Column("trigger", "text", "", "trigger chosen instead of the scheme's own", "manifest.trigger"),
        Column("cn", "text", "", "correspondent: the testbed's, or a phone", "manifest.cn"),
        Column("proxy", "text", "", "proxy and registrar of the home network", "manifest.proxy"),
        Column("hangs_up", "text", "", "who ends the call", "manifest.call.hangs_up"),
        Column("call_duration_s", "number", "s", "length of the call", "manifest.call.duration_s"),
        Column("packet_interval_ms", "number", "ms", "time between two RTP packets",
               "manifest.call.packet_interval_ms"),
        Column("engine", "text", "", "`vm` or `native`", "manifest.engine"),
        Column("reproducible", "truth", "", "whether the same plan gives the same bytes", "manifest.reproducible"),
        Column("plan_sha256", "text", "", "digest of what the lab was told to do", "manifest.plan_sha256"),
        Column("testbed_version", "text", "", "version that made the run", "manifest.versions.testbed"),
        Column("code_sha256", "text", "", "digest of its code", "manifest.versions.code_sha256"),
        Column("schema_version", "integer", "", "version of the run folder", "manifest.schema_version"),
        Column("status", "text", "", "`done`, `failed`, `running` (the testbed itself was killed)", "manifest.status"),
        Column("failure_reason", "text", "", "why it failed", "manifest.failure"),
        Column("warnings", "integer", "warnings", "how many reasons there are to look before trusting a number"),
        Column("warnings_text", "text", "", "the warnings, with ` | ` between them; null without any"),
        Column("trigger_s", "number", "s", "when the handover was triggered, in scenario time",
               "result.handover.trigger_s"),
        Column("trigger_kind", "text", "", "what triggered it", "result.handover.kind"),
        Column("old_path", "text", "", "link that the media came over before", "result.handover.old_path"),
        Column("new_path", "text", "", "link that the call went to", "result.handover.new_path"),
        Column("handover_delay_ms", "number", "ms", "trigger to the first new packet on the new path, to the MN",
               "result.handover.delay_ms"),
        Column("window_open_s", "number", "s", "begin of the handover window, in scenario time",
               "result.handover.window_s.{direction}.open"),
        Column("window_close_s", "number", "s", "its end", "result.handover.window_s.{direction}.close"),
        Column("window_released", "truth", "", "whether the old path was released; else it lasts until the media end",
               "result.handover.window_s.{direction}.released"),
        _media("gap_ms", "number", "ms", "longest silence of the handover window, less the packet interval"),
        _media("path_step_ms", "number", "ms", "one-way delay on the new path less that on the old one"),
        _media("interruption_ms", "number", "ms", "time with nothing to play that the handover caused"),
        _packets("packets_sent", "sequence numbers used", "sent"),
        _packets("packets_received", "new packets", "received"),
        _packets("packets_lost", "sent less received, in the whole call", "lost"),
        _packets("packets_lost_in_window", "lost packets of the handover window", "lost_in_window"),
        _packets("packets_duplicate", "arrivals that were no new packets", "duplicates"),
        _packets("packets_reordered", "new packets that came after one with a higher number", "reordered"),
        _packets("packets_late", "new packets that came after their playout time", "late"),
        _packets("packets_late_in_window", "those of them that arrived in the handover window", "late_in_window"),
        _media("jitter_ms", "number", "ms", "mean interarrival jitter (RFC 3550) of the new packets"),
        _media("delay_mean_ms", "number", "ms", "mean one-way delay of the new packets", "delay_ms.mean"),
        _media("delay_p99_ms", "number", "ms", "one-way delay that 99 % of them do not exceed", "delay_ms.p99"),
        _media("r_factor", "number", "1", "ITU-T G.107 rating R of the whole call"),
        _media("mos", "number", "1", "the same as a mean opinion score"),
        _media("mouth_to_ear_ms", "number", "ms", "mean time from a sample's recording to its playing"),
        _media("concealed_percent", "number", "%", "share of packet intervals with nothing to play, in the whole call"),
        _media("burst_ratio", "number", "1", "length of those bursts over that of random loss"),
        _media("quality_doubt", "text", "", "why R and MOS mean little, or are not there"),
        _media("gap_call_ms", "number", "ms", "longest silence of the whole call, less the packet interval"),
        _media("interruption_call_ms", "number", "ms", "time with nothing to play in the whole call"),
        _media("delay_before_ms", "number", "ms", "mean one-way delay in the 2 s before the handover window",
               "delay_change_ms.before"),
        _media("delay_in_window_ms", "number", "ms", "the same in the window", "delay_change_ms.in_window"),
        _media("delay_after_ms", "number", "ms", "the same in the 2 s after it", "delay_change_ms.after"),
        _media("delay_old_path_ms", "number", "ms", "mean one-way delay on the old path, within 2 s of the window",
               "delay_change_ms.old_path"),
        _media("delay_new_path_ms", "number", "ms", "the same on the new path", "delay_change_ms.new_path"),
        _media("burst_gmin_packets", "integer", "packets", "so many received ones in a row end a burst (RFC 3611, A.2)",
               "burst_loss.gmin"),
        _media("bursts", "integer", "bursts", "bursts of lost or late packets", "burst_loss.bursts"),
        _media("burst_density", "number", "1", "part of their packets that was missing", "burst_loss.burst_density"),
        _media("burst_duration_ms", "number", "ms", "their mean length", "burst_loss.burst_duration_ms"),
        _media("loss_gaps", "integer", "gaps", "stretches between bursts (RFC 3611's gaps)", "burst_loss.gaps"),
        _media("loss_gap_density", "number", "1", "part of their packets that was missing", "burst_loss.gap_density"),
        _media("loss_gap_duration_ms", "number", "ms", "their mean length", "burst_loss.gap_duration_ms"),
        _media("lost_runs", "integer", "runs", "runs of lost packets", "burst_loss.lost_runs"),
        _media("longest_lost_run_packets", "integer", "packets", "the longest of them", "burst_loss.longest_lost_run"),
        *_fixed_playout(60),
        *_fixed_playout(200),
        _media("depth_needed_ms", "number", "ms", "least depth of a fixed buffer with which no packet were late"),
        Column("setup_ms", "number", "ms", "the MN's first INVITE to its ACK", "result.signalling.setup_ms"),
        Column("sip_messages", "integer", "messages", "SIP messages at the MN's interfaces, both ways",
               "result.signalling.messages"),
        Column("sip_bytes", "integer", "bytes", "their UDP payload", "result.signalling.bytes"),
        Column("sip_retransmissions", "integer", "messages", "those of them that were sent again",
               "result.signalling.retransmissions"),
        *_sip("handover", "of all handovers"),
        *_sip("registering", "of registering"),
        *_sip("rest", "of all else: set-up, hanging up"),
        Column("question_asked_by", "text", "", "who asked for the Handover extension in the set-up",
               "result.signalling.question.asked_by"),
        Column("question_answer", "text", "", "what the correspondent said", "result.signalling.question.answer"),
        Column("question_round_ms", "number", "ms", "after a 420: from that INVITE to the next",
               "result.signalling.question.round_ms"),
        Column("setup_without_round_ms", "number", "ms", "set-up less that round",
               "result.signalling.question.setup_without_round_ms"),
        Column("playout_buffer", "text", "", "which playout buffer was fed", "result.playout.buffer"),
        _playout("clock_rate", "Hz", "RTP clock"),
        _playout("interval", "s", "length of a frame"),
        _playout("initial_depth", "s", "depth that it begins with"),
        _playout("min_depth", "s", "least depth"),
        _playout("max_depth", "s", "greatest depth"),
        _playout("margin", "s", "depth beyond the delays seen"),
        _playout("window", "s", "how long a delay is remembered"),
        _playout("path_memory", "s", "how long a path is remembered"),
        Column("playout_max_stretch", "number", "1", "by which part a frame is stretched at most",
               "result.playout.max_stretch"),
        _playout("hysteresis", "s", "how much too deep is let be"),
    ),
)  # fmt: skip

NUMBER = Column("number", "integer", "", "of the handover in its run, from 0")
HANDOVERS = TableSchema(
    "handovers",
    "One row for each handover and direction, in the order of the triggers, `to_mn` before `to_cn`. What belongs to "
    "the handover and not to a direction stands in both rows. A run without a handover has none.",
    (
        *WHO,
        NUMBER,
        DIRECTION,
        _handover("trigger_s", "number", "s", "when it was triggered, in scenario time"),
        _handover("trigger_kind", "text", "", "what triggered it", "kind"),
        _handover("old_path", "text", "", "link that the media came over before"),
        _handover("new_path", "text", "", "link that the call went to"),
        _handover("handover_delay_ms", "number", "ms", "trigger to the first new packet on the new path, to the MN",
                  "delay_ms"),
        _handover("window_open_s", "number", "s", "begin of its window", "window_s.{direction}.open"),
        _handover("window_close_s", "number", "s", "its end", "window_s.{direction}.close"),
        _handover("window_released", "truth", "", "whether the old path was released", "window_s.{direction}.released"),
        _handover("gap_ms", "number", "ms", "longest silence of its window, less the packet interval",
                  "media.{direction}.gap_ms"),
        _handover("path_step_ms", "number", "ms", "one-way delay on the new path less that on the old one",
                  "media.{direction}.path_step_ms"),
        _handover("interruption_ms", "number", "ms", "time with nothing to play that it caused",
                  "media.{direction}.interruption_ms"),
        _handover("packets_lost_in_window", "integer", "packets", "lost packets of its window",
                  "media.{direction}.lost_in_window"),
        _handover("packets_late_in_window", "integer", "packets", "packets too late that arrived in it",
                  "media.{direction}.late_in_window"),
        *(
            _handover(f"delay_{name}_ms", "number", "ms", f"mean one-way delay {meaning}",
                      f"media.{{direction}}.delay_change_ms.{name}")
            for name, meaning in (
                ("before", "in the 2 s before it"), ("in_window", "in it"), ("after", "in the 2 s after it"),
                ("old_path", "on the old path, in it or within 2 s of it"), ("new_path", "the same on the new path"),
            )
        ),
        _handover("signalling_delay_ms", "number", "ms", "its first INVITE to the final response of the last",
                  "signalling.delay_ms"),
        _handover("sip_messages", "integer", "messages", "SIP messages of it", "signalling.messages"),
        _handover("sip_bytes", "integer", "bytes", "their UDP payload", "signalling.bytes"),
        _handover("sip_retransmissions", "integer", "messages", "those of them that were sent again",
                  "signalling.retransmissions"),
    ),
)  # fmt: skip

PHASES = TableSchema(
    "phases",
    "One row for each phase of each handover, in the order of time (`detect`, `attach`, `address`, `signalling`, "
    "`media`), and after `attach` one for each part that the radio told of. A run without a handover has none.",
    (
        *WHO,
        NUMBER,
        Column("phase", "text", "", "name of the phase"),
        Column("part", "text", "", "part of the phase `attach`; null in the row of a whole phase"),
        Column("duration_ms", "number", "ms", "how long it took; may be negative (docs/metrics.md)"),
    ),
)

PATHS = TableSchema(
    "paths",
    "One row for each run, direction and link, in the order of the runs, `to_mn` before `to_cn`, links as in the "
    "manifest. A run without a result has none.",
    (
        *WHO,
        DIRECTION,
        Column("path", "text", "", "the MN's link"),
        _path("packets_sent", "integer", "packets", "different packets captured at the sender", "sent"),
        _path("packets_received", "integer", "packets", "arrivals, copies too", "packets"),
        _path("packets_new", "integer", "packets", "arrivals that were the first of their number on any path", "new"),
        _path("packets_lost", "integer", "packets", "captured at the sender and not arrived over this path", "lost"),
        _path("delay_mean_ms", "number", "ms", "mean one-way delay", "delay_ms.mean"),
        _path("delay_p99_ms", "number", "ms", "one-way delay that 99 % do not exceed", "delay_ms.p99"),
        _path("delay_min_ms", "number", "ms", "least one-way delay", "delay_ms.min"),
        _path("delay_max_ms", "number", "ms", "greatest one-way delay", "delay_ms.max"),
        _path("delay_sd_ms", "number", "ms", "standard deviation of the one-way delay", "delay_ms.sd"),
        _path("jitter_ms", "number", "ms", "mean interarrival jitter (RFC 3550) of all arrivals", "jitter_ms"),
    ),
)  # fmt: skip

PACKETS = TableSchema(
    "packets",
    "One row for each copy of each RTP packet that was sent or arrived, and one for a packet that nobody saw at all; "
    "from the captures. Runs in the order given, `to_mn` before `to_cn`, packets by `packet`, copies in the order of "
    "their arrival (those that did not arrive last, as they were sent).",
    (
        *WHO,
        DIRECTION,
        Column("packet", "integer", "", "number of the packet: the sequence number without wrap-around, from 0, going "
               "on over SSRC changes"),
        Column("ssrc", "integer", "", "its SSRC (RFC 3550), for copies that of the original; null if nobody saw it"),
        Column("sequence", "integer", "", "its RTP sequence number, as Wireshark shows it; null if nobody saw it"),
        Column("rtp_timestamp", "integer", "", "its RTP timestamp (32 bit)"),
        Column("path", "text", "", "the MN's link that this copy took; null where it has none (to or from a relay)"),
        Column("sent_s", "number", "s", "when the sender's capture saw it on that path, in scenario time"),
        Column("arrival_s", "number", "s", "when the receiver's capture saw this copy; null: it did "
               "not arrive, or a relay left it out, having had another copy"),
        Column("delay_ms", "number", "ms", "from the one to the other"),
        Column("duplicate", "truth", "", "it arrived, and a copy had arrived before; null if it did not arrive"),
        Column("lost", "truth", "", "no copy of this packet arrived on any path"),
        Column("playout", "text", "", "what became of the packet, in the row of its first arrival (if none arrived, "
               "its first row): `played`, `late` (thrown away), `concealed` (nothing to play in its place); null in "
               "other rows, and where nothing at all came, so that the buffer named no packet"),
        Column("played_s", "number", "s", "when it was played, in scenario time"),
    ),
)  # fmt: skip
