"""Quantities: what is printed is read back as the same, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.scenario.reading.units import PACKETS, POWER, RATE, SHARE, TIME, Quantity

KINDS = [TIME, RATE, SHARE, POWER, PACKETS]
kinds = st.sampled_from(KINDS)


@st.composite
def quantities(draw: st.DrawFn) -> tuple[Quantity, float]:
    kind = draw(kinds)
    return kind, draw(st.floats(float(kind.least), float(kind.most)))


@given(quantities())
def test_printed_quantity_is_read_back_exactly(quantity: tuple[Quantity, float]) -> None:
    kind, value = quantity
    assert kind.parse(kind.text(value)) == value


@given(quantities())
def test_printed_quantity_has_a_number_that_people_read(quantity: tuple[Quantity, float]) -> None:
    kind, value = quantity
    number, unit = kind.text(value).split(" ")
    assert "e" not in number
    assert unit in kind.units


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (TIME, "75 ms", 0.075),
        (TIME, "1.5ms", 0.0015),
        (TIME, " 2 s ", 2.0),
        (TIME, "2 min", 120.0),
        (TIME, "250 us", 0.00025),
        (TIME, "250 µs", 0.00025),
        (TIME, "250 μs", 0.00025),  # the Greek letter
        (TIME, "30\u00a0s", 30.0),  # no-break space
        (TIME, "0 s", 0.0),
        (TIME, "+1 s", 1.0),
        (RATE, "384 kbit/s", 384_000.0),
        (RATE, "9.6 kbit/s", 9_600.0),
        (RATE, "30 Mbit/s", 30e6),
        (RATE, "1 Gbit/s", 1e9),
        (SHARE, "0.1 %", 0.001),
        (SHARE, "100%", 1.0),
        (POWER, "-72 dBm", -72.0),
        (PACKETS, "1 packet", 1.0),
        (PACKETS, "1.5 packets", 1.5),
    ],
)
def test_quantity(kind: Quantity, text: str, value: float) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (TIME, 0.0, "0 s"),
        (TIME, 0.0015, "1.5 ms"),
        (TIME, 0.11, "110 ms"),
        (TIME, 1.717, "1.717 s"),
        (TIME, 90.0, "90 s"),
        (RATE, 384_000.0, "384 kbit/s"),
        (RATE, 30e6, "30 Mbit/s"),
        (SHARE, 0.001, "0.1 %"),
        (SHARE, 0.0, "0 %"),
        (POWER, -72.5, "-72.5 dBm"),
        (PACKETS, 1.5, "1.5 packets"),
    ],
)
def test_text(kind: Quantity, value: float, text: str) -> None:
    assert kind.text(value) == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "value",
    ["", " ", "5", "5.", ".5 s", "5 parsecs", "5 S", "5 kbit", "five s", "5 5 s", "5 s s", "1e3 s", "nan s", "inf s",
     "0x5 s", "1_000 s", "--5 s", "5,5 s", "s", "% 5", "５ s", 5, 5.0, -1, True, False, None, [], ["5 s"], {"s": 5}],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(kind: Quantity, value: object) -> None:
    with pytest.raises(ValueError, match=f"; .* like {kind.example}$"):
        kind.parse(value)


@given(kinds, st.text(max_size=20) | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.text()))
def test_nothing_but_value_errors_and_values_in_range(kind: Quantity, value: object) -> None:
    try:
        number = kind.parse(value)
    except ValueError:
        return
    assert kind.least <= number <= kind.most


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (TIME, ["-1 ms", "61 min", "3600.1 s", "9999999999 us"]),
        (RATE, ["0 bit/s", "99 bit/s", "-5 Mbit/s", "101 Gbit/s"]),
        (SHARE, ["-0.1 %", "100.1 %", "120 %"]),
        (POWER, ["-201 dBm", "101 dBm"]),
        (PACKETS, ["0 packets", "0.9 packets", "-1 packets", "1000001 packets"]),
    ],
)
def test_what_no_link_can_have_is_refused_with_the_range(kind: Quantity, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=f"^'{text}' is .*; .* from .* to "):
            kind.parse(text)
