"""Traffic beside the call: bulk TCP, or UDP at a constant rate, all the time or now and then."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from testbed.scenario.reading.document import Document
from testbed.scenario.reading.units import TIME, BitsPerSecond, Seconds

TCP, UDP, ON_OFF = "tcp", "udp", "on-off"
TrafficKind = Literal["tcp", "udp", "on-off"]
Congestion = Literal["cubic", "bbr", "reno"]

# Who listens has to be there first.
SOONEST_S = 1.0
# iperf3 puts a time and a number into each datagram; and none is to be cut into fragments.
LEAST_BYTES, MOST_BYTES = 16, 1400
HEADERS_BYTES = 28
DEFAULT_BYTES = 1000


class TrafficFlow(Document):
    """What goes from one node to another beside the call, over one of the mobile node's links where that is an end.

    `tcp` sends as fast as its `congestion` control lets it (cubic if nothing is said), `udp` at `rate`, in datagrams of
    `size` bytes of payload, which the rate counts; `on-off` does so for `on`, is silent for `off`, and so on.
    """

    sender: str = Field(alias="from")
    receiver: str = Field(alias="to")
    over: str | None = None
    sort: TrafficKind = Field(alias="kind")
    start: Seconds
    stays: Seconds = Field(alias="for")
    congestion: Congestion | None = None
    rate: BitsPerSecond | None = None
    size: Annotated[int, Field(ge=LEAST_BYTES, le=MOST_BYTES)] | None = None
    on: Seconds | None = None
    off: Seconds | None = None

    @property
    def payload_bytes(self) -> int:
        """The payload of a datagram."""
        return DEFAULT_BYTES if self.size is None else self.size

    @property
    def rate_at_ip(self) -> float | None:
        """What UDP takes while it sends, headers of IPv4 and UDP too; None of TCP, which takes what it gets."""
        return None if self.rate is None else self.rate * (self.payload_bytes + HEADERS_BYTES) / self.payload_bytes

    def periods(self) -> list[tuple[float, float]]:
        """When it sends: from when on, and for how long."""
        if self.on is None or self.off is None:
            return [(self.start, self.stays)]
        found, since = [], 0.0
        while since < self.stays:
            found.append((self.start + since, min(self.on, self.stays - since)))
            since += self.on + self.off
        return found

    @field_validator("start")
    @classmethod
    def _is_not_too_soon(cls, seconds: float) -> float:
        if seconds < SOONEST_S:
            raise ValueError(f"nobody listens yet at {TIME.text(seconds)}; begin at {TIME.text(SOONEST_S)} or later")
        return seconds

    @field_validator("stays", "on", "off")
    @classmethod
    def _is_of_seconds(cls, seconds: float | None) -> float | None:
        if seconds is not None and (seconds < 1 or seconds % 1):
            raise ValueError(f"iperf3 counts whole seconds, and {TIME.text(seconds)} are none; write 1 s or more")
        return seconds

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needed = {TCP: (), UDP: ("rate",), ON_OFF: ("rate", "on", "off")}[self.sort]
        possible = {*needed, *(("congestion",) if self.sort == TCP else ("size",))}
        for name in ("congestion", "rate", "size", "on", "off"):
            has_it = getattr(self, name) is not None
            if name in needed and not has_it:
                raise ValueError(f"{self.sort} needs '{name}'; add '{name}: …'")
            if has_it and name not in possible:
                raise ValueError(f"{self.sort} has no '{name}'; leave it out")
        return self
