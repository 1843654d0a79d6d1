"""What is captured of a run fits into its guest's memory; a short run's guest is the same as ever."""

import pytest

from testbed.engine.vm.memory_sizes import CAPTURED_BYTES_A_SECOND, USUAL, MemorySize, size_for


@pytest.mark.parametrize("duration_s", [0.0, 71.0, 641.0, 1841.0])
def test_up_to_half_an_hour_it_is_the_usual_one(duration_s: float) -> None:
    assert size_for(duration_s) == USUAL


@pytest.mark.parametrize("duration_s", [71.0, 1841.0, 3641.0, 7241.0])
def test_what_is_captured_fits_in_and_comes_out(duration_s: float) -> None:
    captured_mib = duration_s * CAPTURED_BYTES_A_SECOND / (1 << 20)
    size = size_for(duration_s)
    # What kernel, rings and programs take, and the 48 that have to be left: 305 (of 320, 15 were captured).
    assert size.own_mib - 310 > captured_mib
    assert size.outcome_mib > captured_mib


def test_a_day_has_the_largest_there_is() -> None:
    assert size_for(86_400.0) == MemorySize(3072, 2048)
