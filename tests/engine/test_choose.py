"""Which engine carries a run out where none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.engine.choose import usual_engine
from testbed.engine.uml import built_kernel

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_quick_one_once_a_guest_of_it_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel alone is no sign that this machine lets it start."""
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))
    said: list[str] = []
    assert usual_engine(said.append) == "vm"
    (told,) = said
    assert "'testbed prepare --engine uml' (once, 5 to 10 minutes)" in told
    built_kernel.kernel_folder().mkdir()
    assert usual_engine(said.append) == "vm"
    built_kernel.note_start()
    said.clear()
    assert usual_engine(said.append) == "uml"
    assert not said
