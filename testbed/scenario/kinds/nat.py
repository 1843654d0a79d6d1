"""Network address translators: how one maps and filters, in the words of RFC 4787."""

import re
from typing import ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.units import TIME, Seconds, shown

EndpointDependence = Literal["endpoint-independent", "address-dependent", "address-and-port-dependent"]
"""RFC 4787 4.1 and 5: what of the other end a mapping is for, and what of it decides who may come in."""

INDEPENDENT = "endpoint-independent"
FIRST_PORT, LAST_PORT = 1024, 65535
SHORTEST_S, LONGEST_S = 1, 86400


class Nat(Document):
    """A kind of translator: it translates what leaves by the router of an access link, UDP as it is said here.

    `mapping`: for what of the other end an address and port inside have one port outside. `filtering`: which others may
    send to that. `ports` are those that it has outside, from which it takes one by chance, as `20000-20511`; where
    nothing is said it leaves them as they are. `timeout` is how long a mapping stays that nothing goes through.
    `sip_helper`: Linux's own reads SIP, rewrites the addresses in it, and lets in the media that it announces.
    """

    kind: ClassVar = "kind of NAT"

    name: Name
    about: str
    mapping: EndpointDependence
    filtering: EndpointDependence
    ports: str | None = None
    timeout: Seconds
    sip_helper: bool = False

    @field_validator("ports")
    @classmethod
    def _are_ports(cls, ports: str | None) -> str | None:
        found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", ports or "")
        if ports is not None and (found is None or not FIRST_PORT <= int(found[1]) < int(found[2]) <= LAST_PORT):
            raise ValueError(
                f"{shown(ports)} are no ports; write the first and the last one, like 20000-20511,"
                f" from {FIRST_PORT} to {LAST_PORT}"
            )
        return ports

    @field_validator("timeout")
    @classmethod
    def _is_of_seconds(cls, timeout: float) -> float:
        if not SHORTEST_S <= timeout <= LONGEST_S or timeout % 1:
            raise ValueError(
                f"the kernel has no mapping for {TIME.text(timeout)}; write whole seconds,"
                f" from {SHORTEST_S} s to {LONGEST_S} s"
            )
        return timeout

    @model_validator(mode="after")
    def _has_ports_to_choose_from(self) -> Self:
        if self.mapping != INDEPENDENT and self.ports is None:
            raise ValueError(
                f"a port that stays what it is does not depend on the other end; add 'ports: 20000-20511',"
                f" or write 'mapping: {INDEPENDENT}'"
            )
        return self
