"""ICE at the mobile node's interfaces (RFC 8445 7): its checks and its peer's, each with what it was answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from testbed.measure.mobility.at_links import seen, stun_in
from testbed.measure.mobility.refreshes import code_of
from testbed.measure.mobility.seen_registration import SeenCheck

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams, TransportAddress

NOMINATES_S = 30
"""The lifetime that is noted of a check that nominates a pair for media: consent is for so long (RFC 7675 5.1). Of all
others 0, they move nothing."""


def find_checks(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenCheck]:
    """Return the requests, in order of time, each time that one was sent, with its answer; consent's are among them.

    An answer counts with the last sending before it. Those that are to move media are the MN's for the component of
    RTP, whose ports are even (RFC 3550 11).
    """
    asked: list[SeenCheck] = []
    by_name: dict[tuple[bytes, TransportAddress], int] = {}
    for link, time_ns, source, destination, data, _ in seen(capture, datagrams, manifest, stun_in(capture, datagrams)):
        try:
            message = StunMessage.parse(data)
        except StunParseError:
            continue
        if message.method != Method.BINDING:
            continue
        if message.kind == MessageClass.REQUEST:
            by_name[message.transaction, source] = len(asked)
            is_ours = manifest.mn.has(source.ip)
            nominates = is_ours and not source.port % 2 and message.get(Attribute.USE_CANDIDATE) is not None
            here = source if is_ours else destination
            lifetime_s = NOMINATES_S if nominates else 0
            asked.append(SeenCheck(link, time_ns, here.ip, lifetime_s, len(data), is_home=is_ours))
        else:
            place = by_name.pop((message.transaction, destination), None)
            if place is not None:
                one, code = asked[place], code_of(message)
                asked[place] = replace(one, bytes=one.bytes + len(data), answered_ns=time_ns, code=code)
    return asked
