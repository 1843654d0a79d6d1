"""That there is room for more is found out, and what there is too little of is said with both numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from testbed.lab import room_left
from testbed.lab.room_left import NoRoomError, require_room

if TYPE_CHECKING:
    from pathlib import Path

PLENTY = os.statvfs_result((4096, 4096, 10**7, 10**7, 10**7, 0, 0, 0, 0, 255))
# Root could still write a hundred megabytes, a user not one.
LITTLE = os.statvfs_result((4096, 4096, 10**7, 25600, 255, 0, 0, 0, 0, 255))


def require(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: os.statvfs_result, available_kb: int) -> None:
    """Asks of a disk and memory of these sizes."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:  503616 kB\nMemFree:  2000 kB\nMemAvailable:  {available_kb} kB\nBuffers: 0 kB\n")
    monkeypatch.setattr(room_left, "MEMORY", meminfo)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    require_room(tmp_path)


def test_nothing_is_said_where_there_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require(tmp_path, monkeypatch, PLENTY, 400_000)


def test_a_disk_that_is_nearly_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoRoomError, match=r"^no room for captures: the disk has 0 MB left, and 8 MB are needed$"):
        require(tmp_path, monkeypatch, LITTLE, 400_000)


def test_memory_that_is_nearly_used_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoRoomError, match=r"^no room for captures: the memory has 39 MB left, and 48 MB are needed$"):
        require(tmp_path, monkeypatch, PLENTY, 40_000)


def test_the_kernel_s_own_words_are_read() -> None:
    assert room_left.available_memory() > 0
