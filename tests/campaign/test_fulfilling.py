"""An order whose orderer has stopped: its folder is gone, and nobody is there who wants to be told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from testbed.campaign import fulfilling
from testbed.campaign.order import Order
from testbed.runner import own_versions

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.plan import Plan

MANIFEST = {"engine": "vm", "engine_identity": {}, "versions": own_versions(), "status": "running"}


def an_order(work: Path) -> Order:
    return replace(Order(cast("Plan", {}), {"schema_version": 1, **MANIFEST}, "none", {}), work=work)


def with_engine(monkeypatch: pytest.MonkeyPatch, work: Path, *, remove: bool) -> None:
    """One that can't read what it wants, perhaps because all has been taken away."""

    class NoEngine:
        async def prepare(self, *_: Any) -> None:  # noqa: ANN401
            if remove:
                for path in sorted(work.rglob("*"), reverse=True):
                    path.rmdir()
            raise FileNotFoundError(2, "No such file or directory", "anything")

    monkeypatch.setattr(fulfilling, "make_engine", lambda _: NoEngine())


def test_what_could_not_be_read_is_why_the_run_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_engine(monkeypatch, tmp_path, remove=False)
    delivery = fulfilling.fulfil(an_order(tmp_path))
    assert "No such file or directory" in str(delivery.failure)
    assert json.loads(delivery.files["manifest.json"])["status"] == "failed"


def test_a_folder_that_was_taken_away_ends_it_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: the sweep removes its folder for unfinished runs while the worker still ends its guest."""
    with_engine(monkeypatch, tmp_path, remove=True)
    with pytest.raises(asyncio.CancelledError):
        fulfilling.fulfil(an_order(tmp_path))
