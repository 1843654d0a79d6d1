"""Session descriptions that are edited textually and otherwise stay as they came (RFC 8866)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sdp.errors import SdpParseError
from agents.sdp.lines import Line, Section, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class Origin(NamedTuple):
    """o= (RFC 8866 5.2). Nothing but the identity of the session may be read from its address (RFC 3264 8)."""

    username: str
    session_id: str
    version: int
    network_type: str
    address_type: str
    address: str

    def __str__(self) -> str:
        return " ".join(str(part) for part in self)


class Media:
    """One m= section. Reading never fails, the description was checked when it was parsed; setters edit the text."""

    def __init__(self, section: Section, session: Section) -> None:
        self._section = section
        self._session = session

    @property
    def _words(self) -> list[str]:
        return self._section.lines[0].value.split(" ")

    @property
    def kind(self) -> str:
        """audio, video, …"""
        return self._words[0]

    @property
    def port(self) -> int:
        """0 for a stream that is rejected or removed (RFC 3264 6, 8.2)."""
        return int(self._words[1].partition("/")[0])

    @port.setter
    def port(self, port: int) -> None:
        words = self._words
        words[1] = str(port)
        self._section.lines[0].value = " ".join(words)

    @property
    def protocol(self) -> str:
        """RTP/AVP, …"""
        return self._words[2]

    @property
    def formats(self) -> tuple[str, ...]:
        """Payload types of RTP as text, the preferred first."""
        return tuple(word for word in self._words[3:] if word)

    @property
    def address(self) -> str | None:
        """Of its own c=, or of the session's; None where a stream with port 0 has neither."""
        line = self._section.first("c") or self._session.first("c")
        return line.value.split(" ")[2].partition("/")[0] if line else None

    @address.setter
    def address(self, address: str) -> None:
        line = self._section.first("c")
        value = connection(address)
        if line is None:
            self._section.put(Line("c", value), before="bka")
        else:
            line.value = value

    @property
    def direction(self) -> str:
        """sendrecv unless it or the session says otherwise (RFC 8866 6.7)."""
        for section in (self._section, self._session):
            for line in section.lines:
                if line.kind == "a" and line.value in DIRECTIONS:
                    return line.value
        return "sendrecv"

    @direction.setter
    def direction(self, direction: str) -> None:
        if direction not in DIRECTIONS:
            raise ValueError(f"no direction: {direction}")
        for line in self._section.lines:
            if line.kind == "a" and line.value in DIRECTIONS:
                line.value = direction
                return
        self._section.put(Line("a", direction), before="")

    def add(self, attribute: str) -> None:
        """Append an a= line."""
        self._section.put(Line("a", attribute), before="")

    @property
    def duplicates(self) -> tuple[tuple[int, ...], ...]:
        """SSRCs that are copies of each other, group by group (RFC 7104 3.2, RFC 5576 4.2)."""
        named = (value.split() for value in self._section.attributes("ssrc-group"))
        groups = (words[1:] for words in named if words and words[0] == "DUP")
        return tuple(tuple(int(one) for one in group) for group in groups if all(map(_is_ssrc, group)))

    @property
    def rtpmap(self) -> dict[str, str]:
        """Payload type to `PCMU/8000`, as far as it is written out (RFC 8866 6.6)."""
        return self._of_formats("rtpmap")

    @property
    def fmtp(self) -> dict[str, str]:
        """Payload type to its parameters, as they are written (RFC 8866 6.15)."""
        return self._of_formats("fmtp")

    def _of_formats(self, name: str) -> dict[str, str]:
        pairs = (value.split(None, 1) for value in self._section.attributes(name))
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    @property
    def ptime(self) -> int | None:
        """Milliseconds of media in a packet that are asked for (RFC 8866 6.4)."""
        value = self._section.attribute("ptime") or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) < 6 and int(value) > 0 else None

    def attributes(self, name: str) -> Iterator[str]:
        """Values of the attributes of this name, '' for flags."""
        return self._section.attributes(name)

    def inherited(self, name: str) -> str | None:
        """Value of its first attribute of this name, or else of the session's: '' for flags, None without any."""
        own = self._section.attribute(name)
        return self._session.attribute(name) if own is None else own


