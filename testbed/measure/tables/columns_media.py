"""Columns of the tables about the call: runs, handovers, phases, paths, packets; numbers are those of the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.cost_numbers import COST
from testbed.measure.numbers.cost_numbers import RADIOS as RADIO_NUMBERS
from testbed.measure.numbers.flow_numbers import FLOWS
from testbed.measure.numbers.handover_numbers import HANDOVER, WINDOW_S
from testbed.measure.numbers.media_numbers import MEDIA, WINDOW
from testbed.measure.numbers.nat_numbers import NATS
from testbed.measure.numbers.number import by_key
from testbed.measure.numbers.path_numbers import PATHS as PATH_NUMBERS
from testbed.measure.numbers.signalling_numbers import HANDOVER_SIGNALLING, SIGNALLING
from testbed.measure.numbers.standby_numbers import SILENCES as SILENCE_NUMBERS
from testbed.measure.numbers.standby_numbers import STANDBY
from testbed.measure.numbers.standby_numbers import SWITCHES as SWITCH_NUMBERS
from testbed.measure.tables.columns import DIRECTION, WHO, Column, TableSchema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testbed.measure.numbers.number import Kind, Number


def _columns(rows: Mapping[str, Number[Any]], where: str) -> tuple[Column, ...]:
    """Return the columns of the numbers at a place of result.json; none for those that say they have none."""
    return tuple(
        Column(one.column, one.kind, one.unit, one.about, f"result.{where}.{one.key}")
        for one in rows.values()
        if one.column is not None
    )


def _playout(field: str, unit: str, meaning: str) -> Column:
    kind: Kind = "integer" if unit == "Hz" else "number"
    return Column(f"playout_{field}_{unit.lower()}", kind, unit, meaning, f"result.playout.{field}")


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
        *_columns(HANDOVER, "handover"),
        *_columns(WINDOW_S, "handover.window_s.{direction}"),
        *_columns(MEDIA, "media.{direction}"),
        *_columns(SIGNALLING, "signalling"),
        *_columns(COST, "cost"),
        *_columns(STANDBY, "standby"),
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
        Column("playout_hurried_stretch", "number", "1", "by which part at most when it hurries",
               "result.playout.hurried_stretch"),
        Column("playout_patience_s", "number", "s", "it hurries when the depth wanted would take longer than this",
               "result.playout.patience"),
        Column("playout_loss_memory_s", "number", "s", "how long after something was missed it hurries",
               "result.playout.loss_memory"),
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
        *_columns(HANDOVER, "handovers.{number}"),
        *_columns(WINDOW_S, "handovers.{number}.window_s.{direction}"),
        *_columns(by_key(WINDOW), "handovers.{number}.media.{direction}"),
        *_columns(HANDOVER_SIGNALLING, "handovers.{number}.signalling"),
    ),
)

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
        *_columns(PATH_NUMBERS, "media.{direction}.paths.{path}"),
    ),
)

RADIOS = TableSchema(
    "radios",
    "One row for each run and link of the MN, links as in the manifest. A run without a result has none.",
    (
        *WHO,
        Column("path", "text", "", "the MN's link"),
        *_columns(RADIO_NUMBERS, "cost.radios.{path}"),
        *_columns(NATS, "nats.{path}"),
    ),
)

TRAFFIC = TableSchema(
    "traffic",
    "One row for each flow beside the call, in the order of the scenario. A run without any has none.",
    (
        *WHO,
        Column("number", "integer", "", "of the flow in its run, from 0"),
        *_columns(FLOWS, "traffic.{number}"),
    ),
)

SILENCES = TableSchema(
    "silences",
    "One row for each silence that an end of the call took for a break, in order of time.",
    (*WHO, Column("number", "integer", "", "of the silence in its run, from 0"),
     *_columns(SILENCE_NUMBERS, "standby.silences.{number}")),
)  # fmt: skip

SWITCHES = TableSchema(
    "switches",
    "One row for each handover to a dialog that stood by and each end of the call that sent over its path.",
    (*WHO, Column("number", "integer", "", "of the row in its run, from 0"),
     *_columns(SWITCH_NUMBERS, "standby.switches.{number}")),
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
