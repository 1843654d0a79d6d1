"""Proxy Mobile IPv6 at the anchor's interfaces (RFC 5213 8.1, 8.2): what gateways asked, each with what answered it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.mip6.mobility_header import UNIT_S, BindingAcknowledgement, BindingUpdate, parsed
from agents.mip6.mobility_options import MobilityParseError
from testbed.measure.mobility.binding_exchanges import mobility_headers, with_mobility
from testbed.measure.mobility.outermost import ip_packet
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams


def find_proxy_registrations(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return what the gateways of the MN's links asked for it, in order of time, each with the first answer.

    Each is over the link of its gateway, whose address the care-of address is. What comes of others is not counted.
    """
    del datagrams
    anchor = {} if manifest.relay is None else manifest.relay.interfaces
    found: list[SeenRegistration] = []
    asked: dict[tuple[str, int], int] = {}
    for row in with_mobility(capture, {*anchor.values()}):
        whole = ip_packet(capture, row)
        time_ns = int(capture.time_ns[row])
        for source, destination, data in mobility_headers(whole):
            try:
                message = parsed(data, None).message
            except MobilityParseError:
                continue
            if isinstance(message, BindingUpdate) and source in manifest.mn.gateways:
                link, lifetime_s = manifest.mn.gateways[source], message.units * UNIT_S
                asked[source, message.sequence] = len(found)
                found.append(SeenRegistration(link, time_ns, source, lifetime_s, len(data)))
            elif isinstance(message, BindingAcknowledgement) and (destination, message.sequence) in asked:
                place = asked.pop((destination, message.sequence))
                size = found[place].bytes + len(data)
                found[place] = replace(found[place], bytes=size, answered_ns=time_ns, code=message.status)
    return found
