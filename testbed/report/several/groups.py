"""Several runs compared: which belong together, which count, and what is known of each scheme, and how surely.

Runs of one scenario, failure script and correspondent are one **condition**; within it, those of one scheme are a
**series**, whose runs differ by their seeds. Nothing is left out silently: every run is in the list of its condition,
with the reason why it counts in no mean if it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.mn.schemes import BASELINE, SCHEMES
from testbed.measure.listening.codec_ratings import NARROW_BAND
from testbed.measure.numbers import handover_numbers, media_numbers, signalling_numbers
from testbed.report.estimates.intervals import Estimate, Share, estimate, paired, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testbed.measure.folder.records import Record
    from testbed.measure.numbers.number import Number

ORDER = tuple(SCHEMES)
"""Schemes in the order in which they are told of, whatever the folders' order is; others follow."""
DIRECTIONS = ("to_mn", "to_cn")


class Metric(NamedTuple):
    """A number of a run; `path` is in result.json. One that is `least` 0 has no interval below it."""

    name: str
    path: str
    unit: str
    digits: int = 1
    least: float = float("-inf")

    def of(self, direction: str) -> Metric:
        """The same of one direction."""
        return self._replace(path=self.path.format(direction=direction))


def _metric(name: str, where: str, row: Number[Any], digits: int = 1, least: float = 0.0) -> Metric:
    return Metric(name, f"result.{where}.{row.key}", "" if row.unit == "1" else row.unit, digits, least)


def _media(name: str, row: Number[Any], digits: int = 1, least: float = 0.0) -> Metric:
    return _metric(name, "media.{direction}", row, digits, least)


INTERRUPTION = _media("interruption", media_numbers.INTERRUPTION)
GAP = _media("gap", media_numbers.GAP)
STEP = _media("path step", media_numbers.PATH_STEP, least=float("-inf"))
LOST = _media("lost in window", media_numbers.LOST_IN_WINDOW)
LOST_IN_CALL = _media("lost in call", media_numbers.LOST)
DUPLICATES = _media("duplicates", media_numbers.DUPLICATES)
MOS = _media("MOS", media_numbers.MOS, 2, 1.0)
INTERRUPTION_CALL = _media("interruption", media_numbers.INTERRUPTION_CALL)
GAP_CALL = _media("gap", media_numbers.GAP_CALL)
DELAY = _metric("handover delay", "handover", handover_numbers.DELAY)
SETUP = _metric("set-up", "signalling", signalling_numbers.SETUP)
MESSAGES = _metric("SIP messages", "signalling", signalling_numbers.MESSAGES)
BYTES = _metric("SIP bytes", "signalling", signalling_numbers.BYTES)
PHASE = {name: _metric(name, "handover", row, least=float("-inf")) for name, row in handover_numbers.PHASES.items()}


@dataclass(frozen=True)
class Entry:
    """A run of a series; `left_out` says why it counts in no mean, None where it does."""

    record: Record
    left_out: str | None

    @property
    def seed(self) -> int | None:
        """Its seed."""
        seed = self.record.get("manifest.seed", "integer")
        return None if seed is None else int(seed)

    @property
    def failure(self) -> str | None:
        """Why it failed, None where it did not."""
        reason = self.record.get("manifest.failure", "text")
        if self.record.status in {"done", None} and reason is None:
            return None
        return str(reason or ("it was never finished" if self.record.status == "running" else "it failed"))

    def value(self, metric: Metric) -> float | None:
        """A number of the run, None where it was not measured."""
        found = self.record.get(metric.path, "number")
        return None if found is None else float(found)


@dataclass(frozen=True)
class Series:
    """Runs of one scheme under one condition."""

    name: str
    entries: tuple[Entry, ...]

    @cached_property
    def counted(self) -> tuple[Entry, ...]:
        """The runs that means are made of."""
        return tuple(one for one in self.entries if one.left_out is None)

    @cached_property
    def seeds(self) -> dict[int, list[Entry]]:
        """The counted runs of each seed, in their order."""
        found: dict[int, list[Entry]] = {}
        for one in self.counted:
            if one.seed is not None:
                found.setdefault(one.seed, []).append(one)
        return found

    def estimate(self, metric: Metric) -> Estimate:
        """Mean and interval over the counted runs."""
        return estimate(one.value(metric) for one in self.counted)

    def by_seed(self, metric: Metric) -> dict[int, float | None]:
        """The number for each seed; the mean where several counted runs have the same (which only native ones do)."""
        return {seed: estimate(one.value(metric) for one in runs).mean for seed, runs in self.seeds.items()}

    def interrupted(self, metrics: Sequence[Metric]) -> Share | None:
        """In how many of the runs that tell any of these was above 0; a run tells if one is, or if all are known."""
        told = [[one.value(metric) for metric in metrics] for one in self.counted]
        known = [any(value for value in values) for values in told if any(values) or None not in values]
        return share(sum(known), len(known))


