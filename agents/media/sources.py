"""Under which SSRC each leg speaks, and how its description says so.

As a rule all legs have one. By RFC 7198 (section 5) a copy over another path has an SSRC of its own, with the same
sequence numbers and timestamps, and `a=ssrc-group:DUP` says whose copy it is (RFC 7104 3.2, RFC 5576 4.2). That is done
where both descriptions of a leg have the group; a peer that does not know it gets copies under the first SSRC. Not
done: another offer without the group for such a peer (RFC 7104 3.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sdp.description import SessionDescription
from agents.sdp.errors import SdpParseError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from agents.sdp.description import Media
    from agents.sip.message.address import Address


class Sources:
    """The SSRCs of one call, by the address of ours that a leg is sent from."""

    def __init__(self, cname: str, random: Random) -> None:
        self._cname = cname
        self._random = random
        self._by_address: dict[Address, int] = {}

    @property
    def first(self) -> int | None:
        """That of the leg with which the call began."""
        return next(iter(self._by_address.values()), None)

    def forget(self) -> None:
        """The call is over."""
        self._by_address.clear()

    def declare(
        self, media: Media, at: Address, *, live: Iterable[Address], moved_from: Address | None, offer: bytes | None
    ) -> bool:
        """Put our SSRC at an address into its description; say whether it is offered, or accepted, as a copy.

        `live` are the addresses that we send from, one of which it copies. One that another address has `moved_from`
        goes on with the SSRC. An `offer` is answered with a group only if it has one.
        """
        known = self._by_address.get(at)
        if known is None and moved_from is not None:
            known = self._by_address.get(moved_from)
        original = next((self._by_address[one] for one in live if one in self._by_address and one != at), None)
        is_copy = original not in {None, known} and (offer is None or bool(groups_of(offer)))
        if known is None:
            known = original if original is not None and not is_copy else self._random.getrandbits(32)
        self._by_address[at] = known
        if original is not None and is_copy:
            media.add(f"ssrc-group:DUP {original} {known}")
            media.add(f"ssrc:{original} cname:{self._cname}")
        media.add(f"ssrc:{known} cname:{self._cname}")
        return is_copy

    def speaker(self, at: Address, ours: bytes | None, theirs: bytes | None) -> int | None:
        """The SSRC to use at an address, None for the call's own: a copy has one only if both sides say so."""
        known = self._by_address.get(at)
        is_grouped = any(known in group[1:] for group in groups_of(ours))
        return known if not is_grouped or groups_of(theirs) else self.first


def groups_of(description: bytes | None) -> list[tuple[int, ...]]:
    """The groups of SSRCs that are copies of each other, the original first; none where nothing can be read."""
    try:
        parsed = SessionDescription.parse(description or b"")
    except SdpParseError:
        return []
    return [group for media in parsed.media for group in media.duplicates]
