"""Reasons to look twice: of a call with many handovers each is said once."""

from testbed.measure.call.handover import Handover
from testbed.measure.result.doubts import doubts


def of(*warnings: list[str]) -> list[str]:
    handovers = []
    for said in warnings:
        handover = Handover.__new__(Handover)
        object.__setattr__(handover, "warnings", said)
        handovers.append(handover)
    return doubts({}, handovers)[1:]


def test_what_is_true_of_many_handovers_is_said_once() -> None:
    assert of([], ["a"], ["b"], [], ["a"]) == ["handovers 2, 5: a", "handover 3: b"]


def test_of_many_the_first_ones_are_named() -> None:
    assert of(*[["a"]] * 9) == ["a", "8 handovers (2, 3, 4, 5, 6, …): a"]
