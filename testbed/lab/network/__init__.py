"""Networks: their description, and what Mininet makes of it. What topologies are written with is named here."""

from testbed.lab.network.wiring import (
    AccessLink,
    Direction,
    FarWire,
    Interface,
    Network,
    Node,
    Route,
    Wire,
    network_from,
)

__all__ = ["AccessLink", "Direction", "FarWire", "Interface", "Network", "Node", "Route", "Wire", "network_from"]
