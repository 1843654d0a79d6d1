"""Who a TURN client is to its server: the long-term credential mechanism (RFC 8489 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, long_term_key

if TYPE_CHECKING:
    from agents.stun.stun_message import StunMessage


class TurnCredentials:
    """A user of one realm, and the nonce that its server gave last."""

    def __init__(self, user: str, password: str, realm: str) -> None:
        """Nothing is proved before the server has challenged once (9.2.3.1)."""
        self._user, self._realm = user.encode(), realm.encode()
        self._key = long_term_key(user, realm, password)
        self._nonce: bytes | None = None

    def proof(self) -> tuple[tuple[tuple[int, bytes], ...], bytes | None]:
        """The attributes that say who asks, and the key to sign with; nothing before there is a nonce."""
        if self._nonce is None:
            return (), None
        who = (Attribute.USERNAME, self._user), (Attribute.REALM, self._realm), (Attribute.NONCE, self._nonce)
        return who, self._key

    def challenged(self, message: StunMessage) -> bool:
        """Takes the nonce of a 401 or 438 (9.2.5); False without one, or in a realm that is not ours."""
        nonce, realm = message.get(Attribute.NONCE), message.get(Attribute.REALM)
        if not nonce or realm not in {self._realm, None}:
            return False
        self._nonce = nonce
        return True

    def have_signed(self, message: StunMessage) -> bool:
        """Whether a message is signed by our key, which but for us its server has."""
        return message.is_signed_by(self._key)
