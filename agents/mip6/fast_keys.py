"""What signs a fast handover's messages (RFC 5568 6.4.5): a key of mobile node and router, and one of two routers.

RFC 5269 would have the first one made anew on each link, by SEND; between routers the RFC has IPsec. Here both are
given, and the same option is the last one of all messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.mip6.binding_keys import binding_authenticator, is_same
from agents.mip6.mobility_header import MessageEnds, packed
from agents.mip6.mobility_options import FastAuthorization

if TYPE_CHECKING:
    from agents.mip6.mobility_header import MobilityMessage, ParsedMobility


class FastKey(NamedTuple):
    """A number, and a secret of 16 bytes."""

    spi: int
    secret: bytes

    @classmethod
    def of(cls, config: dict[str, object]) -> FastKey:
        """As a configuration has it."""
        return cls(int(str(config["spi"])), bytes.fromhex(str(config["key"])))

    def packed(self, message: MobilityMessage, ends: MessageEnds, first: str, second: str) -> bytes:
        """The bytes of a message whose last option is signed, for the two addresses that the authenticator names.

        Between node and router they are the new care-of address and the router's; between routers, both of theirs.
        """
        return packed(message, ends, lambda covered: binding_authenticator(self.secret, first, second, covered))

    def has_signed(self, read: ParsedMobility, first: str, second: str) -> bool:
        """Whether a message was signed by this key."""
        last = read.message.options[-1] if read.message.options else None
        if read.covered is None or not isinstance(last, FastAuthorization) or last.spi != self.spi:
            return False
        return is_same(last.authenticator, binding_authenticator(self.secret, first, second, read.covered))
