"""`testbed measure FILE`: what any capture says about its RTP streams and its SIP, also one that we did not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure import units
from testbed.measure.result.captured_media import odd_numbers
from testbed.measure.result.dialog_results import describe
from testbed.measure.result.found import SelectedCapture
from testbed.measure.rtcp import rtcp_alone
from testbed.measure.selection.selection import EVERYTHING, Selection
from testbed.measure.sip.transactions import SeenTransaction, across_interfaces, pair
from testbed.measure.units import seconds

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture
    from testbed.measure.sip.dialogs import SeenDialog
    from testbed.measure.sip.info_digits import InfoDigit


def measure_capture(path: Path | str, selection: Selection = EVERYTHING) -> dict[str, Any]:
    """Return the streams, calls and SIP transactions of a capture file, ready for JSON (design.md, section 7).

    Times in `_s` count from the capture's first packet. A stream is measured at the capture interface nearest to its
    receiver. `CaptureError` when the file is no capture, and where it has nothing of the `selection`; a damaged one
    gives what is whole, and says so in `warnings`.
    """
    return result_of(SelectedCapture(path, selection))


def result_of(opened: SelectedCapture) -> dict[str, Any]:
    """Return what `measure_capture` returns, of a capture that is open."""
    found, media, asked = opened.found, opened.all_media, opened.asked
    captured = found.captured
    capture, start_ns = captured.capture, captured.start_ns
    streams = [said for _, said in opened.streams]
    rtcp = rtcp_alone.of_others(captured.reports, media.reported, start_ns)
    transactions = across_interfaces(pair(found.messages))
    return {
        "streams": streams,
        "calls": [one for one in media.calls if asked.has_media(one["dialogs"])],
        "listeners": media.listeners(asked.has_media),
        "rtcp": [one for one in rtcp if asked.has_hosts({one["src"], one["dst"]})],
        "sip": [_transaction(capture, one, start_ns) for one in transactions if asked.has(one.request)],
        "dialogs": [
            {**said, "dtmf": [_info_digit(one, digit, start_ns) for digit in one.digits]}
            for one, said in zip(asked.dialogs, describe(asked.dialogs, capture, start_ns), strict=True)
        ],
        "packets": found.packets,
        "skipped": found.skipped,
        "unread": found.unread,
        "encapsulations": found.encapsulations,
        "cut_short": found.cut_short,
        "warnings": [
            *capture.warnings,
            *found.cut_messages,
            *media.clock_warnings,
            *_again(found.copies + sum(one["copies"] for one in media.streams)),
            *odd_numbers(streams),
        ],
        **({} if opened.selection.is_everything else {"selection": opened.selection.described()}),
    }


def _info_digit(dialog: SeenDialog, digit: InfoDigit, start_ns: int) -> dict[str, Any]:
    return {
        "digit": digit.digit,
        "at_s": seconds(digit.request.time_ns - start_ns),
        "by": dialog.by(digit.request),
        "duration_ms": digit.duration_ms,
        "status": digit.status,
    }


def _again(copies: int) -> list[str]:
    if not copies:
        return []
    return [
        f"{copies} packets of RTP and SIP are there again within milliseconds, and count once: a mirror port with both "
        "directions, or a capture at several places in one file"
    ]


def _transaction(capture: Capture, one: SeenTransaction, start_ns: int) -> dict[str, Any]:
    return {
        "method": one.request.method,
        "cseq": one.request.cseq,
        "call_id": one.request.call_id,
        "src": str(one.request.source),
        "dst": str(one.request.destination),
        "interface": capture.interfaces[one.request.interface].name,
        "request_s": seconds(one.request.time_ns - start_ns),
        "final_s": None if one.final is None else seconds(one.final.time_ns - start_ns),
        "ms": units.ms(one.took_ns),
        "status": None if one.final is None else one.final.status,
        "retransmissions": one.repeats,
    }
