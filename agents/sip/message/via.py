"""Via: the way back for responses, and the name of the transaction (RFC 3261 20.42; rport: RFC 3581)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from agents.sip.message.address import DEFAULT_PORT, TCP, UDP, Address, ip_literal
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import Params, format_params, is_token, param, parse_params
from agents.sip.message.uri import parse_hostport

#: RFC 3261 8.1.1.7: a branch that starts so is unique across all transactions of its sender.
MAGIC_COOKIE = "z9hG4bK"
#: RFC 5626 4.4.2: many NATs forget after 30 seconds.
KEEP_ALIVE_S = 29
_MOST_DIGITS = 5


class Via(NamedTuple):
    """One hop. `host` of IPv6 is without brackets."""

    transport: str
    host: str
    port: int | None
    params: Params

    @staticmethod
    def parse(text: str) -> Via:
        """Raises `SipParseError`."""
        return _parse(text)

    @classmethod
    def create(cls, local: Address, branch: str, transport: str = UDP, *, keeps: bool = False) -> Via:
        """What we put on our own requests: with rport asked for (RFC 3581 3).

        `keeps`: we would send keep-alives (RFC 6223 4.3).
        """
        keep: Params = (("keep", None),) if keeps else ()
        return cls(transport, local.ip, local.port, (("rport", None), ("branch", branch), *keep))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {host}{port}{format_params(self.params)}"

    @property
    def branch(self) -> str:
        """'' when there is none, as from RFC 2543 peers."""
        return param(self.params, "branch") or ""

    @property
    def has_unique_branch(self) -> bool:
        """RFC 3261 17.2.3. The cookie alone names nothing (RFC 4475 3.2.1)."""
        return self.branch.startswith(MAGIC_COOKIE) and len(self.branch) > len(MAGIC_COOKIE)

    @property
    def sent_by(self) -> tuple[str, int]:
        """Host, in lower case, and port, for comparison (17.2.3)."""
        return self.host.lower(), self.port or DEFAULT_PORT

    def param(self, name: str) -> str | None:
        """Value of a parameter, '' for a flag, None when it is not there."""
        return param(self.params, name)

    @property
    def is_seen_elsewhere(self) -> bool:
        """Whether it came from another host than its sender knows: that one is behind a NAT."""
        return self.param("received") not in {None, self.host}

    @property
    def keep_alive_s(self) -> float | None:
        """How often keep-alives are wanted by who has answered; None where they are not (RFC 6223 4.3, 5)."""
        said = self.param("keep")
        if not said or not said.isdecimal() or len(said) > _MOST_DIGITS:
            return None
        return float(said) or KEEP_ALIVE_S

    def keeping(self) -> Via:
        """With how often we want keep-alives, from a sender behind a NAT that would send some; else itself."""
        if self.param("keep") != "" or not self.is_seen_elsewhere or self.transport.upper() != UDP:
            return self
        return self._replace(params=tuple((name, str(KEEP_ALIVE_S)) if name.lower() == "keep" else (name, value)
                                          for name, value in self.params))  # fmt: skip

    def stamped(self, source: Address) -> Via:
        """With where the request really came from (RFC 3261 18.2.1), or itself when there is nothing to add."""
        wants_rport = self.param("rport") is not None
        # A sender's own received is not believed. RFC 3581 4: with rport, received is added even if it is the same.
        if not wants_rport and self.host == source.ip and self.param("received") is None:
            return self
        params: list[tuple[str, str | None]] = [pair for pair in self.params if pair[0].lower() != "received"]
        if wants_rport:
            at = next(index for index, pair in enumerate(params) if pair[0].lower() == "rport")
            params[at] = (params[at][0], str(source.port))
        return self._replace(params=(*params, ("received", source.ip)))

    def response_address(self, transport: str = UDP) -> Address | None:
        """Where a response goes (RFC 3261 18.2.2, RFC 3581 4); None when only a look-up could tell.

        Over TCP, where it goes when the connection of the request is gone: rport is of no use then.
        """
        host, port = self.host, self.port or DEFAULT_PORT
        maddr = self.param("maddr")
        if transport == TCP:
            host = (self.param("received") or host).strip("[]")
        elif maddr:
            host = maddr.strip("[]")
        elif received := self.param("received"):
            host = received.strip("[]")
            rport = self.param("rport")
            port = int(rport) if rport and rport.isdecimal() and 0 < int(rport) < 65536 else port
        ip = ip_literal(host)
        return None if ip is None else Address(ip, port, transport)


@lru_cache(maxsize=256)  # a request's Via comes back in all of its responses
def _parse(text: str) -> Via:
    sent, semicolon, rest = text.partition(";")
    parts = sent.split("/", 2)
    if len(parts) != 3 or parts[0].strip().upper() != "SIP" or parts[1].strip() != "2.0":
        raise SipParseError(0, "no SIP/2.0 in Via", text)
    words = parts[2].split(None, 1)
    if len(words) != 2 or not is_token(words[0]):
        raise SipParseError(0, "no sent-by in Via", text)
    transport, sent_by = words
    host, port = parse_hostport(sent_by.strip())
    return Via(transport, host, port, parse_params(semicolon + rest))
