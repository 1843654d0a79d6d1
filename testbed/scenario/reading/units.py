"""Quantities with their unit in the value: "75 ms", "384 kbit/s", "2 %", "-72 dBm", "100 packets".

A bare number is refused: whoever reads a file must not have to guess, nor look anything up.
"""

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
QUANTITY = re.compile(rf"({NUMBER.pattern})\s*([^\s0-9.]+)")
SHOWN_LENGTH = 60


@dataclass(frozen=True)
class Quantity:
    """A kind of quantity: how it is called, its units in terms of the base unit, and what it can be."""

    name: str
    example: str
    units: dict[str, Decimal]
    least: Decimal
    most: Decimal
    reason: str

    def parse(self, value: object) -> float:
        """The quantity in its base unit; raises ValueError that says what would be right."""
        match = QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or not isinstance(value, str):
            raise ValueError(f"{shown(value)} {self._complaint(value)}; {self.name} is written like {self.example}")
        number, unit = match.groups()
        if unit not in self.units:
            raise ValueError(
                f"{shown(value)} has a wrong unit; {self.name} is in {self.unit_names}, like {self.example}"
            )
        base = Decimal(number) * self.units[unit]
        if not self.least <= base <= self.most:
            raise ValueError(f"{shown(value.strip())} is {self.reason}")
        return float(base)

    @property
    def unit_names(self) -> str:
        """Its units, as they can be typed."""
        return ", ".join(one for one in self.units if one.isascii())

    def text(self, value: float) -> str:
        """The quantity in the largest unit in which it is at least 1; `parse` gives the same value for it."""
        exact = Decimal(repr(value))
        decimal = {unit: size for unit, size in self.units.items() if size.normalize().as_tuple().digits == (1,)}
        fitting = [unit for unit, size in decimal.items() if (abs(exact) or 1) >= size]
        unit = fitting[-1] if fitting else next(iter(decimal))
        return f"{plain(exact / self.units[unit])} {unit}"

    def _complaint(self, value: object) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return "has no unit"
        return "has no unit" if isinstance(value, str) and NUMBER.fullmatch(value.strip()) else f"is not {self.name}"


