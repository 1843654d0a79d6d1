"""SIP and SIPS URIs (RFC 3261 19.1); other schemes are kept as they are."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from agents.sip.message.address import DEFAULT_PORT, TCP, UDP, Address, ip_literal
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import ALPHANUM, HOST, Params, consists_of, param, parse_number

_UNRESERVED = ALPHANUM + "-_.!~*'()%"
_USER = _UNRESERVED + "&=+$,;?/"
_PASSWORD = _UNRESERVED + "&=+$,"
_PARAM = _UNRESERVED + "[]/:&+$"
_SCHEME = ALPHANUM + "+-."
# Characters that no URI may hold (RFC 3261 19.1.2; RFC 2396 2.4.3). An unknown scheme is not looked at any closer.
_NOT_IN_A_URI = ' \t<>"'


class Uri(NamedTuple):
    """A URI in parts. For schemes other than sip and sips only `scheme` and `opaque` are filled."""

    scheme: str
    user: str | None
    password: str | None
    host: str
    port: int | None
    params: Params
    headers: str
    opaque: str

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Raises `SipParseError`."""
        return _parse(text)

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        password = "" if self.password is None else f":{self.password}"
        user = "" if self.user is None else f"{self.user}{password}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        params = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.params)
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{host}{port}{params}{headers}"

    @property
    def is_loose_router(self) -> bool:
        """RFC 3261 19.1.1: the element behind this URI routes as RFC 3261 does."""
        return param(self.params, "lr") is not None

    @property
    def address(self) -> Address | None:
        """Where to send a request for this URI, None when that needs a look-up (Not done: RFC 3263)."""
        ip = ip_literal((param(self.params, "maddr") or self.host).strip("[]"))
        if ip is None:
            return None
        # Not done: TLS, for sips and transport=tls.
        transport = TCP if (param(self.params, "transport") or "").upper() == TCP else UDP
        return Address(ip, self.port or DEFAULT_PORT, transport)

    @property
    def canonical(self) -> str:
        """What an address-of-record is looked up by (10.3, step 5): no parameters, no escapes; and no port."""
        return f"{self.scheme}:{unescaped(self.user or '')}@{self.host.lower()}"

    def is_equivalent(self, other: Uri) -> bool:
        """RFC 3261 19.1.4. Not transitive."""
        if self.scheme != other.scheme or self.opaque != other.opaque:
            return False
        if _unescape(self.user) != _unescape(other.user) or _unescape(self.password) != _unescape(other.password):
            return False
        if _host_of(self) != _host_of(other) or self.port != other.port:
            return False
        return _params_match(self.params, other.params) and _headers_of(self) == _headers_of(other)


@lru_cache(maxsize=256)  # the same few URIs stand in every message of a call
def _parse(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    if not colon or not consists_of(scheme, _SCHEME):
        raise SipParseError(0, "no scheme in a URI", text)
    if not rest or any(char in text for char in _NOT_IN_A_URI):
        raise SipParseError(0, "a character that no URI may hold", text)
    scheme = scheme.lower()
    if scheme not in {"sip", "sips"}:
        return Uri(scheme, None, None, "", None, (), "", rest)
    user, password, rest = _split_userinfo(rest, text)
    rest, _, headers = rest.partition("?")
    hostport, *params = rest.split(";")
    host, port = parse_hostport(hostport)
    return Uri(scheme, user, password, host, port, _parse_uri_params(params, text), headers, "")


def _host_of(uri: Uri) -> str:
    return ip_literal(uri.host) or uri.host.lower()


def parse_hostport(text: str) -> tuple[str, int | None]:
    """`host[:port]`; an IPv6 host comes back without its brackets."""
    if text[:1] == "[":
        host, bracket, port_text = text[1:].partition("]")
        if not bracket or ip_literal(host) is None or (port_text and port_text[0] != ":"):
            raise SipParseError(0, "bad IPv6 reference", text)
        colon, port_text = port_text[:1], port_text[1:]
    else:
        host, colon, port_text = text.partition(":")
        host = host.strip()  # COLON allows white space around it (25.1), as Via does use
        if not consists_of(host, HOST):
            raise SipParseError(0, "bad host", text)
    return host, parse_number(port_text.strip(), 65535, "port") if colon else None


def _split_userinfo(rest: str, text: str) -> tuple[str | None, str | None, str]:
    userinfo, at, hostpart = rest.rpartition("@")
    if not at:
        return None, None, rest
    user, colon, password = userinfo.partition(":")
    if not consists_of(user, _USER) or password.strip(_PASSWORD):
        raise SipParseError(0, "bad user in a URI", text)
    return user, password if colon else None, hostpart


def _parse_uri_params(parts: list[str], text: str) -> Params:
    params: list[tuple[str, str | None]] = []
    for part in parts:
        name, equals, value = part.partition("=")
        if not consists_of(name, _PARAM) or (equals and not consists_of(value, _PARAM)):
            raise SipParseError(0, "bad URI parameter", text)
        params.append((name, value if equals else None))
    return tuple(params)


def unescaped(text: str) -> str:
    """Every %HH as the octet that it stands for."""
    head, *escapes = text.encode("utf-8", "surrogateescape").split(b"%")
    octets = head
    for escape in escapes:
        code, rest = escape[:2], escape[2:]
        is_hex = len(code) == 2 and not code.strip(b"0123456789abcdefABCDEF")
        octets += bytes.fromhex(code.decode()) + rest if is_hex else b"%" + escape
    return octets.decode("utf-8", "surrogateescape")


def _unescape(text: str | None) -> str | None:
    """Undo %HH for characters outside "reserved" only: %61 is a, but %40 is not @ (19.1.4)."""
    if text is None or "%" not in text:
        return text
    head, *escapes = text.split("%")
    result = [head]
    for escape in escapes:
        code, rest = escape[:2], escape[2:]
        char = chr(int(code, 16)) if consists_of(code, "0123456789abcdefABCDEF") and len(code) == 2 else ""
        result.append(char + rest if char and char not in ";/?:@&=+$,%" else f"%{code.upper()}{rest}")
    return "".join(result)


def _params_match(one: Params, two: Params) -> bool:
    first = {(_unescape(name) or "").lower(): (_unescape(value) or "").lower() for name, value in one}
    second = {(_unescape(name) or "").lower(): (_unescape(value) or "").lower() for name, value in two}
    if any(first[name] != second[name] for name in first.keys() & second.keys()):
        return False
    # 19.1.4: these never match when only one URI has them. The transport parameter is among them by its examples.
    return not (first.keys() ^ second.keys()) & {"user", "ttl", "method", "maddr", "transport"}


def _headers_of(uri: Uri) -> list[str]:
    return sorted((_unescape(header) or "").lower() for header in uri.headers.split("&"))