class SessionDescription:
    """A description; `bytes()` gives back what was parsed but for what was edited since."""

    def __init__(self, sections: list[Section]) -> None:
        self._sections = sections

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Raises `SdpParseError` and nothing else."""
        sections = [Section([])]
        for line in split_lines(data):
            if line.kind == "m":
                sections.append(Section([]))
            sections[-1].lines.append(line)
        description = cls(sections)
        description._check()
        return description

    @classmethod
    def build(cls, *lines: str) -> SessionDescription:
        """From lines without their ends."""
        return cls.parse("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def __bytes__(self) -> bytes:
        text = "".join(str(line) for section in self._sections for line in section.lines)
        return text.encode("utf-8", "surrogateescape")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SessionDescription) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def copy(self) -> SessionDescription:
        """One that can be edited without changing this."""
        return SessionDescription.parse(bytes(self))

    @property
    def origin(self) -> Origin:
        """Who made it, and which version it is."""
        words = self._sections[0].lines[1].value.split(" ")
        return Origin(words[0], words[1], int(words[2]), words[3], words[4], words[5])

    @origin.setter
    def origin(self, origin: Origin) -> None:
        self._sections[0].lines[1].value = str(origin)

    @property
    def media(self) -> list[Media]:
        """In order: the n-th of an answer belongs to the n-th of its offer (RFC 3264 6)."""
        return [Media(section, self._sections[0]) for section in self._sections[1:]]

    @property
    def timing(self) -> str:
        """Value of t=, which an answer repeats (RFC 3264 6)."""
        line = self._sections[0].first("t")
        return line.value if line else "0 0"

    def follow(self, previous: SessionDescription) -> None:
        """Take the o= of the description that this one replaces, the version up by one if anything differs.

        RFC 3264 8: o= MUST be identical but for the version, so it keeps the address of the first description, also
        after a move to another one.
        """
        self.origin = previous.origin
        if self != previous:
            self.origin = previous.origin._replace(version=previous.origin.version + 1)

    def _check(self) -> None:
        session = self._sections[0]
        kinds = "".join(line.kind for line in session.lines)
        if not kinds.startswith("vos"):
            raise SdpParseError(1, "no v=, o=, s= at the start", kinds)
        if session.lines[0].value != "0":
            raise session.lines[0].error("unknown version")
        if "t" not in kinds:
            raise SdpParseError(0, "no t=", kinds)
        _check_origin(session.lines[1])
        for section in self._sections:
            for line in section.lines:
                if line.kind == "c" and len(line.value.split(" ")) != 3:
                    raise line.error("not three words")
        has_address = "c" in kinds
        for section in self._sections[1:]:
            _check_media(section.lines[0])
            if not has_address and not section.first("c") and Media(section, session).port:
                raise section.lines[0].error("no c=")


def _is_ssrc(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 10 and int(word) < 1 << 32


def connection(address: str) -> str:
    """Value of c= for an IP address."""
    return f"IN {address_type(address)} {address}"


def address_type(address: str) -> str:
    """IP4 or IP6."""
    return "IP6" if ":" in address else "IP4"


def _check_origin(line: Line) -> None:
    words = line.value.split(" ")
    if len(words) != 6:
        raise line.error("not six words")
    if not (words[2].isascii() and words[2].isdigit() and len(words[2]) <= 20):
        raise line.error("bad version")


def _check_media(line: Line) -> None:
    words = line.value.split(" ")
    port = words[1].partition("/")[0] if len(words) > 1 else ""
    if len(words) < 4 or not words[3]:
        raise line.error("not four words")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) < 65536):
        raise line.error("bad port")
