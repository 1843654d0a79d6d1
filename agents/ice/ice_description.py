"""What a session description says of ICE (RFC 8839 4.2, 5): who one is in checks, and where one can be reached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agents.ice.candidate import RTP, Candidate, IceParseError
from agents.sip.message.address import Address, ip_literal

if TYPE_CHECKING:
    from random import Random

    from agents.sdp.description import Media

#: Of one description: more are not looked at (RFC 8445 6.1.2.5 has 100 pairs, and each is paired with one of ours).
MOST_CANDIDATES = 32
_UFRAG, _PWD = re.compile(r"[A-Za-z0-9+/]{4,256}"), re.compile(r"[A-Za-z0-9+/]{22,256}")
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: What RFC 8839 5.4 has at the least: 24 and 132 bits.
_UFRAG_LENGTH, _PWD_LENGTH = 4, 22


class IceDescription(NamedTuple):
    """Of one stream. `doubted`: lines that were ignored, and why."""

    ufrag: str
    pwd: str
    candidates: tuple[Candidate, ...]
    doubted: tuple[str, ...] = ()

    @classmethod
    def draw(cls, addresses: dict[int, Address], random: Random) -> IceDescription:
        """One of ours, with names that nobody had before; `addresses` by component."""
        ufrag, pwd = ("".join(random.choices(_CHARACTERS, k=length)) for length in (_UFRAG_LENGTH, _PWD_LENGTH))
        return cls(ufrag, pwd, tuple(Candidate.host(address, component) for component, address in addresses.items()))

    @classmethod
    def read(cls, media: Media) -> IceDescription | None:
        """What a peer says of its stream; None where it says nothing. Raises IceParseError where it can't be used.

        That is, too, where the address of c= and m= is no candidate, a mismatch (RFC 8839 4.2.4): somebody on the way
        has put himself into the media who knows nothing of ICE.
        """
        ufrag, pwd = media.inherited("ice-ufrag"), media.inherited("ice-pwd")
        if ufrag is None and pwd is None:
            return None
        if not _UFRAG.fullmatch(ufrag or "") or not _PWD.fullmatch(pwd or ""):
            raise IceParseError("ice-ufrag and ice-pwd are not what they have to be")
        found, doubted = dict[tuple[int, Address], Candidate](), list[str]()
        for number, value in enumerate(media.attributes("candidate")):
            if number == MOST_CANDIDATES:
                doubted.append(f"more than {MOST_CANDIDATES} candidates")
                break
            try:
                one = Candidate.parse(value)
            except IceParseError as error:
                doubted.append(str(error))
                continue
            found.setdefault((one.component, one.address), one)
        ip = ip_literal(media.address or "")
        if ip is None or (RTP, Address(ip, media.port)) not in found:
            raise IceParseError(f"none of {len(found)} candidates is where media are said to be taken")
        return cls(ufrag or "", pwd or "", tuple(found.values()), tuple(doubted))

    def write(self, media: Media) -> None:
        """Into a description of ours."""
        media.add(f"ice-ufrag:{self.ufrag}")
        media.add(f"ice-pwd:{self.pwd}")
        for one in self.candidates:
            media.add(f"candidate:{one}")

    @property
    def addresses(self) -> dict[int, Address]:
        """Where each component is taken; of the candidates of one the first."""
        return {one.component: one.address for one in reversed(self.candidates)}
