"""The arithmetic of digest authentication (RFC 7616 3.4; SIP: RFC 8760)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

#: The names of SIP and those of hashlib. Not done: the session variants, user hashing, auth-int.
ALGORITHMS = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}


class DigestInput(NamedTuple):
    """Everything that goes into a response, without quotes. `nonce_count` is the text of nc, 8 hex digits."""

    algorithm: str
    username: str
    realm: str
    password: str
    method: str
    uri: str
    nonce: str
    cnonce: str
    nonce_count: str


def digest_response(given: DigestInput) -> str:
    """Hex digits, for qop=auth (RFC 7616 3.4.1)."""
    a1 = f"{given.username}:{given.realm}:{given.password}"
    a2 = f"{given.method}:{given.uri}"
    secret, what = _hash(given.algorithm, a1), _hash(given.algorithm, a2)
    return _hash(given.algorithm, f"{secret}:{given.nonce}:{given.nonce_count}:{given.cnonce}:auth:{what}")


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(ALGORITHMS[algorithm], text.encode("utf-8", "surrogateescape")).hexdigest()
