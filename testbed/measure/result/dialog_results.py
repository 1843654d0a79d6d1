"""Dialogs as results show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure import units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.capture.capture import Capture
    from testbed.measure.sip.dialogs import Party, SeenDialog
    from testbed.measure.sip.moves import Told


def describe(dialogs: Iterable[SeenDialog], capture: Capture, start_ns: int) -> list[dict[str, Any]]:
    """Return the dialogs ready for JSON; times in `_s` count from `start_ns`."""
    return [_dialog(one, capture, start_ns) for one in dialogs]


def _dialog(one: SeenDialog, capture: Capture, start_ns: int) -> dict[str, Any]:
    return {
        "number": one.number,
        "call_id": one.call_id,
        "caller": _party(one.caller),
        "callee": _party(one.callee),
        "state": one.state,
        "status": one.status,
        "refusals": one.refusals,
        "invite_s": None if one.invite is None else units.seconds(one.invite.time_ns - start_ns),
        "established_s": None if one.established_ns is None else units.seconds(one.established_ns - start_ns),
        "setup_ms": units.ms(one.setup_ns),
        "ended_s": None if one.ended_ns is None else units.seconds(one.ended_ns - start_ns),
        "ended_by": one.ended_by,
        "handover": one.handovers[0] if one.handovers else None,
        "handover_of": one.handover_of,
        "moves": [
            {
                "at_s": units.seconds(move.time_ns - start_ns),
                "by": move.by,
                "from": str(move.old),
                "to": str(move.new),
                "status": move.status,
                "ms": units.ms(move.took_ns),
                "last_ms": units.ms(move.last_took_ns),
                "refusals": move.refusals,
            }
            for move in one.moves
        ],
        "holds": [
            {
                "listener": hold.listener,
                "line": hold.line,
                "from_s": units.seconds(hold.begin_ns - start_ns),
                "to_s": None if hold.end_ns is None else units.seconds(hold.end_ns - start_ns),
            }
            for hold in one.holds
        ],
        "media": [entry for told in one.told for entry in _media(told, start_ns)],
        "transactions": [
            {
                "method": each.request.method,
                "cseq": each.request.cseq,
                "by": one.by(each.request),
                "interface": capture.interfaces[each.request.interface].name,
                "transport": each.request.transport,
                "request_s": units.seconds(each.request.time_ns - start_ns),
                "ms": units.ms(each.took_ns),
                "status": None if each.final is None else each.final.status,
                "retransmissions": each.repeats,
            }
            for each in one.transactions
        ],
    }


def _party(party: Party) -> dict[str, str | None]:
    return {
        "uri": party.uri or None,
        "tag": party.tag or None,
        "address": None if party.endpoint is None else str(party.endpoint),
    }


def _media(told: Told, start_ns: int) -> list[dict[str, Any]]:
    return [
        {
            "at_s": units.seconds(told.message.time_ns - start_ns),
            "by": told.by,
            "address": str(one.endpoint),
            "direction": one.direction,
            "codecs": one.codecs,
        }
        for one in told.media
    ]
