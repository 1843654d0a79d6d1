"""`reinvite-soft`: the same re-INVITE, make before break: sent over the new link while the old one still works.

The old port stays open until the peer's media come to the new one (RFC 3264 8.3.1). On clean links it loses nothing
either; it has no copies, so it is at the mercy of the one path that the peer sends on.
"""

from __future__ import annotations

from agents.mn.schemes.reinvite import Reinvite


class ReinviteSoft(Reinvite):
    """The steps are those of `reinvite`; the scenario's trigger fires earlier. The rest follows from the links."""
