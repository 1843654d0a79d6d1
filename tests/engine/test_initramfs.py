"""The first file system is the same bytes for everybody, or no two machines would have the same captures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from testbed.engine.vm.image import BOOT_FILES
from testbed.engine.vm.initramfs import write_initramfs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_initramfs_is_the_same_under_any_umask(umask: int, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    files = {name: root / name for name in (pattern.rpartition("/")[2] for pattern in BOOT_FILES)}
    for name, path in files.items():
        path.write_bytes(name.encode())
    archives = []
    for name, mask in (("first", 0o027), ("second", umask)):
        before = os.umask(mask)
        try:
            write_initramfs(files, tmp_path / name)
        finally:
            os.umask(before)
        archives.append((tmp_path / name).read_bytes())
    assert archives[0] == archives[1]
