"""`comparison.html`: the page of several runs, made from their folders alone. The same runs give the same bytes.

`comparison_page` is pure: what is known of the runs in, HTML out. No run is left out: those that count in no mean are
in the list of runs with the reason.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from testbed.measure.folder.records import read_records
from testbed.report.estimates.intervals import BCA_RUNS, CONFIDENCE, share
from testbed.report.pages.pages import Plot, render
from testbed.report.several import groups
from testbed.report.several.comparison_verdict import SchemeCard, card, headline
from testbed.report.several.groups import conditions
from testbed.report.several.plots.dotted import difference_plot, metric_plot, phases_plot
from testbed.report.several.plots.ecdf import distribution_plots
from testbed.report.several.plots.sweeps import sweeps
from testbed.report.several.plots.swept import Look, legend, swept_plots
from testbed.report.several.plots.tested import tested_table
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, PHASES, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from testbed.measure.folder.records import Record
    from testbed.report.pages.pages import PlainTable
    from testbed.report.several.groups import Condition, Entry

PAGE, RUN_PAGE = "comparison.html", "report.html"

_ABOUT = {
    "interruption": "Speech that the listener never heard: the number that must be 0.",
    "gap": "Longest silence on the wire. Diamond: how much slower the new path is, on average (path step). A gap is "
    "shorter where the first packet was a quick one, or where a B2BUA held packets back beforehand.",
    "lost in window": "Packets lost in the handover window.",
    "MOS": "Quality of the whole call, from 1 (bad) to 4.5 (ITU-T G.107; wideband: G.107.1, another scale).",
    "set-up": "From the phone's first INVITE to its ACK.",
    "handover delay": "From the trigger to the first new packet on the new path.",
    "SIP messages": "Messages at the phone's interfaces in the whole call, both ways, retransmissions included.",
    "SIP bytes": "Their UDP payload.",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in the list: `href` is its own page, None where there is none; `numbers` are what it says."""

    name: str
    href: str | None
    scheme: str
    seed: str
    status: str
    numbers: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConditionPart:
    """What the page says of one condition."""

    number: int
    condition: Condition
    headline: str
    cards: tuple[SchemeCard, ...]
    suffered: tuple[str, ...]
    distributions: tuple[str, ...]
    differences: tuple[str, ...]
    tested: tuple[PlainTable, tuple[str, ...]] | None
    costs: tuple[str, ...]
    runs: tuple[RunRow, ...]
    left_out: int

    @property
    def phases(self) -> str:
        """The name of the plot of phases."""
        return f"phases-{self.number}"


@dataclass(frozen=True, slots=True)
class SweepPart:
    """What the page says of conditions that differ in what was varied alone."""

    name: str
    legend: tuple[tuple[str, Look], ...]
    plots: tuple[Plot, ...]


def write_comparison(folders: Iterable[Path], out: Path) -> Path:
    """Write the page of the runs in and below `folders` to `out`, and return that.

    `RunFolderError` where one can't be read.

    Each run is linked to its own page, where it has one by now.
    """
    records = read_records(folders)
    links = {record.name: link for record in records if (link := _link(record.folder / RUN_PAGE, out)) is not None}
    out.write_text(comparison_page(records, links), encoding="utf-8")
    return out


def comparison_page(records: Sequence[Record], links: Mapping[str, str]) -> str:
    """Return the page of these runs; `links` are the places of their own pages, by the runs' names."""
    found = conditions(records)
    plots: list[Plot] = []
    parts = []
    for place, condition in enumerate(found):
        drawn = _plots(condition, place)
        plots += [plot for group in drawn.values() for plot in group]
        names = {group: tuple(plot.name for plot in some) for group, some in drawn.items()}
        parts.append(_part(condition, place, names, links))
    swept = [
        SweepPart(one.name, legend(one), tuple(swept_plots(one, place))) for place, one in enumerate(sweeps(found))
    ]
    plots += [plot for one in swept for plot in one.plots]
    return render(
        "comparison.html.j2",
        plots,
        parts=parts,
        swept=swept,
        headline=parts[0].headline if len(parts) == 1 else f"{len(records)} runs under {len(parts)} conditions",
        count=len(records),
        schemes=list(dict.fromkeys(series.name for condition in found for series in condition.series)),
        seeds=_seeds(found),
        directions=DIRECTIONS,
        commands=list(dict.fromkeys(_commands(records))),
        versions=list(dict.fromkeys(_versions(records))),
        confidence=round(100 * CONFIDENCE),
        none_of_five=_none_of(5),
        bca_runs=BCA_RUNS,
        phase_names=PHASES,
    )


