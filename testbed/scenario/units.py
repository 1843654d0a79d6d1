"""Quantities with their unit in the value: "75 ms", "384 kbit/s", "2 %", "-72 dBm", "100 packets".

A bare number is refused: whoever reads a file must not have to guess, nor look anything up.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%/µ]+)")

TIME_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
RATE_UNITS = {"bit/s": 1.0, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}
SHARE_UNITS = {"%": 0.01}
POWER_UNITS = {"dBm": 1.0}
COUNT_UNITS = {"packets": 1.0, "packet": 1.0}


def parse_quantity(text: Any, units: dict[str, float], what: str, example: str) -> float:  # noqa: ANN401 - any YAML value
    """The value of `text` in the base unit of `units`; raises ValueError that says what would be right."""
    match = QUANTITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        if isinstance(text, int | float) and not isinstance(text, bool):
            raise ValueError(f"{text} has no unit; {what} is written like {example}")
        raise ValueError(f"{text!r} is not {what}; it is written like {example}")
    number, unit = match.groups()
    if unit not in units:
        raise ValueError(f"{text!r} has an unknown unit; {what} is in {' or '.join(units)}, like {example}")
    return float(number) * units[unit]


def _time(value: object) -> float:
    seconds = parse_quantity(value, TIME_UNITS, "a time", "75 ms")
    if seconds < 0:
        raise ValueError(f"{value} is before the beginning; a time is 0 s or more")
    return seconds


def _rate(value: object) -> float:
    rate = parse_quantity(value, RATE_UNITS, "a rate", "384 kbit/s")
    if rate <= 0:
        raise ValueError(f"{value} carries nothing; a rate is above 0 bit/s")
    return rate


def _share(value: object) -> float:
    share = parse_quantity(value, SHARE_UNITS, "a share", "2 %")
    if not 0 <= share <= 1:
        raise ValueError(f"{value} is impossible; a share is from 0 % to 100 %")
    return share


def _power(value: object) -> float:
    return parse_quantity(value, POWER_UNITS, "a signal strength", "-72 dBm")


def _count(value: object) -> float:
    count = parse_quantity(value, COUNT_UNITS, "a number of packets", "100 packets")
    if count < 1:
        raise ValueError(f"{value} is too few; at least 1 packet")
    return count


Seconds = Annotated[float, BeforeValidator(_time)]
"""A time, in seconds."""
BitsPerSecond = Annotated[float, BeforeValidator(_rate)]
"""A rate of IP packets' bits, per second."""
Share = Annotated[float, BeforeValidator(_share)]
"""A probability or share, 0 to 1."""
Dbm = Annotated[float, BeforeValidator(_power)]
"""A signal strength in dBm."""
Packets = Annotated[float, BeforeValidator(_count)]
"""A number of packets; a mean may have a fraction."""
