"""What `testbed measure` says of a capture, as typed objects; see `typed`."""

from __future__ import annotations

from pydantic import Field

from testbed.measure.numbers.typed_signalling import Numbers
from testbed.measure.result.typed import BurstLoss, DialogResult, RtcpResult, Spread, TransactionResult


class RtcpAloneResult(RtcpResult):
    """What RTCP says of a stream that was not captured; `src` and `dst` have no ports."""

    src: str
    dst: str
    ssrc: str
    jitter_ticks: Spread


class FormatResult(Numbers):
    """A payload type of a stream."""

    payload_type: int
    codec: str | None
    clock_hz: int | None
    packets: int


class HeardResult(Numbers):
    """How good a stream or a call was; see `stream_quality`."""

    loss_percent: float
    late: int | None
    r_factor: float | None
    mos: float | None
    mos_scale: str | None
    mouth_to_ear_ms: float | None
    quality_doubt: str | None
    burst_loss: BurstLoss


class KeyPressResult(Numbers):
    """A key press in a stream (RFC 4733); `complete`: a packet said that it was over."""

    digit: str
    at_s: float
    duration_ms: float | None
    volume_dbm0: int
    packets: int
    complete: bool


class InfoDigitResult(Numbers):
    """A key press that an INFO request told of."""

    digit: str
    at_s: float
    by: str
    duration_ms: int | None
    status: int | None


class CapturedDialog(DialogResult):
    """A dialog of a capture."""

    dtmf: list[InfoDigitResult]


class OverTimeResult(Numbers):
    """A window of a stream; see `over_time`."""

    from_s: float
    to_s: float
    packets: int
    lost: int
    late: int | None
    loss_percent: float | None
    jitter_ms: float | None
    jitter_max_ms: float | None
    gap_ms: float | None
    r_factor: float | None
    mos: float | None


class StreamResult(HeardResult):
    """One RTP stream of a capture: one SSRC between two transport addresses."""

    src: str
    dst: str
    ssrc: str
    payload_type: int
    packets: int
    unique: int
    lost: int | None
    duplicates: int
    reordered: int
    gap_ms: float | None
    jitter_ms: float | None
    first_s: float
    last_s: float
    jitter_max_ms: float | None
    longest_silence_ms: float | None
    packet_interval_ms: float | None
    codec: str | None
    clock_hz: int | None
    formats: list[FormatResult]
    found: str
    restarts: int
    copies: int
    strays: int
    dialogs: list[int]
    interface: str | None
    measured_at: str
    rtcp: RtcpResult | None
    dtmf: list[KeyPressResult]
    dtmf_unread: int
    over_time: list[OverTimeResult]


class CallPath(Numbers):
    """A stream as one path of a call."""

    src: str
    dst: str
    interface: str | None
    packets: int
    first_copies: int
    dialogs: list[int]


class CallResult(HeardResult):
    """The copies of one stream over all its paths, merged."""

    ssrc: str
    paths: list[CallPath]
    unique: int
    lost: int | None
    duplicates: int
    gap_ms: float | None
    packets: int
    reordered: int
    longest_silence_ms: float | None
    dialogs: list[int]


class ListenerResult(Numbers):
    """What one listener heard, though the SSRC changed; of several addresses the last ones are told."""

    dialog: int | None
    listener: str | None
    src: str
    dst: str
    ssrcs: list[str]
    packets: int
    unique: int
    lost: int
    duplicates: int
    loss_percent: float | None
    gap_ms: float | None
    longest_silence_ms: float | None


class SelectionResult(Numbers):
    """What of a capture was asked for, as it was written."""

    call_ids: list[str]
    numbers: list[str]
    begin: str | None = Field(alias="from")
    end: str | None = Field(alias="to")


class CaptureResult(Numbers):
    """What a capture says; times in `_s` count from its first packet."""

    streams: list[StreamResult]
    calls: list[CallResult]
    listeners: list[ListenerResult]
    rtcp: list[RtcpAloneResult]
    sip: list[TransactionResult]
    dialogs: list[CapturedDialog]
    packets: int
    skipped: dict[str, int]
    unread: dict[str, int]
    encapsulations: dict[str, int]
    cut_short: int
    warnings: list[str]
    selection: SelectionResult | None = None
