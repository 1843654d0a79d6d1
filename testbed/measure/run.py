"""`result.json`: the metrics of one run, from its captures and its timeline (design.md, sections 6 and 7).

The same run folder gives the same bytes: no clock, no paths, no order of a set; ms have three decimals.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure import emodel, playout, series, window
from testbed.measure.copies import as_originals, find_copies
from testbed.measure.handover import Handover, attach_parts, find_handover, first_new_packet, measure_phases
from testbed.measure.media import NO_DELAY, Direction, directions
from testbed.measure.packets import decode_udp
from testbed.measure.rtp import find_rtp
from testbed.measure.run_folder import Event, Manifest, read_captures, read_events, read_manifest, scenario_start_ns
from testbed.measure.sip_scan import SipMessage, find_sip
from testbed.measure.summary import seconds
from testbed.measure.transactions import Transaction, pair

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture import Capture, Ints
    from testbed.measure.playout import Heard

SCHEMA_VERSION = 1
PATH_STEP_MARGIN_NS = 2_000_000_000
"""The path step compares packets within the window or so near to it: 100 packets, before a fading link got bad."""


def measure_run(folder: Path) -> dict[str, Any]:
    """Return the content of result.json for a run folder.

    `RunError` when the manifest, the timeline or all captures can't be read; what could not be measured is None, and
    `warnings` says why where there is a reason to doubt a number.
    """
    manifest, events = read_manifest(folder), read_events(folder)
    capture = read_captures(folder, manifest.interface_names)
    datagrams = decode_udp(capture)
    media = directions(capture, as_originals(find_rtp(capture, datagrams), find_copies(capture)), manifest)
    messages = _at_mn(find_sip(capture, datagrams), capture, manifest)
    transactions = pair(messages)
    handover = find_handover(manifest, events, transactions, media)
    start_ns = scenario_start_ns(events, capture)
    heard = {name: playout.listen(one, manifest.interval_ns) for name, one in media.items()}
    warnings = [*manifest.warnings, *capture.warnings]
    warnings += handover.warnings if handover else []
    for name, direction in media.items():
        warnings += _doubts(name, direction, handover, manifest.interval_ns)
    return {
        "schema_version": SCHEMA_VERSION,
        "scheme": manifest.scheme,
        "seed": manifest.seed,
        "engine": manifest.engine,
        "reproducible": manifest.reproducible,
        "handover": None
        if handover is None
        else _handover(handover, media["to_mn"], start_ns, manifest.interval_ns, events),
        "media": {
            name: _direction(name, one, heard[name], handover, manifest.interval_ns) for name, one in media.items()
        },
        "signalling": _signalling(messages, manifest),
        "transactions": [_transaction(one, capture, start_ns) for one in transactions],
        "playout": next((_settings(one) for one in heard.values() if one is not None), None),
        "warnings": warnings,
    }


def to_json(result: dict[str, Any]) -> str:
    """Return a result as the text of result.json."""
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _at_mn(messages: list[SipMessage], capture: Capture, manifest: Manifest) -> list[SipMessage]:
    """Return the messages at the MN's own interfaces, each of which passes only one of them."""
    names = set(manifest.mn.interfaces.values())
    return [message for message in messages if capture.interfaces[message.interface].name in names]


