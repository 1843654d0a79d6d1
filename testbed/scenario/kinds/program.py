"""Programs that others wrote: what each needs, how it is started, told what to do, and known to be ready."""

import re
import signal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.units import Seconds, shown

Role = Literal["cn", "mn", "proxy", "registrar", "relay", "turn", "ike", "node"]
"""Who it can be: the call's two ends, the home network's proxy, registrar, media relay, TURN server; both
ends of a tunnel by IKE; a node's own."""

CodecName = Literal["PCMU", "PCMA", "GSM", "G722", "OPUS"]

DigestName = Literal["SHA-256", "MD5"]


def package_name(word: str) -> str:
    """Debian's rule for the names of packages (Debian Policy 5.6.7)."""
    if not re.fullmatch("[a-z0-9][a-z0-9+.-]+", word):
        raise ValueError(
            f"{shown(word)} is no name of a Debian package; use two or more of a-z, 0-9, '+', '-', '.', like iperf3"
        )
    return word


PackageName = Annotated[str, AfterValidator(package_name)]

PortWord = Literal["sip_port", "media_port", "relay_port", "turn_port"]

READY_WITHIN_S = 20.0
LONGEST_WAIT_S = 300.0
PORTS = range(1, 65536)


class Ready(Document):
    """How it is known that it is ready: it listens on UDP ports, and it has said something; both where both are named.

    `within` is how long that may take.
    """

    udp: list[int | PortWord] = Field(default_factory=list)
    says: str = ""
    within: Seconds = READY_WITHIN_S

    @field_validator("udp")
    @classmethod
    def _are_ports(cls, udp: list[int | PortWord]) -> list[int | PortWord]:
        for port in udp:
            if isinstance(port, int) and port not in PORTS:
                raise ValueError(f"{port} is no port; a port is from {PORTS[0]} to {PORTS[-1]}")
        return udp

    @field_validator("within")
    @classmethod
    def _ends(cls, within: float) -> float:
        if not 0 < within <= LONGEST_WAIT_S:
            raise ValueError(f"nobody waits for {within:g} s; write more than 0 s, at most {LONGEST_WAIT_S:g} s")
        return within


class TellSetting(Document):
    """How it is told something, one of these: lines typed into it, a signal, or a command in its node."""

    types: list[str] | None = Field(default=None, min_length=1)
    signal: str | None = None
    runs: list[str] | None = Field(default=None, min_length=1)

    @field_validator("signal")
    @classmethod
    def _is_a_signal(cls, name: str) -> str:
        if f"SIG{name}" not in signal.Signals.__members__:
            raise ValueError(f"{shown(name)} is no signal; write it like TERM, INT or USR1")
        return name

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("it is told in one way; write one of: types, signal, runs")
        return self


class Content(Document):
    """A file's text, in place of a file beside the program's."""

    text: str


class ProgramFile(Document):
    """A program as its file describes it. docs/programs.md says what each field means."""

    kind: ClassVar = "program"

    name: Name
    about: str
    roles: list[Role] = Field(min_length=1)
    packages: list[PackageName] = Field(default_factory=list)
    command: list[str] = Field(min_length=1)
    files: dict[str, str | Content] = Field(default_factory=dict)
    ready: Ready = Field(default_factory=Ready)
    start: TellSetting | None = None
    call: TellSetting | None = None
    hang_up: TellSetting | None = None
    stop: TellSetting = Field(default_factory=lambda: TellSetting(signal="TERM"))
    codecs: list[CodecName] = Field(default=["PCMU"], min_length=1)
    ip: list[Literal[4, 6]] = Field(default=[4], min_length=1)
    outbound: bool = False
    digest: list[DigestName] = Field(default=["SHA-256", "MD5"], min_length=1)

    @field_validator("files")
    @classmethod
    def _stay_inside(cls, files: dict[str, str | Content]) -> dict[str, str | Content]:
        for name in files:
            parts = name.split("/")
            if any(part in {"", ".", ".."} for part in parts):
                raise ValueError(f"{shown(name)} is outside of the program's folder; write it like etc/phone.conf")
        return files


class ProgramUse(Document):
    """What else runs in a node: a command at a time of the scenario, or a program all the time.

    `for` is how long a command may run; `packages` are those of Debian that bring it.
    """

    node: str
    program: str | None = None
    run: str | None = None
    at: Seconds | None = None
    stays: Seconds | None = Field(default=None, alias="for")
    packages: list[PackageName] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.program is None) == (self.run is None):
            raise ValueError("it is a command or a program; write 'run: …' with 'at: …', or 'program: …'")
        if self.run is not None and self.at is None:
            raise ValueError("nobody knows when it is run; add 'at: …'")
        extra = self.model_fields_set & {"at", "stays", "packages"}
        if self.program is not None and extra:
            raise ValueError("a program begins before the call and says itself what it needs; write 'program' alone")
        return self
