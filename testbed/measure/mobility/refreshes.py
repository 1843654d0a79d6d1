"""What a mobile node asks of a TURN server, at its own interfaces (RFC 8656, 8016), and what it is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_values import parse_error
from agents.turn import TURN_PORT
from testbed.measure.mobility.at_links import at_links
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams, TransportAddress

#: What coturn 4.6.1 answers a Refresh with a ticket: no message, but bytes that come for it alone.
ODD_ANSWER_BYTES = 24
MOVES_S = 600
"""The lifetime that is noted of a request that moves media; of all others 0, they bind no address."""


def find_refreshes(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return the requests at the MN's interfaces, in order of time, each time that one was sent, with its answer.

    Those that are to move an allocation have a lifetime. An answer counts with the last sending before it.
    """
    asked: list[SeenRegistration] = []
    # The last sending by transaction, and that of the last Refresh with a ticket by where it came from.
    by_name: dict[bytes, int] = {}
    by_place: dict[TransportAddress, int] = {}
    for link, time_ns, source, destination, data, _ in at_links(capture, datagrams, manifest, TURN_PORT):
        is_ours = manifest.mn.has(source.ip)
        here = source if is_ours else destination
        try:
            message = StunMessage.parse(data)
        except StunParseError:
            place = None if is_ours or len(data) != ODD_ANSWER_BYTES else by_place.pop(here, None)
            if place is not None:
                asked[place] = _answered(asked[place], time_ns, 0, len(data))
            continue
        if message.kind == MessageClass.REQUEST and is_ours:
            moves = message.method == Method.REFRESH and message.get(Attribute.MOBILITY_TICKET) is not None
            if moves:
                by_place[here] = len(asked)
            by_name[message.transaction] = len(asked)
            asked.append(SeenRegistration(link, time_ns, here.ip, MOVES_S if moves else 0, len(data)))
        elif message.kind in {MessageClass.SUCCESS, MessageClass.ERROR} and not is_ours:
            place = by_name.pop(message.transaction, None)
            if place is not None:
                asked[place] = _answered(asked[place], time_ns, code_of(message), len(data))
    return asked


def _answered(one: SeenRegistration, time_ns: int, code: int, size: int) -> SeenRegistration:
    return replace(one, bytes=one.bytes + size, answered_ns=time_ns, code=code)


def code_of(message: StunMessage) -> int:
    """Return the code of an answer: 0 of a success."""
    if message.kind == MessageClass.SUCCESS:
        return 0
    try:
        return parse_error(message.get(Attribute.ERROR_CODE) or b"").code
    except StunParseError:
        return 400
