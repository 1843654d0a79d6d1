"""Which networks are around, and what is known of each: 802.21's information service, as far as two links need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import LinkDown, LinkParametersReport, LinkUp

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class KnownNetwork:
    """One of them: what the operator says of it, and what the radio does.

    `cost_per_min` is in whatever money the user counts in, `power_w` what the radio takes while it talks.
    """

    def __init__(self, name: str, about: dict[str, Any]) -> None:
        self.name = name
        self.kind: str = about.get("kind", name)
        self.down_bit_s: float | None = about.get("down_bit_s")
        self.up_bit_s: float | None = about.get("up_bit_s")
        self.cost_per_min: float = about.get("cost", 0.0)
        self.power_w: float = about.get("power", 0.0)
        self.is_up = False
        self.signal_dbm: float | None = None

    @property
    def is_around(self) -> bool:
        """Whether there is a sign of it."""
        return self.is_up or self.signal_dbm is not None

    def facts(self) -> dict[str, Any]:
        """What is known, for the log."""
        known = {
            "name": self.name, "kind": self.kind, "down_bit_s": self.down_bit_s, "up_bit_s": self.up_bit_s,
            "cost_per_min": self.cost_per_min, "power_w": self.power_w, "is_up": self.is_up,
            "signal_dbm": self.signal_dbm,
        }  # fmt: skip
        return {name: value for name, value in known.items() if value is not None}


class Surroundings:
    """All networks that the node knows of, by name, in the order in which it prefers them."""

    def __init__(self, about: dict[str, dict[str, Any]]) -> None:
        self._networks = {name: KnownNetwork(name, one) for name, one in about.items()}

    def __getitem__(self, name: str) -> KnownNetwork:
        return self._networks[name]

    def around(self) -> list[KnownNetwork]:
        """Those that there is a sign of."""
        return [network for network in self._networks.values() if network.is_around]

    def take(self, event: LinkEvent) -> None:
        """Keeps up with links and signals."""
        match event:
            case LinkUp(link) if link in self._networks:
                self._networks[link].is_up = True
            case LinkDown(link) if link in self._networks:
                self._networks[link].is_up, self._networks[link].signal_dbm = False, None
            case LinkParametersReport(link, signal_dbm) if link in self._networks:
                self._networks[link].signal_dbm = signal_dbm
