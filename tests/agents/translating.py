"""A NAT on a link of the world: strict, or one that maps whoever is sent to alike and lets anybody in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.sip.message.address import Address

FIRST_PORT = 61000


class FakeNat:
    """`address` is outside. `is_strict`: a port of its own for each other end, which alone is let in (RFC 4787)."""

    def __init__(self, address: str, *, is_strict: bool = True) -> None:
        self.address = address
        self.is_strict = is_strict
        self._given: dict[tuple[Address, Address | None], Address] = {}
        self._next_port = FIRST_PORT

    def leave(self, inner: Address, other: Address) -> Address:
        """Where a packet comes from, seen from outside."""
        known = (inner, other if self.is_strict else None)
        if known not in self._given:
            self._given[known] = inner._replace(ip=self.address, port=self._next_port)
            self._next_port += 1
        return self._given[known]

    def enter(self, given: Address, other: Address) -> Address | None:
        """To whom a packet goes that comes from another end; None where it is refused."""
        return next(
            (inner for (inner, sent_to), mine in self._given.items() if mine == given and sent_to in {None, other}),
            None,
        )

    def forget(self) -> None:
        """All mappings: the next packets get others."""
        self._given.clear()
