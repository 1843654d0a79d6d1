"""What signs Mobile IPv6's messages: return routability's tokens and keys, and the key of a home network.

RFC 6275 5.2.5, 5.2.6, 6.2.7; RFC 4285 5.1.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import NamedTuple

from agents.mip6.mobility_header import TOKEN_BYTES
from agents.mip6.mobility_options import AUTHENTICATOR_BYTES

_HOME, _CARE_OF = 0, 1


class HomeKey(NamedTuple):
    """What mobile node and home agent have in common: a number, and a secret of 16 bytes."""

    spi: int
    secret: bytes

    @classmethod
    def of(cls, config: dict[str, object]) -> HomeKey:
        """As a configuration has it."""
        return cls(int(str(config["spi"])), bytes.fromhex(str(config["key"])))

    def authenticator(self, care_of: str, home: str, covered: bytes) -> bytes:
        """Of what stands before it in a Binding Update or its acknowledgement (RFC 4285 5.1)."""
        return _first_96(self.secret, _packed(care_of) + _packed(home) + covered)


def home_token(node_key: bytes, home: str, nonce: bytes) -> bytes:
    """A home keygen token: what only who gets packets for that address knows (RFC 6275 5.2.5)."""
    return _token(node_key, home, nonce, _HOME)


def care_of_token(node_key: bytes, care_of: str, nonce: bytes) -> bytes:
    """A care-of keygen token."""
    return _token(node_key, care_of, nonce, _CARE_OF)


def binding_key(home: bytes, care_of: bytes = b"") -> bytes:
    """Kbm, of both tokens; of the first alone to delete a binding (5.2.5)."""
    return hashlib.sha1(home + care_of, usedforsecurity=False).digest()


def binding_authenticator(key: bytes, care_of: str, correspondent: str, covered: bytes) -> bytes:
    """Of what stands before it in a Binding Update to a correspondent, or its acknowledgement (6.2.7)."""
    return _first_96(key, _packed(care_of) + _packed(correspondent) + covered)


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two authenticators are the same, in a time that does not say where they differ."""
    return hmac.compare_digest(one, other)


def _token(node_key: bytes, address: str, nonce: bytes, which: int) -> bytes:
    return hmac.digest(node_key, _packed(address) + nonce + bytes((which,)), "sha1")[:TOKEN_BYTES]


def _first_96(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha1")[:AUTHENTICATOR_BYTES]


def _packed(address: str) -> bytes:
    return ipaddress.IPv6Address(address).packed
