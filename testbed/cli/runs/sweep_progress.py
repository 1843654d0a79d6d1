"""Progress of a campaign on standard error: one live line on a terminal, a line now and then where it is piped."""

from rich.text import Text

from testbed.campaign.progress_of_runs import SweepNews
from testbed.cli.runs.progress import LiveLines

STEPS = 20
"""So many lines a campaign, where it is piped."""


class SweepProgress(LiveLines):
    """Shows how far a campaign is, and what is worth keeping of that."""

    def __init__(self) -> None:
        super().__init__()
        self._step = 0

    def show(self, news: SweepNews) -> None:
        """What `testbed.sweep` tells on the way."""
        if news.text:
            self.say(news.text)
        elif self._console.is_terminal:
            self._live.update(Text(line(news)), refresh=True)
        elif (step := STEPS * news.done // news.total) > self._step:
            self._step = step
            self.say(line(news))


def line(news: SweepNews) -> str:
    """How far it is, in words."""
    parts = [f"{news.done} of {news.total} runs"]
    parts += [f"{news.failed} failed"] if news.failed else []
    parts += [f"{span(news.left_s)} left"] if news.left_s is not None and news.done < news.total else []
    return ", ".join(parts)


def span(time_s: float) -> str:
    """A time as people say it."""
    whole = round(time_s)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