def _plots(condition: Condition, place: int) -> dict[str, list[Plot]]:
    """Return the plots of a condition: what the call suffered, distributions, differences, phases, cost."""

    def drawn(metric: groups.Metric, beside: groups.Metric | None = None) -> Plot:
        return metric_plot(condition, place, metric, _ABOUT[metric.name.partition(" (")[0]], beside)

    differences = [condition.interruption, condition.gap] if len(condition.series) > 1 else []
    return {
        "suffered": [
            drawn(condition.interruption),
            drawn(condition.gap, groups.STEP),
            drawn(groups.LOST),
            drawn(condition.mos),
        ],
        "distributions": list(distribution_plots(condition, place)),
        "differences": [difference_plot(condition, place, one) for one in differences],
        "phases": [phases_plot(condition, place)],
        "costs": [drawn(one) for one in (groups.DELAY, groups.SETUP, groups.MESSAGES, groups.BYTES)],
    }


def _part(
    condition: Condition, place: int, names: Mapping[str, tuple[str, ...]], links: Mapping[str, str]
) -> ConditionPart:
    runs = [(series.name, entry) for series in condition.series for entry in series.entries]
    return ConditionPart(
        number=place,
        condition=condition,
        headline=headline(condition),
        cards=tuple(card(condition, series) for series in condition.series),
        suffered=names["suffered"],
        distributions=names["distributions"],
        differences=names["differences"],
        tested=tested_table(condition),
        costs=names["costs"],
        runs=tuple(_row(condition, name, entry, links) for name, entry in runs),
        left_out=sum(entry.left_out is not None for _, entry in runs),
    )


def _row(condition: Condition, scheme: str, entry: Entry, links: Mapping[str, str]) -> RunRow:
    metrics = [one.of(way) for one in (condition.interruption, condition.gap, groups.LOST) for way in DIRECTIONS]
    return RunRow(
        name=entry.record.name,
        href=links.get(entry.record.name),
        scheme=scheme,
        seed=NOT_MEASURED if entry.seed is None else str(entry.seed),
        status="counted" if entry.left_out is None else f"not counted: {entry.left_out}",
        numbers=tuple(number(entry.value(metric), 0 if metric.unit == "packets" else 1) for metric in metrics),
        warnings=tuple(entry.record.warnings),
    )


def _seeds(found: Sequence[Condition]) -> str:
    seeds = {entry.seed for condition in found for series in condition.series for entry in series.entries}
    return ", ".join(str(one) for one in sorted(one for one in seeds if one is not None)) or NOT_MEASURED


def _commands(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        words = record.manifest.get("command")
        if isinstance(words, list) and words:
            yield shlex.join(["testbed", *(str(word) for word in words)])


def _versions(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        told = record.get("manifest.versions.testbed", "text"), record.get("manifest.versions.code_sha256", "text")
        if any(told):
            yield f"testbed {told[0] or NOT_MEASURED}, code {(told[1] or NOT_MEASURED)[:12]}"


def _none_of(runs: int) -> str:
    """Return up to which share of all runs may be bad when none of so many was."""
    found = share(0, runs)
    return NOT_MEASURED if found is None else f"{100 * found.high:.0f} %"


def _link(page: Path, out: Path) -> str | None:
    """Return a run's page as seen from the comparison's; always a path, whatever the folder is called."""
    if not page.exists():
        return None
    return "./" + quote(Path(os.path.relpath(page.resolve(), out.resolve().parent)).as_posix())
