"""The roles' machines: a row for every state, and no state that nobody is ever in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.roles.b2bua.setup import Entering, Setup
from agents.roles.mn.mobile_node import CallStage, MobileNode
from agents.roles.mn.schemes.handover_cn import Handing, HandoverCn
from agents.roles.mn.schemes.ice_restart import IceRestart, Restarting
from agents.roles.mn.schemes.media_handover import Learning, MediaHandover
from agents.roles.mn.schemes.proactive import BackingUp, Proactive
from agents.roles.mn.schemes.reinvite import HEARD, Moving, Reinvite

if TYPE_CHECKING:
    from enum import StrEnum

    from agents.roles.by_table import ByTable

MACHINES: list[tuple[type[ByTable], type[StrEnum]]] = [
    (Reinvite, Moving), (HandoverCn, Handing), (Proactive, BackingUp), (MediaHandover, Learning),
    (IceRestart, Restarting),    (MobileNode, CallStage), (Setup, Entering),
]  # fmt: skip


@pytest.mark.parametrize(("machine", "states"), MACHINES)
def test_every_state_has_a_row(machine: type[ByTable], states: type[StrEnum]) -> None:
    assert list(machine.TABLE) == list(states)


@pytest.mark.parametrize(("machine", "states"), MACHINES)
def test_what_a_row_names_are_types_and_methods_of_the_machine(machine: type[ByTable], states: type[StrEnum]) -> None:
    for state in states:
        for event, action in machine.TABLE[state].items():
            assert isinstance(event, type), state
            assert getattr(machine, action.__name__) is action, (state, event)


@pytest.mark.parametrize("scheme", [HandoverCn, Proactive, MediaHandover, IceRestart])
def test_a_scheme_that_falls_back_hears_all_that_the_reinvite_does(scheme: type[ByTable]) -> None:
    assert set(scheme.TABLE["REINVITING"]) == HEARD
