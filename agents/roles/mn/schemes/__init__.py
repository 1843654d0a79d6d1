"""Handover schemes, each in a file of its own, over the same core."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.schemes.scheme import Scheme


def make_scheme(name: str, call: Call) -> Scheme:
    """The scheme of that name; raises KeyError for one that there is not. Only its own file is loaded."""
    if name in {"reinvite", "reinvite-soft"}:  # the same steps; how early they come is the scenario's choice
        from agents.roles.mn.schemes.reinvite import Reinvite  # noqa: PLC0415

        return Reinvite(call)
    if name in {"handover-cn", "handover-b2bua"}:  # for the MN it is the same: who assists is whoever has its dialog
        from agents.roles.mn.schemes.handover_cn import HandoverCn  # noqa: PLC0415

        return HandoverCn(call)
    if name == "proactive":
        from agents.roles.mn.schemes.proactive import Proactive  # noqa: PLC0415

        return Proactive(call)
    if name == "media-handover":
        from agents.roles.mn.schemes.media_handover import MediaHandover  # noqa: PLC0415

        return MediaHandover(call)
    raise KeyError(name)
