"""A saved machine's count of instructions begins anew, and its clock goes on: whatever the count was."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from testbed.engine.errors import RunFailedError
from testbed.engine.vm.snapshot import COUNT_SECTION, restart_count

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", [0, 4_850_443_883, 10_782_139_949])
def test_the_clock_goes_on(count: int, tmp_path: Path) -> None:
    state = tmp_path / "state"
    before, after = b"memory" * 1000, b"~\0and more"
    state.write_bytes(before + COUNT_SECTION + struct.pack(">qq", 5_977_482_272, count) + after)
    assert restart_count(state) == 5_977_482_272 + count
    assert state.read_bytes() == before + COUNT_SECTION + struct.pack(">qq", 5_977_482_272 + count, 0) + after


@pytest.mark.parametrize("times", [0, 2])
def test_a_state_of_another_kind_is_refused(times: int, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_bytes(b"x" + (COUNT_SECTION + bytes(16)) * times)
    with pytest.raises(RunFailedError, match="no count of instructions"):
        restart_count(state)
