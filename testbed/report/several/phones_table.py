"""What runs with different correspondents have in common, as tables: what each answers to the probe, and who hung up.

`python -m testbed.report.several.phones_table RUN…` prints them, a folder stands for the runs below; a run without a
handover is one that measures the set-up alone.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group
from rich.text import Text

from testbed.measure import MeasuredRun, RunFolderError, find_runs
from testbed.measure.call.extension import SupportQuestion, find_question
from testbed.measure.call.unaided import NOTHING_TRIGGERED
from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, LOST_IN_WINDOW, PATH_STEP
from testbed.measure.numbers.signalling_numbers import SETUP
from testbed.report.estimates.intervals import paired
from testbed.report.several.means_table import mean, sure
from testbed.report.several.mobiles_table import said_by
from testbed.report.terminal import DIRECTIONS, new_table, number, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from testbed.measure.result.chart import Chart, Passage

SUFFERED = (GAP, PATH_STEP, INTERRUPTION, LOST_IN_WINDOW)


@dataclass(frozen=True)
class PhoneRun:
    """A run folder: who was called and who hung up, its seed, result.json, and the message chart."""

    cn: str
    hangs_up: str
    seed: int
    result: dict[str, Any]
    chart: Chart
    hung_up_ns: int
    """When the first user hung up."""

    def requests(self, method: str) -> list[Passage]:
        """Requests of a method, retransmissions left out."""
        return [one for one in self.chart.passages if one.message.is_request and one.message.method == method
                and not one.repeat]  # fmt: skip

    def name(self, lifeline: int) -> str:
        """What a column of the chart is called."""
        return self.chart.lifelines[lifeline].name

    def answer(self, request: Passage) -> Passage | None:
        """The final response to a request, if it arrived."""
        answers = (one for one in self.chart.passages if one.message.is_final and not one.is_lost)
        return next((one for one in answers if one.message.transaction == request.message.transaction), None)


def read_run(folder: Path) -> PhoneRun:
    """Read a run folder; `RunFolderError` when it is none, or was not measured."""
    run = MeasuredRun(folder)
    chart, events = run.chart, run.events
    try:
        manifest, result = (json.loads((folder / name).read_text()) for name in ("manifest.json", "result.json"))
    except (OSError, ValueError) as error:
        raise RunFolderError(folder, f"has no result: {error}") from error
    hung_up = min((event.time_ns for event in events if event.name == "hang_up"), default=0)
    return PhoneRun(manifest["cn"], manifest["call"]["hangs_up"], manifest["seed"], result, chart, hung_up)


def tables(runs: Sequence[PhoneRun]) -> RenderableType:
    """All that can be shown of these runs."""
    moved, still = [one for one in runs if one.result["handover"]], [one for one in runs if not one.result["handover"]]
    parts: list[RenderableType] = []
    if moved:
        parts += [calls_table(moved), Text(), ends_table(moved)]
    if still:
        parts += [*([Text()] if moved else []), setup_table(still)]
    warnings = Counter((run.cn, warning) for run in runs for warning in run.result["warnings"])
    for one in still:  # that is what they are for
        del warnings[one.cn, NOTHING_TRIGGERED]
    return Group(*parts, *(Text(f"warning, {cn}: {said}{times(count)}") for (cn, said), count in warnings.items()))


def times(count: int) -> str:
    """How many runs say the same."""
    return f" ({count} runs)" if count > 1 else ""


def calls_table(runs: Sequence[PhoneRun]) -> Table:
    """The call and its handover: a row for each correspondent, side that hangs up, and direction."""
    title = "The call and its handover: mean ±95 % confidence interval (times in ms)"
    table = new_table(title, "correspondent", "hangs up", "asked for it", "runs")
    table.add_column("set-up", justify="right", no_wrap=True)
    table.add_column("")
    for column in ("gap", "path step", "interruption", "lost in\nwindow"):
        table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    for (cn, side), mine in by_ends(runs):
        setups = mean((SETUP.read(run.result["signalling"]) for run in mine), 1)
        about = [cn, side, said_by([verdict(run) for run in mine]), str(len(mine)), setups]
        for way, direction in DIRECTIONS.items():
            media = [run.result["media"][way] for run in mine]
            cells = (
                mean((row.read(one) for one in media), 1) for row in (GAP, PATH_STEP, INTERRUPTION, LOST_IN_WINDOW)
            )
            table.add_row(*(about if way == "to_mn" else [""] * len(about)), direction, *cells)
    return table


def ends_table(runs: Sequence[PhoneRun]) -> Table:
    """Where the BYE of the one who hung up went."""
    table = new_table("Hanging up", "correspondent", "hangs up", "BYE", "200")
    table.add_column("until the last\n200 (ms)", justify="right", no_wrap=True)
    for (cn, side), mine in by_ends(runs):
        ends = [end_of(run) for run in mine]
        routes, answers = said_by([one.route for one in ends]), said_by([one.answers for one in ends])
        table.add_row(cn, side, routes, answers, mean((one.took_ms for one in ends), 1))
    return table


class End(NamedTuple):
    """Which way the BYEs of a call went, how many were answered, and how long until the last answer was there."""

    route: str
    answers: str
    took_ms: float | None


def end_of(run: PhoneRun) -> End:
    """The end of a run's call."""
    byes = [one for one in run.requests("BYE") if one.time_ns >= run.hung_up_ns]
    answers = [run.answer(one) for one in byes]
    ends = [one.arrived_ns for one in answers if one is not None and one.arrived_ns is not None]
    took = (max(ends) - byes[0].time_ns) / 1e6 if len(ends) == len(byes) > 0 else None
    said = [one.message.status for one in answers if one is not None]
    return End(route(run, byes), f"{said.count(200)} of {len(byes)}", took)


