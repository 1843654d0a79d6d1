"""Triggers: what decides that a handover is done now (paper, section 4.2). They know nothing of SIP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from agents.mn.links import Link


class Trigger(Protocol):
    """Looks at links and says once, by returning the facts for the log, that the one in use should be left."""

    def link_changed(self, link: Link) -> dict[str, Any] | None:
        """News of the link in use from the kernel."""

    def signal_reported(self, link: Link) -> dict[str, Any] | None:
        """News of the link in use from its radio."""


class LinkDownTrigger:
    """The kernel says that the link's carrier is gone."""

    def link_changed(self, link: Link) -> dict[str, Any] | None:
        """Fires when the link is down."""
        return None if link.is_up else {"kind": "link-down"}

    def signal_reported(self, link: Link) -> dict[str, Any] | None:
        """Does not look at signals."""


class SignalTrigger:
    """The link's signal is weaker than a threshold; a link that is gone counts as the weakest."""

    def __init__(self, below_dbm: float) -> None:
        self._below_dbm = below_dbm

    def link_changed(self, link: Link) -> dict[str, Any] | None:
        """Fires when the link is gone before its signal told."""
        return None if link.is_up else {"kind": "signal", "signal_dbm": None}

    def signal_reported(self, link: Link) -> dict[str, Any] | None:
        """Fires when the signal is below the threshold."""
        if link.signal_dbm is None or link.signal_dbm >= self._below_dbm:
            return None
        return {"kind": "signal", "signal_dbm": link.signal_dbm}


def make_trigger(config: dict[str, Any]) -> Trigger:
    """The trigger that a configuration names in `on`; raises KeyError for one that there is not."""
    if config["on"] == "link-down":
        return LinkDownTrigger()
    if config["on"] == "signal":
        return SignalTrigger(config["below"])
    raise KeyError(config["on"])
