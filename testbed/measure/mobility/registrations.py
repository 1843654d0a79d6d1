"""Registrations of Mobile IPv4 at the mobile node's interfaces (RFC 5944 3): requests, and the replies to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agents.mip.mip_messages import PORT, MipParseError, parse_reply, parse_request
from testbed.measure.mobility.at_links import at_links
from testbed.measure.mobility.seen_registration import SeenRegistration

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.wire.packets import Datagrams


def find_registrations(capture: Capture, datagrams: Datagrams, manifest: Manifest) -> list[SeenRegistration]:
    """Return the requests at the MN's interfaces, in order of time, each with the first reply of its identification."""
    asked: dict[int, SeenRegistration] = {}
    for link, time_ns, source, _, data, _ in at_links(capture, datagrams, manifest, PORT):
        try:
            if manifest.mn.has(source.ip):
                request, _ = parse_request(data)
                asked[request.identification & 0xFFFFFFFF] = SeenRegistration(
                    link, time_ns, request.care_of, request.lifetime_s, len(data),
                    is_return=not request.lifetime_s and request.care_of == source.ip,
                )  # fmt: skip
            else:
                reply, _ = parse_reply(data)
                known = asked.get(reply.identification & 0xFFFFFFFF)
                if known is not None and known.answered_ns is None:
                    asked[reply.identification & 0xFFFFFFFF] = replace(
                        known, bytes=known.bytes + len(data), answered_ns=time_ns, code=reply.code
                    )
        except MipParseError:
            continue
    return sorted(asked.values(), key=lambda one: one.asked_ns)
