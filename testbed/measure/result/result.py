"""`result.json`: the metrics of one run, from its captures and its timeline (design.md, sections 6 and 7).

The same run folder gives the same bytes: no clock, no paths, no order of a set; ms have three decimals.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure import units
from testbed.measure.call.phases import attach_parts
from testbed.measure.call.second_path import second_path
from testbed.measure.call.signalling import Signalling, answer_delay_ns, count_messages
from testbed.measure.call.unaided import untold_handover
from testbed.measure.cost.cost import CallCost
from testbed.measure.folder.run_folder import SCHEMA_VERSION
from testbed.measure.numbers.cost_numbers import COST, RADIOS, RadioFacts
from testbed.measure.numbers.flow_numbers import FLOWS, FlowFacts
from testbed.measure.numbers.handover_numbers import TIMES, WHERE, WINDOW_S, HandoverFacts, WindowFacts
from testbed.measure.numbers.media_facts import MediaFacts
from testbed.measure.numbers.media_numbers import MEDIA, WINDOW
from testbed.measure.numbers.nat_numbers import NATS, NatFacts
from testbed.measure.numbers.number import fill
from testbed.measure.numbers.path_numbers import PATHS, PathFacts
from testbed.measure.numbers.signalling_numbers import (
    COSTS,
    HANDOVER_SIGNALLING,
    MOBILITY,
    PARTS,
    QUESTION,
    SETUP,
    HandoverCost,
)
from testbed.measure.result.dialog_results import describe
from testbed.measure.result.doubts import doubts
from testbed.measure.result.standby_result import standby_of
from testbed.measure.rtcp import rtcp
from testbed.measure.rtp.streams import LAST_NS
from testbed.measure.sip.dialogs import find_dialogs
from testbed.measure.units import seconds
from testbed.measure.wire.flow_packets import segments_of
from testbed.measure.wire.packets import OTHER_TCP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testbed.measure.call.handover import Handover
    from testbed.measure.call.recording import Recording
    from testbed.measure.call.signalling import Counted
    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.listening.listened import Listened
    from testbed.measure.listening.playout import Heard
    from testbed.measure.sip.transactions import SeenTransaction
    from testbed.measure.wire.packets import Datagrams

UNTOLD = "the timeline is empty: nobody knows of a handover, and times count from the first packet"


def result_of(run: Recording, listened: Mapping[str, Listened]) -> dict[str, Any]:
    """Return the content of result.json; `listened` has what was heard, by direction."""
    manifest, events, capture = run.manifest, run.events, run.capture
    handovers, start_ns = run.handovers, run.start_ns
    counted = count_messages(run.messages, handovers)
    described = [_handover(run, one) for one in handovers]
    reports = rtcp.ReceivedReports(rtcp.find_rtcp(capture, run.traffic.datagrams))
    told = rtcp.of_paths(reports, run.traffic.rtp, manifest.mn.places, start_ns, _onto_paths_that_stood(run))
    return {
        "schema_version": SCHEMA_VERSION,
        "scheme": manifest.scheme,
        "seed": manifest.seed,
        "engine": manifest.engine,
        "reproducible": manifest.reproducible,
        "handover": described[0] if described else None,
        "media": {name: _media(one, run.first_handover) | {"rtcp": told[name]} for name, one in listened.items()},
        "signalling": _signalling(Signalling(counted, run.traffic.messages, manifest, run.exchanges)),
        "handovers": [
            {
                **said,
                "media": {name: _of_window(way, one) for name, way in listened.items()},
                "signalling": _handover_signalling(run, counted, number),
            }
            for number, (one, said) in enumerate(zip(handovers, described, strict=True))
        ],
        "cost": _cost(run),
        "standby": standby_of(run),
        "nats": {one.link: fill(NATS.values(), NatFacts(run, one)) for one in manifest.nats},
        "traffic": [fill(FLOWS.values(), FlowFacts(run, one)) for one in manifest.flows],
        "transactions": [_transaction(one, capture, start_ns) for one in run.transactions],
        "dialogs": describe(find_dialogs(run.traffic.messages), capture, start_ns),
        "playout": next((_settings(one.heard) for one in listened.values() if one.heard is not None), None),
        "warnings": [
            *manifest.warnings, *capture.warnings,
            *unread(run.traffic.datagrams, known={OTHER_TCP: segments_of(capture, manifest.flows)}),
            *(untold_handover(manifest, handovers) if events else [UNTOLD]), *doubts(listened, handovers),
        ],
    }  # fmt: skip


def unread(datagrams: Datagrams, known: Mapping[str, int] | None = None) -> list[str]:
    """Return what may have been missed: media can be in what was not read, but for what is `known` to be other."""
    left = {reason: count - (known or {}).get(reason, 0) for reason, count in datagrams.unread.items()}
    return [f"not read: {reason}, {count} packets" for reason, count in left.items() if count > 0]


def to_json(result: dict[str, Any]) -> str:
    """Return a result as the text of result.json."""
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _media(one: Listened, handover: Handover | None) -> dict[str, Any]:
    """Return the numbers of a direction; those of the window are about `handover`."""
    facts, direction = MediaFacts(one, handover), one.direction
    there = {"delay_change_ms": facts.span, "burst_loss": facts.is_measured or None}
    paths = {link: fill(PATHS.values(), PathFacts(direction, path)) for path, link in enumerate(direction.links)}
    return {**fill(MEDIA.values(), facts, there), "paths": paths}


def _of_window(one: Listened, handover: Handover) -> dict[str, Any]:
    facts = MediaFacts(one, handover)
    return fill(WINDOW, facts, {"delay_change_ms": facts.span})


def _handover(run: Recording, handover: Handover) -> dict[str, Any]:
    facts = HandoverFacts(handover, run.media["to_mn"], run.manifest.interval_ns, run.start_ns)
    return {
        **fill(TIMES, facts),
        "attach_ms": {name: units.ms(part) for name, part in attach_parts(handover, run.events).items()},
        **fill(WHERE, facts),
        "window_s": {
            name: fill(WINDOW_S.values(), WindowFacts(one, run.start_ns)) for name, one in handover.windows.items()
        },
    }


def _signalling(facts: Signalling) -> dict[str, Any]:
    there = {"question": facts.question, "mobility": facts.mobility}
    return {
        **fill((SETUP, *COSTS, *QUESTION, *MOBILITY), facts, there),
        "requests": facts.requests,
        "responses": facts.responses,
        **fill(PARTS, facts),
    }


def _onto_paths_that_stood(run: Recording) -> dict[tuple[str, str], Ints]:
    """Return which RTP sequence numbers went onto the paths that got probes, by direction and link."""
    found = {}
    for name, direction in run.media.items():
        kinds = second_path(direction)
        for path in np.unique(kinds.onto.path[kinds.is_probe]).tolist():
            rows = kinds.onto.row[kinds.onto.path == path]
            found[name, direction.links[path]] = np.unique(run.traffic.rtp.sequence[rows].astype(np.int64))
    return found


def _cost(run: Recording) -> dict[str, Any]:
    cost = CallCost(run)
    radios = {link: fill(RADIOS.values(), RadioFacts(cost, link)) for link in cost.links}
    return {**fill(COST.values(), cost), "radios": radios}


def _handover_signalling(run: Recording, counted: Sequence[Counted], number: int) -> dict[str, Any]:
    own = [one for one in run.transactions if run.manifest.mn.has(one.request.source.ip)]
    handover = run.handovers[number]
    until_ns = LAST_NS if handover.until_ns is None else handover.until_ns
    moving = [one for one in run.exchanges if handover.trigger_ns <= one.asked_ns < until_ns]
    mine = Signalling([one for one in counted if one.handover == number], (), run.manifest, moving)
    cost = HandoverCost(answer_delay_ns(handover, own), mine.cost(), mine.mobility)
    return fill(HANDOVER_SIGNALLING.values(), cost)


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
