"""The SIP messages of a chart as pages have them: in words, and with their text as it was captured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.report.one_run.drawing import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.result.chart import Chart


@dataclass(frozen=True, slots=True)
class ChartMessage:
    """One SIP message of the chart: what is said of it, and its text as captured."""

    says: str
    text: str


def messages_of(chart: Chart) -> Iterator[ChartMessage]:
    """Yield the messages in the order of the chart's passages."""
    for passage in chart.passages:
        message = passage.message
        cut = len(message.text) < message.size
        end = f"\n[{message.size - len(message.text)} more bytes were not captured]" if cut else ""
        yield ChartMessage(spoken(passage, chart), shown(message.text) + end)


def shown(data: bytes) -> str:
    """Return a message's bytes as text; what is no UTF-8, and control characters, as escapes."""
    text = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return "".join(one if one in "\n\t" or one.isprintable() else one.encode("unicode_escape").decode() for one in text)
