"""What every part of a typed result is, and the parts that are about signalling: see `testbed.measure.result.typed`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Numbers(BaseModel):
    """Base of all parts of a result: read, never changed."""

    model_config = ConfigDict(frozen=True, extra="allow")


class SignallingCounts(Numbers):
    """SIP messages of a part of the run; `delay_ms`, and what moved the MN below its call, are of a handover alone."""

    delay_ms: float | None = None
    messages: int | None = None
    bytes: int | None = None
    retransmissions: int | None = None
    mobility_messages: int | None = None
    mobility_bytes: int | None = None


class MobilitySignalling(Numbers):
    """The messages of a protocol that moves the MN below its call."""

    protocol: str | None = None
    messages: int | None = None
    bytes: int | None = None


class SupportResult(Numbers):
    """Whether the called side was asked if it supports the extension, and what it said."""

    asked_by: str | None = None
    answer: str | None = None
    round_ms: float | None = None
    setup_without_round_ms: float | None = None


class SignallingResult(Numbers):
    """SIP of the whole run."""

    setup_ms: float | None = None
    messages: int | None = None
    bytes: int | None = None
    retransmissions: int | None = None
    question: SupportResult | None = None
    mobility: MobilitySignalling | None = None
    requests: dict[str, int] = Field(default_factory=dict)
    responses: dict[str, int] = Field(default_factory=dict)
    handover: SignallingCounts = SignallingCounts()
    registering: SignallingCounts = SignallingCounts()
    rest: SignallingCounts = SignallingCounts()
