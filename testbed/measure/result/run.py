"""A run, from its folder: opened once, and handed to all that measure, show or export it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from testbed.measure.call.recording import Recording
from testbed.measure.folder.run_folder import RESULT, read_document
from testbed.measure.listening.listened import Listened
from testbed.measure.listening.speech import speech_of
from testbed.measure.numbers.user_numbers import work_out
from testbed.measure.result.chart import draw_up
from testbed.measure.result.result import result_of
from testbed.measure.result.story import tell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from testbed.measure.listening.speech import RunSpeech
    from testbed.measure.numbers.user_numbers import LoadedNumber
    from testbed.measure.result.chart import Chart
    from testbed.measure.result.story import Story

TOLD = frozenset({"folder", "numbers", "result", "chart", "story"})
"""What stays of a run when its captures are let go of."""


class MeasuredRun(Recording):
    """A run folder: what was captured (see `Recording`), what was heard of it, and what is said of it.

    Each part is made when it is first asked for, and once, of captures that are opened once. `RunFolderError` as there.
    `numbers` are a user's, to be worked out beside ours.
    """

    def __init__(self, folder: Path, numbers: Iterable[LoadedNumber] = ()) -> None:
        super().__init__(folder)
        self.numbers = tuple(numbers)

    @cached_property
    def listened(self) -> dict[str, Listened]:
        """What was heard, by direction."""
        interval_ns = self.manifest.interval_ns
        return {name: Listened(name, one, interval_ns) for name, one in self.media.items()}

    @cached_property
    def result(self) -> dict[str, Any]:
        """The content of result.json.

        What could not be measured is None, and `warnings` says why where there is a reason to doubt a number. Of users'
        numbers there are those that are asked for; else those in the folder's result.json stay.
        """
        measured = result_of(self, self.listened)
        vars(self)["result"] = measured  # which a user's number may look at
        values, warnings = work_out(self.numbers, self) if self.numbers else self._kept
        users = {"numbers": values} if values else {}
        return {**measured, "warnings": [*measured["warnings"], *warnings], **users}

    @property
    def _kept(self) -> tuple[dict[str, Any], list[str]]:
        """The users' numbers that the folder's result.json has, and what was said of those that could not be had."""
        if not (self.folder / RESULT).exists():
            return {}, []
        before = read_document(self.folder, RESULT)
        found = before.get("numbers")
        if not isinstance(found, dict):
            return {}, []
        keys = tuple(f"number {key}: " for key in found)
        return found, [one for one in before.get("warnings", ()) if str(one).startswith(keys)]

    @cached_property
    def chart(self) -> Chart:
        """The message chart."""
        return draw_up(self)

    @cached_property
    def speech(self) -> RunSpeech:
        """The speech, as it was sent and as it was heard."""
        return speech_of(self, {name: one.playout for name, one in self.listened.items()})

    @cached_property
    def story(self) -> Story:
        """Everything that a picture shows."""
        return tell(self, self.listened, self.chart, self.result)

    def let_go(self) -> None:
        """Free the memory of captures and of all that was decoded; asked for again, it is read again.

        What was told already stays: result, chart and story.
        """
        for name in vars(self).keys() - TOLD:
            del vars(self)[name]


def measure_run(folder: Path) -> dict[str, Any]:
    """Return the content of result.json for a run folder; `RunFolderError` where that can't be read."""
    return MeasuredRun(folder).result