def plain(number: Decimal) -> str:
    """A decimal fraction without exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: object) -> str:
    """A value as a user may have written it, in one line of bounded length."""
    if value is None:
        return "an empty value"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


TIME = Quantity(
    name="a time",
    example="75 ms",
    # Both of Unicode's micro signs: keyboards type the one, fonts and word processors the other.
    units={
        "us": Decimal("1e-6"),
        "\u00b5s": Decimal("1e-6"),
        "\u03bcs": Decimal("1e-6"),
        "ms": Decimal("1e-3"),
        "s": Decimal(1),
        "min": Decimal(60),
    },
    least=Decimal(0),
    most=Decimal(3600),
    reason="out of range; a time is from 0 s to 60 min",
)
LONG_TIME = replace(
    TIME,
    units=TIME.units | {"h": Decimal(3600)},
    most=Decimal(10**7),
    reason="out of range; a time within a recording is from 0 s to 10000000 s",
)
RATE = Quantity(
    name="a rate",
    example="384 kbit/s",
    units={"bit/s": Decimal(1), "kbit/s": Decimal(1000), "Mbit/s": Decimal(10**6), "Gbit/s": Decimal(10**9)},
    # The kernel counts whole bytes per second, and takes 0 for "no limit".
    least=Decimal(100),
    most=Decimal(10**11),
    reason="no rate of a link; a rate is from 100 bit/s to 100 Gbit/s",
)
STOPPING_RATE = replace(
    RATE,
    least=Decimal(0),
    reason="no rate of a link; a rate is from 0 bit/s, at which nothing passes, to 100 Gbit/s",
)
SHARE = Quantity(
    name="a share",
    example="2 %",
    units={"%": Decimal("0.01")},
    least=Decimal(0),
    most=Decimal(1),
    reason="impossible; a share is from 0 % to 100 %",
)
POWER = Quantity(
    name="a signal strength",
    example="-72 dBm",
    units={"dBm": Decimal(1)},
    least=Decimal(-200),
    most=Decimal(100),
    reason="no signal strength of a radio; it is from -200 dBm to 100 dBm",
)
LEVEL = Quantity(
    name="a difference of signals",
    example="6 dB",
    units={"dB": Decimal(1)},
    least=Decimal(0),
    most=Decimal(100),
    reason="no difference of signals; it is from 0 dB to 100 dB",
)
LENGTH = Quantity(
    name="a length",
    example="40 m",
    units={"m": Decimal(1), "km": Decimal(1000)},
    least=Decimal(0),
    most=Decimal(100_000),
    reason="out of range; a length is from 0 m to 100 km",
)
WATTAGE = Quantity(
    name="a power",
    example="0.8 W",
    units={"mW": Decimal("0.001"), "W": Decimal(1)},
    least=Decimal(0),
    most=Decimal(100),
    reason="no power of a phone's radio; it is from 0 W to 100 W",
)
PACKETS = Quantity(
    name="a number of packets",
    example="100 packets",
    units={"packet": Decimal(1), "packets": Decimal(1)},
    least=Decimal(1),
    most=Decimal(10**6),
    reason="out of range; a number of packets is from 1 packet to 1000000 packets",
)
BYTES = Quantity(
    name="a number of bytes",
    example="64 kB",
    units={"B": Decimal(1), "kB": Decimal(1000), "KiB": Decimal(1024), "MB": Decimal(10**6), "MiB": Decimal(2**20)},
    # A packet should fit.
    least=Decimal(1500),
    most=Decimal(10**9),
    reason="out of range; a queue in bytes holds from 1500 B to 1000 MB",
)
SPEECH_S = Decimal("0.02")
BURST = Quantity(
    name="a length of a burst",
    example="100 ms",
    # A packet stands for the 20 ms of speech that are in one.
    units={"us": Decimal("1e-6"), "ms": Decimal("1e-3"), "s": Decimal(1), "packet": SPEECH_S, "packets": SPEECH_S},
    least=Decimal("0.001"),
    most=Decimal(3600),
    reason="out of range; a burst lasts from 1 ms to 3600 s",
)


def _whole_packets(value: object) -> int:
    count = PACKETS.parse(value)
    if count != int(count):
        raise ValueError(f"{shown(value)} is not whole; a queue holds whole packets, like {PACKETS.example}")
    return int(count)


VOICE_BYTES = 200
"""A packet of G.711 speech at IP: 20 ms of it."""


class LastingQuantity(Quantity):
    """A time for which a jitter lasts; netem's share of the last packet's jitter is told as one."""

    def parse(self, value: object) -> float:
        """As of any quantity."""
        match = QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is not None and match.group(2) == "%" and 0 < (percent := float(match.group(1))) < 100:
            as_time = plain(Decimal(f"{-20 / math.log(percent / 100):.3g}"))
            raise ValueError(
                f"{shown(value)} is netem's, from one packet to the next; here it is how long a jitter lasts on"
                f" average: {as_time} ms for that and packets that are 20 ms apart"
            )
        return super().parse(value)


CORRELATION = LastingQuantity(
    name="how long a jitter lasts",
    example="60 ms",
    units=TIME.units,
    least=Decimal("0.001"),
    most=TIME.most,
    reason="out of range; a jitter lasts from 1 ms to 60 min, and for one millisecond where nothing is said",
)


TARGET = replace(
    TIME,
    name="a queue's target",
    example="5 ms",
    least=Decimal("1e-6"),
    reason="out of range; a queue's target is from 1 us to 60 min",
)
INTERVAL = replace(
    TIME,
    name="a queue's interval",
    example="100 ms",
    least=Decimal("0.001"),
    reason="out of range; a queue's interval is from 1 ms to 60 min",
)


@dataclass(frozen=True)
class QueueLength:
    """How much a link holds: so many packets, so many bytes, or what it sends in so many seconds."""

    packets: int | None = None
    seconds: float | None = None
    bytes: int | None = None

    @classmethod
    def parse(cls, value: object) -> "QueueLength":
        """ "100 packets", "64 kB" or "200 ms"; raises ValueError."""
        match = QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{shown(value)} is no length of a queue; write it like 100 packets, 64 kB or 200 ms")
        if match.group(2) in TIME.units:
            return cls(seconds=TIME.parse(value))
        if match.group(2) in BYTES.units:
            return cls(bytes=int(BYTES.parse(value)))
        return cls(packets=_whole_packets(value))

    def count(self, rate: float, delay: float, size: int = VOICE_BYTES) -> int:
        """Packets of `size` on their way and waiting, at `rate` (bit/s) and with `delay` (s).

        Time is turned into packets of speech: the kernel counts packets. Two of them fit in any case.
        """
        if self.packets is not None:
            return self.packets
        if self.bytes is not None:
            return self.bytes // size
        return max(2, math.ceil(((self.seconds or 0.0) + delay) * rate / 8 / VOICE_BYTES))

    def __str__(self) -> str:
        if self.bytes is not None:
            return BYTES.text(self.bytes)
        return PACKETS.text(self.packets) if self.packets is not None else TIME.text(self.seconds or 0.0)


Seconds = Annotated[float, BeforeValidator(TIME.parse)]
"""A time, in seconds."""
LongSeconds = Annotated[float, BeforeValidator(LONG_TIME.parse)]
"""A time within a recording, which can be longer than any run, in seconds."""
BitsPerSecond = Annotated[float, BeforeValidator(RATE.parse)]
"""A rate of IP packets' bits, per second."""
Share = Annotated[float, BeforeValidator(SHARE.parse)]
"""A probability or share, 0 to 1."""
Dbm = Annotated[float, BeforeValidator(POWER.parse)]
"""A signal strength in dBm."""
Burst = Annotated[float, BeforeValidator(BURST.parse)]
"""How long a bad moment lasts, in seconds; a packet is 20 ms."""
Queue = Annotated[QueueLength, PlainValidator(QueueLength.parse)]
"""Packets, bytes, or a time."""
Correlation = Annotated[float, BeforeValidator(CORRELATION.parse)]
"""How long a jitter lasts on average, in seconds."""
TargetSeconds = Annotated[float, BeforeValidator(TARGET.parse)]
"""How long packets may wait in a queue, in seconds."""
IntervalSeconds = Annotated[float, BeforeValidator(INTERVAL.parse)]
"""How long a managed queue watches that, or how often, in seconds."""
Decibels = Annotated[float, BeforeValidator(LEVEL.parse)]
"""How much stronger one signal is than another, in dB."""
Metres = Annotated[float, BeforeValidator(LENGTH.parse)]
"""A length, in metres."""
Watts = Annotated[float, BeforeValidator(WATTAGE.parse)]
"""A power, in watts."""
