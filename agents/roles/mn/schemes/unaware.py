"""For a phone that knows nothing of handovers: what is below it keeps its address, wherever the node is."""

from __future__ import annotations

from agents.roles.mn.schemes.scheme import Scheme


class Unaware(Scheme):
    """Does nothing. The phone has one link, its home, which is always there; `agents.roles.mobility` moves it."""
