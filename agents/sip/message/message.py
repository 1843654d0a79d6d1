"""Requests and responses (RFC 3261 7), and the one door by which untrusted bytes come in: `Message.parse`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.cached import lazy
from agents.sip.message.cseq import CSeq
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import MAX_SECONDS, consists_of, is_token, parse_number
from agents.sip.message.headers import Headers
from agents.sip.message.name_addr import NameAddr
from agents.sip.message.reason import REASONS
from agents.sip.message.uri import Uri
from agents.sip.message.via import Via

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = "SIP/2.0"
#: RFC 3261 8.1.1: in every request. Max-Forwards too, but RFC 2543 peers leave it out and nothing here needs it.
_MANDATORY = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
#: Fields that `parse` looks at, and the accessors that do it.
_CHECKED = {
    "via": "vias",
    "from": "from_",
    "to": "to",
    "cseq": "cseq",
    "call-id": "call_id",
    "contact": "contacts",
    "record-route": "record_route",
    "route": "route",
}
#: 18.1.1: what fits into a datagram, and no more over a stream.
LARGEST_BODY = 65535
_CALL_ID = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~()<>:\\\"/[]?{}@"


class Message:
    """What requests and responses have in common.

    The accessors `via` … `route_set` cannot fail: `parse` has looked at these fields. The other accessors read a field
    that is malformed as absent (8.2.2: SHOULD ignore what is not needed). Parsed values are kept, so change the fields
    through `headers` only before the first look at them, or on messages that you make.
    """

    def __init__(self, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        self.headers = Headers(headers)
        self.body = body

    @staticmethod
    def parse(data: bytes) -> Request | Response:
        """One datagram. Raises `SipParseError` and nothing else; octets after the body are dropped (18.3)."""
        head, blank, body = data.partition(b"\r\n\r\n")
        if not blank:
            head = head.removesuffix(b"\r\n")
        # Not UTF-8? The octets are kept as lone surrogates and go out again as they came.
        text = head.decode("utf-8", "surrogateescape")
        start, *lines = text.split("\r\n")
        if text.count("\n") + text.count("\r") != 2 * len(lines):
            raise SipParseError(0, "CR or LF alone", text)
        message: Request | Response
        message = _parse_status_line(start) if start[:4].upper() == "SIP/" else _parse_request_line(start)
        try:
            message.read(lines, body if blank else None)
        except SipParseError as error:
            if isinstance(message, Request):
                raise BadRequestError.of(error, message) from error
            raise
        return message

    def read(self, lines: list[str], body: bytes | None) -> None:
        """Take the rest of a datagram, and look at every field that the core relies on. Raises `SipParseError`."""
        headers = self.headers
        headers.load(lines)
        if body is None:
            raise SipParseError(len(lines) + 2, "no empty line after the header", "")
        field = "content-length"
        try:
            self.body = self._frame(body)
            for field, accessor in _CHECKED.items():
                if field in _MANDATORY:
                    self._check_single(field)
                getattr(self, accessor)
        except SipParseError as error:
            error.line = error.line or headers.line_of(field)
            raise

    def _check_single(self, field: str) -> None:
        rows = self.headers.get_all(field)
        if not rows:
            raise SipParseError(0, f"no {_MANDATORY[field]}", self.start_line)
        if len(rows) > 1 and field != "via":
            raise SipParseError(0, f"more than one {_MANDATORY[field]}", rows[1])

    def _frame(self, body: bytes) -> bytes:
        """RFC 3261 18.3, message-oriented transports."""
        values = self.headers.get_all("content-length")
        if not values:
            return body
        length = parse_number(values[0], LARGEST_BODY, "Content-Length")
        if any(value != values[0] for value in values):
            raise SipParseError(0, "contradicting Content-Length", ", ".join(values))
        if length > len(body):
            raise SipParseError(0, "a body shorter than Content-Length", f"{len(body)} of {length}")
        return body[:length]

    @property
    def start_line(self) -> str:
        """Request-Line or Status-Line, without CRLF."""
        raise NotImplementedError

    def __bytes__(self) -> bytes:
        return f"{self.start_line}\r\n{self.headers}\r\n".encode("utf-8", "surrogateescape") + self.body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        mine, theirs = (self.start_line, self.headers, self.body), (other.start_line, other.headers, other.body)
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"<{self.start_line!r} {self.headers.get('cseq')}>"

    # -- fields that `parse` has looked at ------------------------------------------------------------------------

    @lazy
    def vias(self) -> list[Via]:
        """Every hop, the nearest first."""
        elements = self.headers.elements("via")
        if not elements:
            raise SipParseError(0, "an empty Via", self.start_line)
        return [Via.parse(element) for element in elements]

    @property
    def via(self) -> Via:
        """The top one."""
        return self.vias[0]

    def replace_via(self, via: Via) -> None:
        """Put another one on top, as when `received` is stamped on it (18.2.1)."""
        self.headers.set_first("via", str(via))
        self.vias[0] = via

    @lazy
    def from_(self) -> NameAddr:
        """Who sent the request."""
        return NameAddr.parse(self.headers.get("from") or "")

    @lazy
    def to(self) -> NameAddr:
        """Whom the request is for."""
        return NameAddr.parse(self.headers.get("to") or "")

    @lazy
    def call_id(self) -> str:
        """Compared byte by byte (8.1.1.4)."""
        call_id = self.headers.get("call-id") or ""
        if not consists_of(call_id, _CALL_ID):
            raise SipParseError(0, "bad Call-ID", call_id)
        return call_id

    @lazy
    def cseq(self) -> CSeq:
        """Number and method."""
        return CSeq.parse(self.headers.get("cseq") or "")

    @lazy
    def contacts(self) -> list[NameAddr]:
        """Empty for `Contact: *` too; see `has_star_contact`."""
        return [] if self.has_star_contact else self._addresses("contact")

    @property
    def contact(self) -> NameAddr | None:
        """The only Contact that an INVITE or its 2xx may have (8.1.1.8), None when there is none or several."""
        return self.contacts[0] if len(self.contacts) == 1 else None

    @lazy
    def record_route(self) -> list[NameAddr]:
        """In the order of the message."""
        return self._addresses("record-route")

    @lazy
    def route(self) -> list[NameAddr]:
        """In the order of the message."""
        return self._addresses("route")

    # -- fields that may be absent or malformed -------------------------------------------------------------------

    @property
    def has_star_contact(self) -> bool:
        """`Contact: *`, all bindings of a registration (10.2.2)."""
        return self.headers.get("contact") == "*"

    @property
    def max_forwards(self) -> int | None:
        """0 … 255 (20.22)."""
        return self._number("max-forwards", 255)

    @property
    def expires(self) -> int | None:
        """Seconds (20.19)."""
        return self._number("expires", MAX_SECONDS)

    @property
    def retry_after(self) -> int | None:
        """Seconds, without the comment and parameters that may follow (20.33)."""
        return self._number("retry-after", MAX_SECONDS, (self.headers.get("retry-after") or "").partition(";")[0])

    def tags(self, name: str) -> list[str]:
        """Tokens of a list field: Require, Supported, Unsupported, Proxy-Require, Allow."""
        try:
            return [element for element in self.headers.elements(name) if element]
        except SipParseError:
            return []

    @property
    def content_type(self) -> str:
        """Type and subtype in lower case without parameters; '' when there is none."""
        return (self.headers.get("content-type") or "").partition(";")[0].replace(" ", "").lower()

    def _number(self, name: str, limit: int, value: str | None = None) -> int | None:
        try:
            text = self.headers.get(name) if value is None else value.partition("(")[0].strip()
            return parse_number(text or "", limit, name)
        except SipParseError:
            return None

    def _addresses(self, name: str) -> list[NameAddr]:
        return [NameAddr.parse(element) for element in self.headers.elements(name)]


class Request(Message):
    """A request; `uri` is the text of the Request-URI."""

    def __init__(self, method: str, uri: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri
        self.version = VERSION

    @property
    def start_line(self) -> str:
        """Request-Line."""
        return f"{self.method} {self.uri} {VERSION}"

    @lazy
    def parsed_uri(self) -> Uri:
        """The Request-URI in parts."""
        return Uri.parse(self.uri)

    def read(self, lines: list[str], body: bytes | None) -> None:
        """As for every message, and: a start line of this version, a Request-URI, and its method in CSeq."""
        try:
            super().read(lines, body)
        finally:  # what is wrong with the start line goes before what is wrong with a field
            self._check_start_line()
        if self.cseq.method != self.method:  # 8.1.1.5
            raise SipParseError(self.headers.line_of("cseq"), "CSeq of another method", str(self.cseq))

    def _check_start_line(self) -> None:
        if self.version.strip().upper() != VERSION:  # 21.5.6
            raise SipParseError(1, "unknown SIP version", self.version, status_hint=505)
        if self.version[-1] == " ":
            raise SipParseError(1, "space at the end of the start line", self.version)
        try:
            uri = self.parsed_uri
        except SipParseError as error:
            error.line = 1
            raise
        if uri.headers:  # 19.1.1, table 1: no headers in a Request-URI
            raise SipParseError(1, "headers in the Request-URI", self.uri)


class Response(Message):
    """A response; `reason` may be empty."""

    def __init__(
        self, status: int, reason: str | None = None, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = REASONS.get(status, "") if reason is None else reason

    @property
    def start_line(self) -> str:
        """Status-Line."""
        return f"{VERSION} {self.status} {self.reason}"


class BadRequestError(SipParseError):
    """The bytes are a bad request, and enough of it could be read to answer it: `request` holds that much."""

    request: Request

    @classmethod
    def of(cls, error: SipParseError, request: Request) -> BadRequestError:
        """The same error, of a request."""
        bad = cls(error.line, error.what, error.text, status_hint=error.status_hint)
        bad.request = request
        return bad


def _parse_status_line(line: str) -> Response:
    version, _, rest = line.partition(" ")
    status, space, reason = rest.partition(" ")
    if version.upper() != VERSION:
        raise SipParseError(1, "unknown SIP version", line)
    # RFC 4475 3.1.1.13: the space after the status code is required, even before an empty reason.
    if not space or len(status) != 3 or not consists_of(status, "0123456789") or not "100" <= status <= "699":
        raise SipParseError(1, "bad status line", line)
    return Response(int(status), reason)


def _parse_request_line(line: str) -> Request:
    method, _, rest = line.partition(" ")
    kept = rest.rstrip(" ")
    uri, _, version = kept.rpartition(" ")
    if not is_token(method) or not version.upper().startswith("SIP/"):
        raise SipParseError(1, "no start line of SIP", line)
    request = Request(method, uri)
    request.version = version + rest[len(kept) :]
    return request
