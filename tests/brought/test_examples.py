"""The scheme and the trigger that the pages show, in the fake network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.loading import ModuleAt, load
from agents.roles.mn.schemes import API_VERSION, SCHEMES, SchemeRow
from agents.roles.mn.triggers import TRIGGERS, TriggerRow
from tests.agents.world import World

from .examples import example

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_scheme_of_the_page_hands_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = example("schemes.md", tmp_path)
    assert len(path.read_text().splitlines()) < 60
    row = load(ModuleAt(str(tmp_path), path.name, "SCHEME"), SchemeRow, API_VERSION)
    monkeypatch.setitem(SCHEMES, "hasty", row)
    world = World("hasty")
    world.run(3.0)
    world.signal()
    world.run_to("COPYING")
    copying = world.now
    world.run_to("DONE")
    assert 0.5 < world.now - copying < 0.6
    assert world.flow(since=3.0) == [
        "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn", "BYE mn.wifi -> cn",
        "200 BYE cn -> mn.wifi",
    ]  # fmt: skip
    world.settle()
    world.assert_nothing_left()


def test_the_trigger_of_the_page_fires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = example("triggers.md", tmp_path)
    row = load(ModuleAt(str(tmp_path), path.name, "TRIGGER"), TriggerRow, API_VERSION)
    monkeypatch.setitem(TRIGGERS, "drop", row)
    world = World("reinvite-soft", trigger={"on": "drop", "by": 12.0, "within": 2.0})
    world.run(3.0)
    for dbm in (-50.0, -56.0, -61.0):
        world.signal(dbm)
        world.run(0.5)
    assert not world.told("trigger")
    world.signal(-62.5)
    assert world.told("trigger") == [{"link": "wifi", "to": "umts", "kind": "drop", "fell_db": 12.5}]
