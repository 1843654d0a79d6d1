"""What the kernel says of a link, compared with what it was told."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.links.shaper import difference

TOLD: dict[str, Any] = {
    "limit": 100,
    "delay": {"delay": 0.11, "jitter": 0.02, "correlation": 0},
    "loss-gemodel": {"p": 0.0002002002, "r": 0.2, "1-h": 1, "1-k": 0},
    "rate": {"rate": 48_000, "packetoverhead": -14, "cellsize": 0, "celloverhead": 0},
    "ecn": False,
    "gap": 0,
}


def answer(section: str, key: str | None, value: object) -> dict[str, Any]:
    """What was told, but for one value."""
    found = copy.deepcopy(TOLD)
    if key is None:
        found[section] = value
    else:
        found[section][key] = value
    return found


def test_the_same_does_not_differ() -> None:
    assert difference(TOLD, copy.deepcopy(TOLD)) == ""


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        pytest.param("delay", "delay", 0.109998976, id="time in ticks of 64 ns, rounded down"),
        pytest.param("delay", "jitter", 0.019999, id="jitter, a microsecond less"),
        pytest.param("loss-gemodel", "p", 0.0002002, id="six digits of a probability"),
    ],
)
def test_what_tc_can_not_print_is_no_difference(section: str, key: str, value: object) -> None:
    assert difference(TOLD, answer(section, key, value)) == ""


def test_probability_of_a_few_steps_of_32_bits_is_no_difference() -> None:
    assert difference({"p": 2e-9}, {"p": 1.86265e-9}) == ""


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        pytest.param("delay", "delay", 0.1101, "delay: delay: 0.11 expected, 0.1101 found", id="delay"),
        pytest.param("delay", "jitter", 0.0, "delay: jitter: 0.02 expected, 0.0 found", id="no jitter"),
        pytest.param("rate", "rate", 47_999, "rate: rate: 48000 expected, 47999 found", id="rate"),
        pytest.param("rate", "packetoverhead", 0, "rate: packetoverhead: -14 expected, 0 found", id="overhead"),
        pytest.param("loss-gemodel", "p", 0.00021, "loss-gemodel: p: 0.0002002002 expected, 0.00021 found", id="loss"),
        pytest.param("limit", None, 1000, "limit: 100 expected, 1000 found", id="queue"),
        pytest.param("ecn", None, True, "ecn: False expected, True found", id="switch"),
        pytest.param("rate", None, 48_000, f"rate: {TOLD['rate']} expected, 48000 found", id="number for fields"),
        pytest.param("limit", None, {"a": 1}, "limit: 100 expected, {'a': 1} found", id="fields for number"),
        pytest.param("limit", None, "100", "limit: 100 expected, 100 found", id="text for number"),
        pytest.param("delay", "delay", None, "delay: delay: 0.11 expected, None found", id="nothing for number"),
        pytest.param("delay", "delay", float("nan"), "delay: delay: 0.11 expected, nan found", id="no number"),
    ],
)  # fmt: skip
def test_difference_is_named(section: str, key: str | None, value: object, words: str) -> None:
    assert difference(TOLD, answer(section, key, value)) == words


def test_option_that_the_kernel_does_not_have_is_a_difference() -> None:
    found = answer("gap", None, 0)
    del found["loss-gemodel"]
    assert difference(TOLD, found) == (
        "['delay', 'ecn', 'gap', 'limit', 'loss-gemodel', 'rate'] expected, "
        "['delay', 'ecn', 'gap', 'limit', 'rate'] found"
    )
    assert difference(TOLD, {}) != ""


def test_option_that_nobody_asked_for_is_a_difference() -> None:
    assert "reorder" in difference(TOLD, answer("reorder", None, {"reorder": 0.25}))


trees = st.recursive(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    lambda inner: st.dictionaries(st.sampled_from(["a", "delay", "rate", "p"]), inner),
)
anything = trees | st.none() | st.text() | st.lists(st.integers())


@given(st.dictionaries(st.text(), trees), st.dictionaries(st.text(), anything))
def test_any_answer_is_compared_and_never_a_failure(told: dict[str, Any], found: dict[str, Any]) -> None:
    assert difference(told, told) == ""
    assert isinstance(difference(told, found), str)
