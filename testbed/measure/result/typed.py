"""result.json, and what `measure` says of a capture, as objects: each number under its name and unit, typed.

docs/metrics.md says what each of them is. What was not measured is None, and so is what an older version did not write;
what a newer one, or a user's own number, has beside it is in `model_extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field, ValidationError

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.numbers.typed_signalling import Numbers, SignallingCounts, SignallingResult

if TYPE_CHECKING:
    from pathlib import Path


class Spread(Numbers):
    """Statistics of times, in the unit that the field's name has; those that are not told of it are None."""

    mean: float | None = None
    p99: float | None = None
    min: float | None = None
    max: float | None = None
    sd: float | None = None


class PhaseTimes(Numbers):
    """What the handover's delay was spent with, each in ms."""

    detect: float | None = None
    attach: float | None = None
    address: float | None = None
    signalling: float | None = None
    media: float | None = None


class WindowSpan(Numbers):
    """A direction's handover window, in seconds of the scenario; `released`: whether the old path was given up."""

    open: float | None = None
    close: float | None = None
    released: bool | None = None


class DelayChange(Numbers):
    """Mean one-way delays in ms: of what arrived before, in and after the window, and of both paths near it."""

    before: float | None = None
    in_window: float | None = None
    after: float | None = None
    old_path: float | None = None
    new_path: float | None = None


class WindowNumbers(Numbers):
    """One direction in the window of one handover."""

    gap_ms: float | None = None
    path_step_ms: float | None = None
    interruption_ms: float | None = None
    unavoidable_ms: float | None = None
    lost_in_window: int | None = None
    late_in_window: int | None = None
    delay_change_ms: DelayChange | None = None


class HandoverResult(Numbers):
    """One handover; `media` and `signalling` are None in `RunResult.handover`, and filled in `handovers`."""

    trigger_s: float | None = None
    delay_ms: float | None = None
    phases_ms: PhaseTimes = PhaseTimes()
    attach_ms: dict[str, float | None] = Field(default_factory=dict)
    kind: str | None = None
    old_path: str | None = None
    new_path: str | None = None
    outcome: str | None = None
    status: int | None = None
    window_s: dict[str, WindowSpan] = Field(default_factory=dict)
    media: dict[str, WindowNumbers] | None = None
    signalling: SignallingCounts | None = None


class BurstLoss(Numbers):
    """Bursts and gaps of loss (RFC 3611, 4.7.2)."""

    gmin: int | None = None
    bursts: int | None = None
    burst_density: float | None = None
    burst_duration_ms: float | None = None
    gaps: int | None = None
    gap_density: float | None = None
    gap_duration_ms: float | None = None
    lost_runs: int | None = None
    longest_lost_run: int | None = None


class FixedPlayout(Numbers):
    """The same arrivals, as a jitter buffer of a fixed depth would have played them."""

    interruption_ms: float | None = None
    late_in_window: int | None = None
    interruption_call_ms: float | None = None
    late: int | None = None
    mouth_to_ear_ms: float | None = None


class PathNumbers(Numbers):
    """What one link carried in one direction."""

    packets: int | None = None
    new: int | None = None
    sent: int | None = None
    lost: int | None = None
    delay_ms: Spread = Spread()
    jitter_ms: float | None = None


class RtcpSender(Numbers):
    """What the stream's sender said of it last."""

    reports: int | None = None
    packets: int | None = None
    octets: int | None = None


class RtcpMoment(Numbers):
    """One report block."""

    at_s: float | None = None
    cumulative_lost: int | None = None
    captured_lost: int | None = None
    fraction_lost: float | None = None
    highest_sequence: int | None = None
    jitter_ms: float | None = None
    round_trip_ms: float | None = None


class RtcpResult(Numbers):
    """What RTCP says of a stream."""

    reports: int | None = None
    cumulative_lost: int | None = None
    highest_sequence: int | None = None
    fraction_lost_max: float | None = None
    jitter_ms: Spread = Spread()
    round_trip_ms: Spread = Spread()
    captured_lost: int | None = None
    sender: RtcpSender | None = None
    cname: str | None = None
    bye_s: float | None = None
    voip_metrics: dict[str, Any] | None = None
    history: list[RtcpMoment] = Field(default_factory=list)


class DirectionResult(WindowNumbers):
    """One direction of the call; those numbers that are of a window are of the first handover's."""

    sent: int | None = None
    received: int | None = None
    lost: int | None = None
    duplicates: int | None = None
    reordered: int | None = None
    late: int | None = None
    jitter_ms: float | None = None
    delay_ms: Spread = Spread()
    r_factor: float | None = None
    mos: float | None = None
    mos_scale: str | None = None
    mouth_to_ear_ms: float | None = None
    concealed_percent: float | None = None
    burst_ratio: float | None = None
    quality_doubt: str | None = None
    gap_call_ms: float | None = None
    interruption_call_ms: float | None = None
    burst_loss: BurstLoss | None = None
    fixed_playout: dict[str, FixedPlayout] = Field(default_factory=dict)
    depth_needed_ms: float | None = None
    copies: int | None = None
    said_again: int | None = None
    probes: int | None = None
    paths: dict[str, PathNumbers] = Field(default_factory=dict)
    rtcp: dict[str, RtcpResult | None] = Field(default_factory=dict)


class MediaResult(Numbers):
    """Both directions: `to_mn` is what the CN sent, measured at the MN."""

    to_mn: DirectionResult = DirectionResult()
    to_cn: DirectionResult = DirectionResult()


class LoadResult(Numbers):
    """What went one way over a radio."""

    packets: int | None = None
    bytes: int | None = None


