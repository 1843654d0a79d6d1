"""What the mobile node's user brought becomes a row of a register, like ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.loading import load
from agents.roles.mn import schemes, triggers

if TYPE_CHECKING:
    from agents.loading import ModuleAt


def adopt(kind: str, name: str, source: ModuleAt) -> None:
    """Loads a row and adds it to the register of its kind; raises LoadingError."""
    if kind == "scheme":
        schemes.SCHEMES[name] = load(source, schemes.SchemeRow, schemes.API_VERSION)
    elif kind == "trigger":
        triggers.TRIGGERS[name] = load(source, triggers.TriggerRow, triggers.API_VERSION)
    else:
        raise KeyError(kind)
