"""Challenging requests and checking their credentials (RFC 3261 22.2, RFC 7616, RFC 8760)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from agents.sip.digest.challenge import Challenge, challenges
from agents.sip.digest.hashing import ALGORITHMS, DigestInput, digest_response
from agents.sip.message.errors import RemoteProtocolError
from agents.sip.message.grammar import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from agents.sip.message.message import Request

#: What is offered, the preferred first.
OFFERED = ("SHA-256", "MD5")
#: How far behind the highest nonce count a request may come: requests race each other over two links.
NC_WINDOW = 64


class _Seen:
    """The counts that came with one nonce."""

    __slots__ = ("_bits", "_highest", "expires_at")

    def __init__(self, expires_at: float) -> None:
        self.expires_at = expires_at
        self._highest = 0
        self._bits = 0

    def take(self, count: int) -> bool:
        """False for a count that was there before, or is too old to tell."""
        if count > self._highest:
            self._bits = (self._bits << min(count - self._highest, NC_WINDOW) | 1) & ((1 << NC_WINDOW) - 1)
            self._highest = count
            return True
        behind = self._highest - count
        if count < 1 or behind >= NC_WINDOW or self._bits >> behind & 1:
            return False
        self._bits |= 1 << behind
        return True


class DigestServer:
    """One realm. A nonce is not bound to an address, so a node may use it over every interface (RFC 7616 3.3).

    Nonces carry their end and a signature, so only those of users who proved themselves take memory.
    """

    def __init__(
        self,
        realm: str,
        passwords: Mapping[str, str],
        rng: Random,
        *,
        algorithms: Sequence[str] = OFFERED,
        lifetime: float = 300.0,
        is_proxy: bool = False,
    ) -> None:
        self._realm = realm
        self._passwords = passwords
        self._rng = rng
        self._algorithms = algorithms
        self._lifetime = lifetime
        self._status = 407 if is_proxy else 401
        self._challenge_field = "Proxy-Authenticate" if is_proxy else "WWW-Authenticate"
        self._field = "proxy-authorization" if is_proxy else "authorization"
        self._info_field = "Proxy-Authentication-Info" if is_proxy else "Authentication-Info"
        self._secret = rng.getrandbits(128).to_bytes(16, "big")
        self._seen: dict[str, _Seen] = {}

    def check(self, request: Request, *, now: float) -> str:
        """The user who sent this; raises `RemoteProtocolError` with the challenge to answer it with."""
        is_stale = False
        for credentials in challenges(request.headers, self._field):
            if credentials.scheme.lower() != "digest" or credentials.param("realm") != self._realm:
                continue
            user = self._proven_user(credentials, request.method)
            if user is None:
                continue
            if self._take(credentials, now):
                return user
            is_stale = True
        raise RemoteProtocolError(
            "not authenticated", status_hint=self._status, headers=self._challenges(is_stale, now)
        )

    def next_nonce(self, request: Request, *, now: float) -> list[tuple[str, str]]:
        """For the 2xx to a request that was let in: once its nonce is in its second half, the one to use from now on.

        RFC 7616 3.5; a proxy's field is that of RFC 7615 4. The old nonce holds as long as it would have.
        """
        for credentials in challenges(request.headers, self._field):
            end = self._end_of(credentials.param("nonce") or "")
            if credentials.param("realm") == self._realm and end is not None and end - now < self._lifetime / 2:
                return [(self._info_field, f"nextnonce={quote(self._new_nonce(now))}")]
        return []

    def _proven_user(self, credentials: Challenge, method: str) -> str | None:
        user = credentials.param("username") or ""
        password = self._passwords.get(user)
        algorithm = (credentials.param("algorithm") or "MD5").upper()
        if password is None or algorithm not in self._algorithms or credentials.param("qop") != "auth":
            return None
        # RFC 8760 2.6, item 6: uri need not be the Request-URI, which proxies change on the way.
        uri, nonce, cnonce, count = (credentials.param(name) or "" for name in ("uri", "nonce", "cnonce", "nc"))
        given = DigestInput(algorithm, user, self._realm, password, method, uri, nonce, cnonce, count)
        claimed = (credentials.param("response") or "").encode("utf-8", "surrogateescape")
        return user if hmac.compare_digest(digest_response(given).encode(), claimed) else None

    def _take(self, credentials: Challenge, now: float) -> bool:
        """Whether the nonce is ours and not over, and its count was not there before."""
        nonce, count = credentials.param("nonce") or "", credentials.param("nc") or ""
        end = self._end_of(nonce)
        if end is None or end < now or len(count) != 8 or count.strip("0123456789abcdefABCDEF"):
            return False
        for old in [key for key, seen in self._seen.items() if seen.expires_at < now]:
            del self._seen[old]
        return self._seen.setdefault(nonce, _Seen(end)).take(int(count, 16))

    def _challenges(self, is_stale: bool, now: float) -> list[tuple[str, str]]:
        """One per algorithm, the preferred on top (RFC 8760 2.3)."""
        parts = [("realm", quote(self._realm)), ("nonce", quote(self._new_nonce(now))), ("qop", quote("auth"))]
        if is_stale:
            parts.append(("stale", "true"))
        return [
            (self._challenge_field, str(Challenge("Digest", (*parts, ("algorithm", algorithm)))))
            for algorithm in self._algorithms
            if algorithm in ALGORITHMS
        ]

    def _new_nonce(self, now: float) -> str:
        end, salt = f"{int((now + self._lifetime) * 1000):x}", f"{self._rng.getrandbits(48):012x}"
        return f"{end}-{salt}-{self._sign(end, salt)}"

    def _end_of(self, nonce: str) -> float | None:
        """Until when a nonce holds; None for one that is not ours."""
        end, _, rest = nonce.partition("-")
        salt, _, signature = rest.partition("-")
        is_ours = hmac.compare_digest(self._sign(end, salt).encode(), signature.encode("utf-8", "surrogateescape"))
        return int(end, 16) / 1000 if is_ours else None

    def _sign(self, end: str, salt: str) -> str:
        return hashlib.sha256(self._secret + f"{end}-{salt}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
