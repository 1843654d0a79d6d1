"""What a mobile node asked of its home agent, or of somebody else to the same end, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_ACCEPTED = 1
"""Of the codes of both RFC 5944 (3.4) and RFC 6275 (6.1.8): 0 and 1 are a yes."""


@dataclass(frozen=True, slots=True)
class SeenRegistration:
    """A request over a link, how long the address is to be bound, and when it was answered, by which code.

    `bytes` are those of both, of UDP payload or of the mobility headers; `answered_ns` and `code` None where no reply
    came. Not `is_home`: it binds no link's address at a home agent, but is another question of the protocol, such as a
    test of an address, an update to a correspondent, or one that binds an address at an anchor point at home.
    `is_return`: the MN is at home again, and its address is to be bound nowhere.
    """

    link: str
    asked_ns: int
    care_of: str
    lifetime_s: int
    bytes: int
    answered_ns: int | None = None
    code: int | None = None
    is_home: bool = True
    is_return: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the home agent said yes."""
        return self.code is not None and self.code <= _MOST_ACCEPTED

    @property
    def messages(self) -> int:
        """The request, and its reply if there was one."""
        return 1 if self.answered_ns is None else 2


@dataclass(frozen=True, slots=True)
class SeenCheck(SeenRegistration):
    """A check of ICE, whoever asked. One by which the MN nominates a way for its media binds it, so to say."""


@dataclass(frozen=True, slots=True)
class SeenHandshake:
    """A message of a handshake, or an empty data message, at the MN's interfaces; `bytes` are those of UDP payload."""

    link: str
    asked_ns: int
    bytes: int
    messages: int = 1