def _handover(
    handover: Handover, to_mn: Direction, start_ns: int, interval_ns: int, events: list[Event]
) -> dict[str, Any]:
    phases = measure_phases(handover, to_mn, interval_ns)
    first_ns = first_new_packet(to_mn, handover.new, handover.trigger_ns)
    return {
        "trigger_s": seconds(handover.trigger_ns - start_ns),
        "delay_ms": series.ms(None if first_ns is None else first_ns - handover.trigger_ns),
        "phases_ms": {
            name: series.ms(getattr(phases, name)) for name in ("detect", "attach", "address", "signalling", "media")
        },
        "attach_ms": {name: series.ms(part) for name, part in attach_parts(handover, events).items()},
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


def _direction(
    name: str, direction: Direction, heard: Heard | None, handover: Handover | None, interval_ns: int
) -> dict[str, Any]:
    counts = series.count(direction.received.key)
    measured = direction.keys > 0 and direction.observed
    in_window = _in_window(name, direction, heard, handover, interval_ns)
    new_delays = direction.delay_ns[series.first_arrivals(direction.received.key)]
    return {
        "gap_ms": in_window["gap_ms"],
        "path_step_ms": in_window["path_step_ms"],
        "interruption_ms": in_window["interruption_ms"],
        "sent": direction.keys if measured else None,
        "received": counts.unique if measured else None,
        "lost": direction.keys - counts.unique if measured else None,
        "lost_in_window": in_window["lost_in_window"],
        "duplicates": counts.duplicates if measured else None,
        "reordered": counts.reordered if measured else None,
        "late": len(heard.late) if heard else None,
        "jitter_ms": series.ms(series.mean(direction.jitter_ns(direction.new))),
        "delay_ms": _delays(new_delays, "mean", "p99"),
        **_quality(direction, heard),
        "gap_call_ms": series.ms(window.longest_gap(direction, interval_ns, None)),
        "interruption_call_ms": _milliseconds(heard.concealed_s()) if heard else None,
        "late_in_window": in_window["late_in_window"],
        "paths": {link: _path(direction, number) for number, link in enumerate(direction.links)},
    }


def _in_window(
    name: str, direction: Direction, heard: Heard | None, handover: Handover | None, interval_ns: int
) -> dict[str, Any]:
    """Return the numbers of the handover window; all None without one."""
    found: dict[str, Any] = dict.fromkeys(
        ("gap_ms", "path_step_ms", "interruption_ms", "lost_in_window", "late_in_window")
    )
    if handover is None or not direction.keys or not direction.observed:
        return found
    span = handover.windows[name]
    step = window.path_step(direction, handover.old, handover.new, span, PATH_STEP_MARGIN_NS)
    found |= {
        "gap_ms": series.ms(window.longest_gap(direction, interval_ns, span)),
        "path_step_ms": series.ms(step),
        "lost_in_window": window.lost_in(direction, span),
    }
    if heard is not None:
        elsewhere = window.lost_outside(direction, span)
        interruption_s = playout.interruption_s(heard, span, window.silence_start(direction, span), elsewhere)
        found |= {
            "interruption_ms": _milliseconds(interruption_s),
            "late_in_window": playout.late_in(heard, direction, span),
        }
    return found


def _quality(direction: Direction, heard: Heard | None) -> dict[str, float | str | None]:
    """Return R and MOS of the whole call as heard; null where the delay or the playout was not measured."""
    mouth_to_ear_s = playout.mouth_to_ear_s(heard, direction) if heard else None
    loss = emodel.loss_and_burst_ratio(heard.intervals) if heard else None
    if mouth_to_ear_s is None or loss is None:
        return dict.fromkeys(
            ("r_factor", "mos", "mouth_to_ear_ms", "concealed_percent", "burst_ratio", "quality_doubt")
        )
    rating = emodel.rate_voip(loss_percent=loss[0], burst_r=loss[1], mouth_to_ear_ms=1000 * mouth_to_ear_s)
    return {
        "r_factor": round(rating.r, 1) if direction.is_g711 else None,
        "mos": round(emodel.mos(rating.r), 2) if direction.is_g711 else None,
        "mouth_to_ear_ms": _milliseconds(mouth_to_ear_s),
        "concealed_percent": round(loss[0], 3),
        "burst_ratio": round(loss[1], 3),
        "quality_doubt": emodel.doubt(*loss) if direction.is_g711 else emodel.NOT_G711,
    }


def _path(direction: Direction, number: int) -> dict[str, Any]:
    """Return what one path carried: arrivals (copies too), how many of them were new, and their one-way delay."""
    here = direction.received.path == number
    arrivals = direction.received.pick(here)
    sent = np.unique(direction.sent.key[direction.sent.path == number])
    unique = np.unique(arrivals.key)
    return {
        "packets": len(arrivals),
        "new": int((direction.new.path == number).sum()),
        "sent": len(sent),
        "lost": len(np.setdiff1d(sent, unique)),
        "delay_ms": _delays(direction.delay_ns[here], "mean", "p99", "min", "max", "sd"),
        "jitter_ms": series.ms(series.mean(direction.jitter_ns(arrivals))),
    }


def _delays(delay_ns: Ints, *names: str) -> dict[str, float | None]:
    """Return statistics of one-way delays; `p99` is the smallest that 99 % don't exceed, `sd` that of a sample."""
    known = np.sort(delay_ns[delay_ns != NO_DELAY])
    count = len(known)
    found: dict[str, float | None] = dict.fromkeys(names)
    if not count:
        return found
    values = [int(one) for one in known]
    total, squares = sum(values), sum(one * one for one in values)
    every = {
        "mean": total / count,
        "p99": values[-(-99 * count // 100) - 1],
        "min": values[0],
        "max": values[-1],
        "sd": ((count * squares - total * total) / (count * (count - 1))) ** 0.5 if count > 1 else None,
    }
    return {name: series.ms(every[name]) for name in names}


def _signalling(messages: list[SipMessage], manifest: Manifest) -> dict[str, Any]:
    """Return what signalling cost at the MN: set-up (its first INVITE to its ACK), messages, bytes of UDP payload."""
    out = [message for message in messages if message.source.ip in manifest.mn.addresses]
    invite = next((one for one in out if one.is_request and one.method == "INVITE"), None)
    ack = None
    if invite is not None:
        accepted = (one for one in messages if one.method == "INVITE" and one.is_success)
        final = next((one for one in accepted if one.call_id == invite.call_id), None)
        acks = (one for one in out if one.method == "ACK" and final and one.time_ns >= final.time_ns)
        ack = next((one for one in acks if one.call_id == invite.call_id), None)
    return {
        "setup_ms": series.ms(ack.time_ns - invite.time_ns) if invite is not None and ack is not None else None,
        "messages": len(messages),
        "bytes": sum(message.size for message in messages),
    }


def _transaction(one: Transaction, capture: Capture, start_ns: int) -> dict[str, Any]:
    return {
        "method": one.request.method,
        "cseq": one.request.cseq,
        "call_id": one.request.call_id,
        "interface": capture.interfaces[one.request.interface].name,
        "request_s": seconds(one.request.time_ns - start_ns),
        "final_s": None if one.final is None else seconds(one.final.time_ns - start_ns),
        "ms": series.ms(one.took_ns),
        "status": None if one.final is None else one.final.status,
        "retransmissions": one.repeats,
    }


def _settings(heard: Heard) -> dict[str, Any]:
    """Return the playout buffer's settings, as it names them: seconds, but for the clock in Hz."""
    return {"buffer": "agents.rtp.playout", **heard.settings._asdict()}


def _doubts(name: str, direction: Direction, handover: Handover | None, interval_ns: int) -> list[str]:
    """Return the reasons to look twice at a direction's numbers."""
    if not direction.keys:
        return [f"{name}: no RTP stream was captured"]
    if not direction.observed:
        return [f"{name}: there is no capture of the receiver"]
    found = []
    if not len(direction.sent):
        found.append(f"{name}: the sender's packets were not captured: delays are unknown, losses perhaps more")
    silent_ns = window.open_silence(direction, interval_ns, handover.windows[name] if handover else None)
    if silent_ns and window.longest_gap(direction, interval_ns, handover.windows[name] if handover else None) is None:
        found.append(f"{name}: silent to the end of the call, for {silent_ns / 1e9:.2f} s at least: the gap has no end")
    unsent = int((direction.delay_ns == NO_DELAY).sum())
    if len(direction.sent) and unsent:
        found.append(f"{name}: {unsent} packets were received whose sending was not captured; they have no delay")
    return found


def _milliseconds(value_s: float) -> float:
    return round(value_s * 1000, 3) + 0.0