def by_ends(runs: Sequence[PhoneRun]) -> list[tuple[tuple[str, str], list[PhoneRun]]]:
    """The runs of each correspondent and side that hangs up."""
    groups: dict[tuple[str, str], list[PhoneRun]] = {}
    for run in runs:
        groups.setdefault((run.cn, run.hangs_up), []).append(run)
    return sorted(groups.items(), key=lambda one: (one[0][1] == "cn", one[0][0]))


def setup_table(runs: Sequence[PhoneRun]) -> Table:
    """What the question costs: set-up with and without it, over the same link and the same way."""
    title = "Set-up of a call: mean ±95 % confidence interval (ms)"
    table = new_table(title, "first link", "way", "runs")
    for column in ("not asked", "asked: 420", "more", "420 round"):
        table.add_column(column, justify="right", no_wrap=True)
    for (link, way), group in groupby(sorted(runs, key=where), key=where):
        mine = list(group)
        asked = [run for run in mine if question(run) is not None]
        plain = [run for run in mine if question(run) is None]
        with_it, without = ({run.seed: SETUP.read(run.result["signalling"]) for run in some} for some in (asked, plain))
        more = paired(with_it, without)
        rounds = mean(map(round_ms, asked), 1)
        table.add_row(
            link, way, f"{len(plain)} + {len(asked)}", mean(without.values(), 1), mean(with_it.values(), 1),
            "–" if more.mean is None else f"{number(more.mean)}{sure(more, 1)}", rounds,
        )  # fmt: skip
    return table


def where(run: PhoneRun) -> tuple[str, str]:
    """The link that the call began on, and whether the B2BUA was in between."""
    first = run.requests("INVITE")[0]
    way = "direct" if run.name(first.receiver) == "cn" else f"by {run.name(first.receiver)}"
    return run.name(first.sender).removeprefix("mn "), way


def question(run: PhoneRun) -> SupportQuestion | None:
    """What the CN was asked about the extension, and what it answered for good (RFC 3261 8.2.4)."""
    sightings = [one for one in run.chart.passages if not one.repeat]
    to_cn = {id(one.message) for one in sightings if run.name(one.receiver) == "cn"}
    found = find_question([one.message for one in sightings], lambda message: id(message) in to_cn)
    return found if found is not None and found.answer is not None else None


def verdict(run: PhoneRun) -> str:
    """What the CN answered when it was asked for the extension."""
    asked = question(run)
    return "–" if asked is None or asked.said is None else asked.said


def round_ms(run: PhoneRun) -> float | None:
    """From the INVITE that was answered with 420 to the one without the question, as they left."""
    asked = question(run)
    return None if asked is None or asked.round_ns is None else asked.round_ns / 1e6


def route(run: PhoneRun, byes: Iterable[Passage]) -> str:
    """From whom by way of whom to whom; what got lost is marked."""
    hops: list[str] = []
    was = ""
    for bye in byes:
        sender, receiver = run.name(bye.sender), run.name(bye.receiver)
        receiver += " (lost)" if bye.is_lost else ""
        hops += [f" > {receiver}"] if was == sender else [f"{', ' if hops else ''}{sender} > {receiver}"]
        was = receiver
    return "".join(hops)


if __name__ == "__main__":
    try:
        wide_console().print(tables([read_run(one) for one in find_runs(map(Path, sys.argv[1:]))]))
    except RunFolderError as error:
        sys.exit(f"error: {error}")
