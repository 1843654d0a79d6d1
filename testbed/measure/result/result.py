"""`result.json`: the metrics of one run, from its captures and its timeline (design.md, sections 6 and 7).

The same run folder gives the same bytes: no clock, no paths, no order of a set; ms have three decimals.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from testbed.measure import units
from testbed.measure.call.handover import Handover, attach_parts, first_new_packet, measure_phases
from testbed.measure.call.recording import Recording, read_recording
from testbed.measure.call.signalling import count_messages, handover_signalling, signalling_numbers
from testbed.measure.call.unaided import untold_handover
from testbed.measure.folder.run_folder import SCHEMA_VERSION, Event
from testbed.measure.result.dialog_results import describe
from testbed.measure.result.media import Listened, direction_numbers, doubts, silence_doubts, window_numbers
from testbed.measure.rtp import rtcp
from testbed.measure.sip.dialogs import find_dialogs
from testbed.measure.units import seconds

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Capture
    from testbed.measure.listening.playout import Heard
    from testbed.measure.sip.transactions import SeenTransaction


def measure_run(folder: Path) -> dict[str, Any]:
    """Return the content of result.json for a run folder.

    `RunError` when the manifest, the timeline or all captures can't be read; what could not be measured is None, and
    `warnings` says why where there is a reason to doubt a number.
    """
    return measure_recording(read_recording(folder))


def measure_recording(run: Recording) -> dict[str, Any]:
    """Return the content of result.json for a run folder that was read."""
    manifest, capture, handovers, start_ns = run.manifest, run.capture, run.handovers, run.start_ns
    listened = {name: Listened(name, one, manifest.interval_ns) for name, one in run.media.items()}
    counted = count_messages(run.messages, handovers)
    own = [one for one in run.transactions if one.request.source.ip in manifest.mn.addresses]
    described = [_handover(one, run.media["to_mn"], start_ns, manifest.interval_ns, run.events) for one in handovers]
    reports = rtcp.ReceivedReports(rtcp.find_rtcp(capture, run.datagrams))
    told = rtcp.of_paths(reports, run.rtp, manifest.mn.addresses, start_ns)
    return {
        "schema_version": SCHEMA_VERSION,
        "scheme": manifest.scheme,
        "seed": manifest.seed,
        "engine": manifest.engine,
        "reproducible": manifest.reproducible,
        "handover": described[0] if described else None,
        "media": {
            name: direction_numbers(one, run.first_handover) | {"rtcp": told[name]} for name, one in listened.items()
        },
        "signalling": signalling_numbers(counted, run.everywhere, manifest),
        "handovers": [
            {
                **said,
                "media": {name: window_numbers(way, one) for name, way in listened.items()},
                "signalling": handover_signalling(counted, number, one, own),
            }
            for number, (one, said) in enumerate(zip(handovers, described, strict=True))
        ],
        "transactions": [_transaction(one, capture, start_ns) for one in run.transactions],
        "dialogs": describe(find_dialogs(run.everywhere), capture, start_ns),
        "playout": next((_settings(one.heard) for one in listened.values() if one.heard is not None), None),
        "warnings": [
            *manifest.warnings,
            *capture.warnings,
            *_untold(run),
            *untold_handover(manifest, handovers),
            *_doubts(listened, handovers),
        ],
    }


def _untold(run: Recording) -> list[str]:
    """Return that the timeline says nothing, where it doesn't."""
    if run.events:
        return []
    return ["the timeline is empty: nobody knows of a handover, and times count from the first packet"]


def to_json(result: dict[str, Any]) -> str:
    """Return a result as the text of result.json."""
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _handover(
    handover: Handover, to_mn: Direction, start_ns: int, interval_ns: int, events: list[Event]
) -> dict[str, Any]:
    phases = measure_phases(handover, to_mn, interval_ns)
    first_ns = first_new_packet(to_mn, handover.new, handover.trigger_ns)
    return {
        "trigger_s": seconds(handover.trigger_ns - start_ns),
        "delay_ms": units.ms(None if first_ns is None else first_ns - handover.trigger_ns),
        "phases_ms": {
            name: units.ms(getattr(phases, name)) for name in ("detect", "attach", "address", "signalling", "media")
        },
        "attach_ms": {name: units.ms(part) for name, part in attach_parts(handover, events).items()},
        "kind": handover.kind,
        "old_path": handover.old,
        "new_path": handover.new,
        "window_s": {
            name: {
                "open": seconds(one.open_ns - start_ns),
                "close": seconds(one.close_ns - start_ns),
                "released": one.released,
            }
            for name, one in handover.windows.items()
        },
    }


def _transaction(one: SeenTransaction, capture: Capture, start_ns: int) -> dict[str, Any]:
    return {
        "method": one.request.method,
        "cseq": one.request.cseq,
        "call_id": one.request.call_id,
        "interface": capture.interfaces[one.request.interface].name,
        "request_s": seconds(one.request.time_ns - start_ns),
        "final_s": None if one.final is None else seconds(one.final.time_ns - start_ns),
        "ms": units.ms(one.took_ns),
        "status": None if one.final is None else one.final.status,
        "retransmissions": one.repeats,
    }


def _settings(heard: Heard) -> dict[str, Any]:
    """Return the playout buffer's settings, as it names them: seconds, but for the clock in Hz."""
    return {"buffer": "agents.rtp.playout", **heard.settings._asdict()}


def _doubts(listened: dict[str, Listened], handovers: list[Handover]) -> list[str]:
    """Return the reasons to look twice at the numbers; those of later handovers say which one they are about."""
    first = handovers[0] if handovers else None
    found = []
    if len(handovers) > 1:
        found.append(
            f"{len(handovers)} handovers were triggered: 'handover' and 'media' are about the first one, "
            "'handovers' has all of them"
        )
    found += first.warnings if first else []
    for one in listened.values():
        found += doubts(one, first)
    for number, handover in enumerate(handovers[1:], start=2):
        silent = [said for one in listened.values() if one.is_measured for said in silence_doubts(one, handover)]
        found += [f"handover {number}: {said}" for said in (*handover.warnings, *silent)]
    return found
