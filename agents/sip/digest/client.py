"""Answering challenges, and sending credentials before they are asked for (RFC 3261 22, RFC 7616, RFC 8760)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.digest.challenge import Challenge, challenges
from agents.sip.digest.hashing import ALGORITHMS, DigestInput, digest_response
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import quote

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from agents.sip.message.message import Request, Response

# The field with the challenge, and the one with the credentials for it.
_FIELDS = (("www-authenticate", "Authorization"), ("proxy-authenticate", "Proxy-Authorization"))

_INFOS = (("authentication-info", "Authorization"), ("proxy-authentication-info", "Proxy-Authorization"))


class Account(NamedTuple):
    """A user and password; for one realm, or for any."""

    username: str
    password: str
    realm: str = ""


class _Nonce:
    """What a server gave us. One counter for all interfaces: nc counts requests with this nonce (RFC 7616 3.4)."""

    __slots__ = ("algorithm", "count", "nonce", "opaque")

    def __init__(self, algorithm: str, nonce: str, opaque: str | None) -> None:
        self.algorithm = algorithm
        self.nonce = nonce
        self.opaque = opaque
        self.count = 0


class DigestClient:
    """The credentials of one user agent.

    `own_realms` are those of the home network: their credentials go out before they are asked for, in new dialogs too.
    For every other realm that is forbidden (RFC 3261 22.3); there only later requests of the same dialog have them.
    """

    def __init__(self, accounts: Iterable[Account], rng: Random, own_realms: Iterable[str] = ()) -> None:
        self._accounts = tuple(accounts)
        self._own_realms = frozenset(own_realms)
        self._rng = rng
        self._nonces: dict[tuple[str, str], _Nonce] = {}

    def answer(self, request: Request, response: Response, tried: set[tuple[str, str]]) -> list[tuple[str, str]]:
        """Credentials with which to try again after a 401 or 407; none when that has no sense.

        `tried` holds what was answered before for the same purpose, and is added to: a second challenge for the same
        realm means a wrong password, whether it says stale or not, as real servers leave that out. A challenge to
        credentials that were sent unasked is answered once, if its nonce is another one.
        """
        headers = []
        for field, answer_field in _FIELDS:
            for challenge in self._understood(response, field):
                realm = challenge.param("realm") or ""
                key = (answer_field, realm)
                nonce = challenge.param("nonce") or ""
                if key in tried or nonce in _nonces_in(request, answer_field, realm):
                    continue
                tried.add(key)
                self._nonces[key] = _Nonce(_algorithm(challenge), nonce, challenge.param("opaque"))
                headers.append((answer_field, self._credentials(key, request.method, request.uri)))
        return headers

    def preempt(
        self, request: Request, previous: Request | None = None, *, is_repeated: bool = False
    ) -> list[tuple[str, str]]:
        """Credentials for a request that nobody has challenged yet; `previous` is an earlier one of the same dialog.

        One that `is_repeated` says the same again to the same server, as a refresh does: it has what the previous one
        had to have, and no credentials for others.
        """
        return [
            (field, self._credentials((field, realm), request.method, request.uri))
            for field, realm in self._nonces
            if (realm in self._own_realms and not is_repeated)
            or (previous is not None and _nonces_in(previous, field, realm))
        ]

    def learn(self, request: Request, response: Response) -> None:
        """A 2xx may bring the nonce for the next request (RFC 7616 3.5)."""
        for info, field in _INFOS:
            try:
                nonce = Challenge.parse(f"Digest {response.headers.get(info) or ''}").param("nextnonce")
            except SipParseError:
                continue
            for used in challenges(request.headers, field):
                known = self._nonces.get((field, used.param("realm") or ""))
                if nonce and known is not None:
                    known.nonce, known.count = nonce, 0

    def _understood(self, response: Response, field: str) -> list[Challenge]:
        """The top-most challenge of each realm that we know how to answer (RFC 8760 2.4)."""
        found: dict[str, Challenge] = {}
        for challenge in challenges(response.headers, field):
            realm = challenge.param("realm") or ""
            qops = [qop.strip().lower() for qop in (challenge.param("qop") or "auth").split(",")]
            if (
                challenge.scheme.lower() == "digest"
                and _algorithm(challenge) in ALGORITHMS
                and "auth" in qops  # RFC 8760 2.6, item 8: without qop it is auth
                and challenge.param("nonce")
                and self._account(realm) is not None
            ):
                found.setdefault(realm, challenge)
        return list(found.values())

    def _account(self, realm: str) -> Account | None:
        return next((account for account in self._accounts if account.realm in {"", realm}), None)

    def _credentials(self, key: tuple[str, str], method: str, uri: str) -> str:
        realm = key[1]
        known = self._nonces[key]
        account = self._account(realm)
        if account is None:
            raise KeyError(realm)
        known.count += 1
        count = f"{known.count:08x}"
        cnonce = f"{self._rng.getrandbits(64):016x}"
        given = DigestInput(
            known.algorithm, account.username, realm, account.password, method, uri, known.nonce, cnonce, count
        )
        # RFC 7616 3.4: what is quoted and what is not. RFC 3261 22.4: uri is.
        parts = [
            ("username", quote(account.username)),
            ("realm", quote(realm)),
            ("nonce", quote(known.nonce)),
            ("uri", quote(uri)),
            ("response", quote(digest_response(given))),
            ("algorithm", known.algorithm),
            ("cnonce", quote(cnonce)),
            ("qop", "auth"),
            ("nc", count),
        ]
        if known.opaque is not None:
            parts.append(("opaque", quote(known.opaque)))
        return str(Challenge("Digest", tuple(parts)))


def _algorithm(challenge: Challenge) -> str:
    return (challenge.param("algorithm") or "MD5").upper()


def _nonces_in(request: Request, field: str, realm: str) -> set[str]:
    """The nonces under which a request has credentials for a realm."""
    used = challenges(request.headers, field)
    return {credentials.param("nonce") or "" for credentials in used if credentials.param("realm") == realm}