@dataclass(frozen=True)
class Condition:
    """Runs that can be compared: what they have in common, their series, and why to doubt the comparison."""

    name: str
    facts: tuple[tuple[str, str], ...]
    series: tuple[Series, ...]
    doubts: tuple[str, ...]

    @property
    def reference(self) -> Series:
        """The series that the others are compared with: the baseline, else the first."""
        return next((one for one in self.series if one.name == BASELINE), self.series[0])

    @property
    def varied(self) -> dict[str, str]:
        """What a campaign gave these runs, by the fields' names."""
        found = self.series[0].entries[0].record.get("manifest.varied", "object") or {}
        return {str(name): str(value) for name, value in found.items()}

    @cached_property
    def has_handover(self) -> bool:
        """Whether any counted run had a handover; if none had, the numbers of the whole call are shown."""
        return any(one.record.get("result.handover", "object") for series in self.series for one in series.counted)

    @property
    def interruption(self) -> Metric:
        """What the listener missed: because of the handover, or in the whole call where there was none."""
        return INTERRUPTION if self.has_handover else INTERRUPTION_CALL

    @property
    def gap(self) -> Metric:
        """The longest silence, likewise."""
        return GAP if self.has_handover else GAP_CALL

    @cached_property
    def mos(self) -> Metric:
        """The MOS, whose name says so if it is on the wideband scale: schemes are all told of in the same codec."""
        paths = [f"result.media.{way}.{media_numbers.MOS_SCALE.key}" for way in DIRECTIONS]
        runs = [one.record for series in self.series for one in series.counted]
        scales = {scale for run in runs for path in paths if (scale := run.get(path, "text"))}
        return MOS if scales <= {NARROW_BAND} else MOS._replace(name=f"MOS ({' and '.join(sorted(scales))})")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is told of each direction."""
        return (self.interruption, self.gap, STEP, LOST, LOST_IN_CALL, DUPLICATES, self.mos)

    def difference(self, one: Series, other: Series, metric: Metric) -> Estimate:
        """`one` less `other`, seed by seed."""
        return paired(one.by_seed(metric), other.by_seed(metric))


_COMMON: tuple[tuple[str, str, str], ...] = (
    ("scenario", "manifest.scenario.name", "text"),
    ("its digest", "manifest.scenario.sha256", "text"),
    ("failure", "manifest.failure_script", "text"),
    ("correspondent", "manifest.cn", "text"),
    ("hangs up", "manifest.call.hangs_up", "text"),
    ("engine", "manifest.engine", "text"),
    ("varied", "manifest.varied", "object"),
)
_ALWAYS_NAMED = 3
"""So many of them, without the digest, are in each condition's name; others where conditions differ in them."""


def conditions(records: Iterable[Record]) -> tuple[Condition, ...]:
    """Group runs into conditions, as they come, and these into series, in `ORDER`.

    `RunFolderError` for a field of no use.
    """
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        key = tuple(_told(record.get(path, kind)) for _, path, kind in _COMMON)
        groups.setdefault(key, []).append(record)
    differ = [len({key[place] for key in groups}) > 1 for place in range(len(_COMMON))]
    found = []
    for key, mine in groups.items():
        series = _series(mine)
        facts = tuple((name, value) for (name, _, _), value in zip(_COMMON, key, strict=True) if value != "–")
        found.append(Condition(_condition_name(key, differ), facts, series, _doubts(series)))
    return tuple(found)


def _told(value: object) -> str:
    """Return a fact in words; what was varied with its fields' names."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value or "–")


def _condition_name(key: tuple[str, ...], differ: list[bool]) -> str:
    scenario, digest, failure = key[:_ALWAYS_NAMED]
    words = [scenario, *([digest[:8]] if differ[1] and not differ[0] else []), failure]
    words += [key[place] for place in range(_ALWAYS_NAMED, len(key)) if differ[place]]
    return ", ".join(words)


def _series(records: Sequence[Record]) -> tuple[Series, ...]:
    """Return the runs scheme by scheme; a trigger is named where one was chosen, a proxy where a scheme had several."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        scheme, trigger, proxy = (
            record.get(f"manifest.{name}", "text") or "" for name in ("scheme", "trigger", "proxy")
        )
        groups.setdefault((scheme or "–", trigger, proxy), []).append(record)
    found = []
    for scheme, trigger, proxy in sorted(
        groups, key=lambda key: ORDER.index(key[0]) if key[0] in ORDER else len(ORDER)
    ):
        mine = groups[scheme, trigger, proxy]
        proxies = {key[2] for key in groups if key[:2] == (scheme, trigger)}
        words = (scheme, trigger, f"proxy {proxy}" if len(proxies) > 1 else "")
        found.append(Series(", ".join(word for word in words if word), tuple(_entries(mine))))
    return tuple(found)


def _entries(records: Sequence[Record]) -> Iterable[Entry]:
    """Yield the runs of a series; the same plan carried out again is the same run where that is reproducible."""
    first: dict[str, str] = {}
    for record in records:
        plan = record.get("manifest.plan_sha256", "text")
        entry = Entry(record, None)
        reason = f"failed: {entry.failure}" if entry.failure is not None else None
        if reason is None and record.result is None:
            reason = "there is no result.json"
        if reason is None and plan is not None and record.get("manifest.reproducible", "truth"):
            known = first.setdefault(plan, record.name)
            reason = None if known == record.name else f"the same run as {known}: it counts once"
        yield Entry(record, reason)


def _doubts(series: Sequence[Series]) -> tuple[str, ...]:
    """Return what makes runs doubtful to compare, beside their own warnings.

    The guest may differ from scheme to scheme, as some need more programs in it; but not within one.
    """
    found = []
    records = [entry.record for one in series for entry in one.entries]
    programs = len({record.get("manifest.versions.code_sha256", "text") for record in records})
    if programs > 1:
        found.append(f"these runs were made by {programs} versions of the program")
    for one in series:
        guests = len({str(entry.record.get("manifest.engine_identity", "object")) for entry in one.entries})
        if guests > 1:
            found.append(f"{one.name}: these runs were made in {guests} different guests")
    return tuple(found)