class RadioResult(Numbers):
    """What went over a radio, and what it took by a model of its states."""

    down: LoadResult = LoadResult()
    up: LoadResult = LoadResult()
    talks_s: float | None = None
    joules: float | None = None


class CostResult(Numbers):
    """What the call cost; `radios` by link."""

    extra_percent: float | None = None
    extra_bytes: int | None = None
    once_bytes: int | None = None
    signalling_bytes: int | None = None
    tunnel_bytes_per_packet: float | None = None
    joules: float | None = None
    radios: dict[str, RadioResult] = Field(default_factory=dict)


class StandingDialogResult(Numbers):
    """A dialog that stood by, or was to."""

    link: str | None = None
    call_id: str | None = None
    copies: str | None = None
    invited_s: float | None = None
    answered_s: float | None = None
    status: int | None = None
    over_s: float | None = None


class CopiesResult(Numbers):
    """When and why an end sent over all legs."""

    end: str | None = None
    from_s: float | None = None
    until_s: float | None = None
    because: list[str] = Field(default_factory=list)


class SwitchResult(Numbers):
    """When and why an end went over to the new path."""

    handover: int | None = None
    end: str | None = None
    new_s: float | None = None
    old_s: float | None = None
    because: str | None = None


class SilenceResult(Numbers):
    """A silence that an end took for a break."""

    at_s: float | None = None
    end: str | None = None
    path: str | None = None
    limit_ms: float | None = None
    path_ms: float | None = None
    missed_ms: float | None = None
    said_again: int | None = None
    false_alarm: bool | None = None
    handover: int | None = None


class StandbyResult(Numbers):
    """What stood by for a break, and what was taken for one."""

    policy: str | None = None
    stood: int | None = None
    refused: int | None = None
    alarms: int | None = None
    false_alarms: int | None = None
    dialogs: list[StandingDialogResult] = Field(default_factory=list)
    copies: list[CopiesResult] = Field(default_factory=list)
    switches: list[SwitchResult] = Field(default_factory=list)
    silences: list[SilenceResult] = Field(default_factory=list)


class NatResult(Numbers):
    """What the NAT at the end of a link did."""

    kind: str | None = None
    inner_ends: int | None = None
    given_ends: int | None = None
    keep_alives: int | None = None
    keep_alive_bytes: int | None = None
    refused: int | None = None


class FlowResult(Numbers):
    """Traffic beside the call: what it got, and what it did to the call."""

    sender: str | None = Field(default=None, alias="from")
    receiver: str | None = Field(default=None, alias="to")
    link: str | None = None
    kind: str | None = None
    congestion: str | None = None
    throughput_kbit_s: float | None = None
    delivered_bytes: int | None = None
    sent: int | None = None
    lost: int | None = None
    retransmitted: int | None = None
    delay_ms: Spread = Spread()
    queue_delay_ms: Spread = Spread()
    speech_delay_ms: Spread = Spread()


class TransactionResult(Numbers):
    """A SIP transaction. `src` and `dst` are told of a capture alone, `by` and `transport` within a dialog alone."""

    method: str | None = None
    cseq: int | None = None
    call_id: str | None = None
    interface: str | None = None
    request_s: float | None = None
    final_s: float | None = None
    ms: float | None = None
    status: int | None = None
    retransmissions: int | None = None
    src: str | None = None
    dst: str | None = None
    by: str | None = None
    transport: str | None = None


class PartyResult(Numbers):
    """An end of a dialog."""

    uri: str | None = None
    tag: str | None = None
    address: str | None = None


class DialogResult(Numbers):
    """A SIP dialog; its `media`, `moves` and `holds` are as result.json has them."""

    number: int | None = None
    call_id: str | None = None
    caller: PartyResult = PartyResult()
    callee: PartyResult = PartyResult()
    state: str | None = None
    status: int | None = None
    refusals: list[int] = Field(default_factory=list)
    invite_s: float | None = None
    established_s: float | None = None
    setup_ms: float | None = None
    ended_s: float | None = None
    ended_by: str | None = None
    handover: str | None = None
    handover_of: int | None = None
    moves: list[dict[str, Any]] = Field(default_factory=list)
    holds: list[dict[str, Any]] = Field(default_factory=list)
    media: list[dict[str, Any]] = Field(default_factory=list)
    transactions: list[TransactionResult] = Field(default_factory=list)


class RunResult(Numbers):
    """result.json."""

    schema_version: int
    scheme: str | None = None
    seed: int | None = None
    engine: str | None = None
    reproducible: bool | None = None
    handover: HandoverResult | None = None
    media: MediaResult = MediaResult()
    signalling: SignallingResult = SignallingResult()
    handovers: list[HandoverResult] = Field(default_factory=list)
    cost: CostResult = CostResult()
    standby: StandbyResult | None = None
    nats: dict[str, NatResult] = Field(default_factory=dict)
    traffic: list[FlowResult] = Field(default_factory=list)
    transactions: list[TransactionResult] = Field(default_factory=list)
    dialogs: list[DialogResult] = Field(default_factory=list)
    playout: dict[str, Any] | None = None
    warnings: list[str] = Field(default_factory=list)


NumbersT = TypeVar("NumbersT", bound=Numbers)


def typed(kind: type[NumbersT], content: dict[str, Any], path: Path) -> NumbersT:
    """The content of a file as objects; `RunFolderError` names the field that is of another type."""
    try:
        return kind.model_validate(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise RunFolderError(path, f"{place} is {first['input']!r:.60}: {first['msg'].lower()}") from None
