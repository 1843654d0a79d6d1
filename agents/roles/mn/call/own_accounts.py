"""Whom the mobile node can prove to who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from agents.sip.digest.client import DigestClient


def own_credentials(
    calling: list[dict[str, Any]], registrar: dict[str, Any] | None, random: Random
) -> DigestClient | None:
    """What proves who we are, where there are passwords; those for `calling` are sent along unasked.

    In new dialogs too: those we have accounts with count as our own network (RFC 3261 22.3), and so a handover takes no
    round trip for a challenge (paper 4.3). The registrar's realm is not one for calls.
    """
    known = calling if registrar is None else [*calling, registrar]
    if not known:
        return None
    from agents.sip.digest.client import Account, DigestClient  # noqa: PLC0415 - hashlib takes its time

    accounts = [Account(one["user"], one["password"], one["realm"]) for one in known]
    return DigestClient(accounts, random, own_realms=[one["realm"] for one in calling])
