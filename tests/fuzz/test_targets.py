"""Each target on what it begins with: what `make fuzz` would stop at before it has begun."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_its_own_seeds_and_their_pieces(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        for data in (seed, seed[: len(seed) // 2], seed[len(seed) // 2 :], seed[:-1], b""):
            target.run(data)


def test_all_inputs_are_shared_out() -> None:
    assert sum(target.share for target in TARGETS.values()) == pytest.approx(1.0)
