"""Run folders, opened: everything about a run is read when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.folder.records import find_runs, read_records
from testbed.measure.folder.run_folder import CAPTURES, MERGED, RESULT, others_of, read_document, read_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polars import DataFrame

    from testbed.measure.folder.run_folder import Event
    from testbed.measure.result.run import MeasuredRun
    from testbed.measure.result.typed import RunResult


class Run:
    """A run, by its folder. Raises RunFolderError where there is none, or one that this version can't read."""

    def __init__(self, folder: Path | str, measured: MeasuredRun | None = None) -> None:
        """`measured` is the same folder, opened by measuring, where that has been done."""
        self.folder = Path(folder)
        if measured is not None:
            vars(self)["measured"] = measured
        self.manifest: dict[str, Any] = read_document(self.folder)
        """manifest.json as it is."""

    def __repr__(self) -> str:
        return f"<Run {self.scheme}, seed {self.seed}, {self.status}: {self.folder}>"

    @property
    def scheme(self) -> str | None:
        """How the handover was done."""
        return self.manifest.get("scheme")

    @property
    def seed(self) -> int | None:
        """Of all that is random."""
        return self.manifest.get("seed")

    @property
    def status(self) -> str | None:
        """`done`, `failed`, or `running` where the testbed itself was killed."""
        return self.manifest.get("status")

    @property
    def failure(self) -> str | None:
        """Why it failed; None where it did not."""
        return self.manifest.get("failure")

    @property
    def others(self) -> dict[str, str]:
        """Phones and programs that are MN or CN in place of our own: role ("mn", "cn") -> name."""
        return others_of(self.manifest)

    @cached_property
    def measured(self) -> MeasuredRun:
        """What its captures tell, each opened once: media, messages, handovers, chart, story, speech."""
        from testbed.measure.result.run import MeasuredRun  # noqa: PLC0415 - numpy and all of measuring

        return MeasuredRun(self.folder)

    @cached_property
    def numbers(self) -> dict[str, Any] | None:
        """result.json as it is; None where nothing could be measured."""
        return read_document(self.folder, RESULT) if (self.folder / RESULT).exists() else None

    @cached_property
    def result(self) -> RunResult:
        """result.json as objects; raises RunFolderError where nothing could be measured."""
        if self.numbers is None:
            why = f"the run failed: {self.failure}" if self.failure else f"the run is {self.status}"
            raise RunFolderError(self.folder / RESULT, f"is not there; {why}")
        return _typed(self.numbers, self.folder / RESULT)

    @property
    def warnings(self) -> list[str]:
        """What makes its numbers doubtful."""
        found: list[str] = (self.manifest if self.numbers is None else self.numbers).get("warnings", [])
        return found

    @cached_property
    def events(self) -> list[Event]:
        """The timeline, in the order of time."""
        return read_events(self.folder)

    @property
    def captures(self) -> dict[str, Path]:
        """One file for each interface of each node, by the interface's name."""
        return {path.stem: path for path in sorted((self.folder / CAPTURES).glob("*.pcap"))}

    @property
    def capture(self) -> Path:
        """run.pcapng: all interfaces in one file, the timeline as packet comments."""
        return self.folder / MERGED

    @property
    def report(self) -> Path:
        """report.html."""
        return self.folder / "report.html"

    def frame(self, table: str = "runs") -> DataFrame:
        """A table of this run alone, see `testbed.frame`."""
        return _frame([self], table)

    def measure(self) -> RunResult:
        """Its numbers anew, from its captures; result.json stays as it is."""
        return _typed(self.measured.result, self.folder)

    def ladder(self, width: int = 120) -> str:
        """The SIP message chart, in so many columns."""
        from testbed.report.one_run.ladder import ladder  # noqa: PLC0415 - see `measured`

        return ladder(self.measured.chart, width)

    def write_report(self) -> Path:
        """Writes report.html anew, from the folder's files alone."""
        from testbed.report.one_run.page import write_page  # noqa: PLC0415 - the plotting library

        return write_page(self.measured)


class Runs(Sequence[Run]):
    """Several runs in their order, as `compare` returns them; `page` is the page that compares them, if any."""

    def __init__(self, runs: Iterable[Run], *, page: Path | None = None) -> None:
        self._runs = tuple(runs)
        self.page = page

    @classmethod
    def below(cls, *places: Path | str) -> Runs:
        """The runs in and below these folders, by name; raises RunFolderError for a place without any."""
        return cls(Run(folder) for folder in find_runs(Path(place) for place in places))

    def __repr__(self) -> str:
        return f"<{len(self)} runs: {', '.join(str(run.folder) for run in self._runs)}>"

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, place: int) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> Runs: ...
    def __getitem__(self, place: int | slice) -> Run | Runs:
        return Runs(self._runs[place]) if isinstance(place, slice) else self._runs[place]

    def frame(self, table: str = "runs") -> DataFrame:
        """A table of all of them, see `testbed.frame`."""
        return _frame(self, table)

    def statistics(self, wanted_ms: float = 5.0) -> dict[str, Any]:
        """What is known of each scheme, and what sets schemes apart, with intervals and p-values (docs/statistics.md).

        Lists of rows: `numbers`, `interrupted`, `differences`. `pairs_wanted` is how many pairs of runs would make a
        difference's interval ±`wanted_ms`. None is what can't be said. Raises ValueError for a width that is not above
        0, RunFolderError where a run can't be read.
        """
        from testbed.report import conditions, statistics  # noqa: PLC0415 - scipy takes half a second to load

        if not wanted_ms > 0:
            raise ValueError(f"wanted_ms is {wanted_ms}; it should be above 0")
        return statistics(conditions(read_records(run.folder for run in self)), wanted_ms)

    def write_comparison(self, page: Path | str) -> Path:
        """Writes the page that compares them."""
        from testbed.report.several.comparison_page import write_comparison  # noqa: PLC0415 - the plotting library

        return write_comparison((run.folder for run in self), Path(page))


def _typed(numbers: dict[str, Any], path: Path) -> RunResult:
    from testbed.measure.result.typed import RunResult, typed  # noqa: PLC0415 - 20 classes, which few callers need

    return typed(RunResult, numbers, path)


def _frame(runs: Iterable[Run], table: str) -> DataFrame:
    from testbed.api.tables import frame  # noqa: PLC0415 - numpy and polars

    return frame(runs, table)
