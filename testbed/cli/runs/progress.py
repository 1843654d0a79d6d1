"""Progress of runs on standard error: live lines on a terminal, one line for each event where it is piped."""

from types import TracebackType
from typing import Any, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from testbed.api.carrying_out import News
from testbed.report.terminal import PlainConsole

# Events that tell a reader how far a run is; the rest is for the run folder.
SHOWN = {
    "call_established": "the call is up",
    "trigger": "the trigger fires",
    "attached": "attached",
    "link_gone": "the link is gone",
    "duplicating": "media go over both links",
    "handover_done": "handover done",
    "handover_failed": "HANDOVER FAILED",
    "handover_again": "it is tried again",
    "flow_failed": "a NAT has another port for the phone",
    "call_ended": "the call has ended",
    "kill": "an agent is killed",
    "failed": "FAILED",
}


class LiveLines:
    """Lines that stay on standard error, and on a terminal live ones below them, as long as this is entered."""

    def __init__(self) -> None:
        self._console = PlainConsole(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class Progress(LiveLines):
    """Shows what is being prepared and how far each run is."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[str, tuple[float | None, str]] = {}

    def show(self, news: News) -> None:
        """What `testbed.api` tells on the way."""
        if news.stage == "preparing":
            self.say(news.text)
        elif news.stage == "begins":
            self.begin(news.run)
        elif news.stage == "told":
            self.report(news.run, news.report or {})
        else:
            self.end(news.run, news.text)

    def begin(self, name: str) -> None:
        """A run begins."""
        self._lines[name] = (None, "starting")
        self._show()

    def report(self, name: str, report: dict[str, Any]) -> None:
        """A run tells something."""
        time_s, what = self._lines[name]
        if "stage" in report:
            what = report["stage"]
        if report.get("t_s") is not None:
            time_s = max(report["t_s"], time_s or 0.0)
        if report.get("event") in SHOWN:
            what = " ".join([SHOWN[report["event"]], *([report["link"]] if "link" in report else [])])
            if report["event"] == "failed":
                what += f": {report['reason']}"
            if not self._console.is_terminal:
                self.say(f"{name}: {report['t_s']:8.3f} s  {what}")
        self._lines[name] = (time_s, what)
        self._show()

    def end(self, name: str, what: str) -> None:
        """A run has ended."""
        del self._lines[name]
        self.say(f"{name}: {what}")
        self._show()

    def _show(self) -> None:
        if not self._console.is_terminal:
            return
        table = Table.grid(padding=(0, 2))
        for name, (time_s, what) in self._lines.items():
            time = "" if time_s is None else f"{time_s:6.1f} s of the call"
            table.add_row(*(Text(cell) for cell in (name, time, what)))
        self._live.update(table, refresh=True)
