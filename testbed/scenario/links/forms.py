"""In which forms traces are published: which column is what, and how a file of each form is recognised."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from testbed.scenario.reading.cells import NUMBER

Stamped = Literal["begin", "end"]


@dataclass(frozen=True)
class Form:
    """How a file is to be read.

    `columns`: a quantity of a link to where it stands: '[down.|up.]NAME' to 'HEADING [UNIT]', '#NUMBER [UNIT]',
    'AMOUNT [UNIT] / DURATION [UNIT]' for a rate, 'every TIME' for the time. `stamped`: whether what a row says holds
    from its time on, or was measured up to then. `where`: only rows whose cells in these columns are these.
    """

    columns: dict[str, str]
    stamped: Stamped = "begin"
    where: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownForm:
    """A form that has a name. `looks_like` is asked of a file's first lines."""

    about: str
    form: Form
    looks_like: Callable[[list[str]], bool]


def headed(*names: str) -> Callable[[list[str]], bool]:
    """Whether the first line has these headings."""
    return lambda first: {*names} <= set(re.split(r"\s*[,;\t]\s*", first[0].replace('"', "")))


def cells(pattern: str) -> Callable[[list[str]], bool]:
    """Whether lines are cells of this form."""
    return lambda first: all(re.fullmatch(pattern, line.strip()) for line in first)


N = f"(?:{NUMBER.pattern})"
FORMS = {
    "ucc": KnownForm(
        "4G and 5G drives of UCC (Raca et al., MMSys 2018 and 2020), as G-NetTrack Pro logs them: CSV with a header",
        Form(
            {
                "time": "Timestamp [%Y.%m.%d_%H.%M.%S]",
                "down.rate": "DL_bitrate [kbit/s]",
                "signal": "RSRP [dBm]",
            }
        ),
        headed("Timestamp", "DL_bitrate", "RSRP"),
    ),
    "riiser": KnownForm(
        "3G logs of Oslo (Riiser et al., MMSys 2013) and 4G logs of Ghent (van der Hooft et al., 2016):"
        " epoch, ms, latitude, longitude, bytes, ms",
        Form({"time": "#2 [ms]", "down.rate": "#5 [B] / #6 [ms]"}),
        cells(rf"[0-9]{{9,}}(?:\.[0-9]*)?\s+[0-9]+\s+{N}\s+{N}\s+[0-9]+\s+[0-9]+"),
    ),
    "pensieve": KnownForm(
        "what streaming research calls cooked (Pensieve, Oboe, Puffer, FCC): seconds, and Mbit/s up to then",
        Form({"time": "#1 [s]", "down.rate": "#2 [Mbit/s]"}, stamped="end"),
        cells(rf"{N}[ \t]+{N}"),
    ),
    "nyu-mets": KnownForm(
        "LTE of New York (Mei et al., PAM 2019): Mbit/s, a row for each second",
        Form({"time": "every 1 s", "down.rate": "#1 [Mbit/s]"}),
        cells(rf"{N},Mbits/sec"),
    ),
}
"""Name -> form."""
LOOKED_AT = 3


def recognised(first: list[str]) -> str | None:
    """The name of the form that a file with these first lines has; None where it has none of them."""
    return next((name for name, one in FORMS.items() if first and one.looks_like(first[:LOOKED_AT])), None)
