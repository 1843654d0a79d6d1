"""Whether a new dialog is to stand by, as its INVITE says: for whoever is asked, a CN or a B2BUA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.readiness import Copies
from agents.sip.message.handover import handover_of

if TYPE_CHECKING:
    from agents.sip.session.events import IncomingInvite


def standby_of(incoming: IncomingInvite) -> Copies | None:
    """When media are to go to a new dialog that stands by; None where it does not, or in a way that we don't know."""
    header = handover_of(incoming.request, in_dialog=False)
    standby = None if header is None else header.standby
    return Copies(standby) if standby in tuple(Copies) else None
