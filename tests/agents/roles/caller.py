"""A caller of a correspondent node, without sockets: what it says is written out, what it hears is kept."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.roles.role import Close, Open, Tell
from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.address import Address
from agents.sip.message.message import Message, Request, Response

if TYPE_CHECKING:
    from agents.sip.message.address import Datagram

CN = Address("192.0.2.1", 5060)
CALLER = Address("192.0.2.2", 5060)
STRANGER = Address("198.51.100.9", 5060)


def sdp(ip: str, port: int, *, formats: str = "0", more: str = "") -> str:
    """A description with one stream."""
    version = 6 if ":" in ip else 4
    return (
        f"v=0\r\no=- 1 1 IN IP{version} {ip}\r\ns=-\r\nc=IN IP{version} {ip}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {formats}\r\na=rtpmap:0 PCMU/8000\r\n{more}"
    )


def message(
    method: str, *, call_id: str = "call-1", cseq: int = 1, branch: str = "1", to_tag: str = "", from_tag: str = "f1",
    body: str = "", more: tuple[str, ...] = (), me: Address = CALLER, to: Address = CN,
) -> bytes:  # fmt: skip
    """A request, from wherever it says."""
    lines = [
        f"{method} sip:cn@{to.host} SIP/2.0", f"Via: SIP/2.0/UDP {me.hostport};rport;branch=z9hG4bK{branch}",
        "Max-Forwards: 70", f"From: <sip:mn@example.com>;tag={from_tag}",
        f"To: <sip:cn@example.com>{';tag=' + to_tag if to_tag else ''}", f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}", *([f"Contact: <sip:mn@{me.hostport}>"] if method == "INVITE" else []), *more,
        *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body,
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


class Caller:
    """Speaks with a node of its own; as strict as the driver: nothing leaves from what was not opened."""

    def __init__(self, *, at: Address = CN, **config: Any) -> None:  # noqa: ANN401 - JSON
        about = {"address": at.ip, "supports_handover": True, "codecs": ["PCMU"], "room": None, **config}
        self.node = CorrespondentNode(about, bytes(8000), Random(1))
        self.at = at
        self.now = 0.0
        self.opened: set[Address] = set()
        self.told: list[Tell] = []
        self.heard: list[Datagram] = []
        self.take()

    def take(self) -> None:
        """What the driver would do."""
        while (command := self.node.next_command()) is not None:
            if isinstance(command, Open):
                assert command.local not in self.opened
                self.opened.add(command.local)
            elif isinstance(command, Close):
                self.opened.remove(command.local)
            elif isinstance(command, Tell):
                self.told.append(command)
        sent = self.node.datagrams_to_send()
        assert {one.local for one in sent} <= self.opened
        self.heard += sent

    def say(self, data: bytes, *, remote: Address = CALLER) -> list[Response]:
        """Its answers."""
        before = len(self.heard)
        self.node.receive_datagram(data, local=self.at, remote=remote, now=self.now)
        self.take()
        return responses(self.heard[before:])

    def wait(self, seconds: float) -> list[Datagram]:
        """What is sent meanwhile."""
        before, end = len(self.heard), self.now + seconds
        while (timer := self.node.get_timer()) is not None and timer <= end:
            self.now = max(self.now, timer)
            self.node.handle_timer(now=self.now)
            self.take()
        self.now = end
        return self.heard[before:]

    def call(self, name: str = "call-1", **more: Any) -> str:  # noqa: ANN401 - see `message`
        """A call with its handshake; the tag of the node's side."""
        more.setdefault("body", sdp(CALLER.ip, 6000))
        (answer,) = self.say(message("INVITE", call_id=name, branch=f"i{name}", to=self.at, **more))
        assert answer.status == 200
        tag = answer.to.tag or ""
        assert self.say(message("ACK", call_id=name, branch=f"a{name}", to_tag=tag, to=self.at)) == []
        return tag

    def hang_up(self, name: str, tag: str) -> None:
        """The caller does."""
        (answer,) = self.say(message("BYE", call_id=name, branch=f"b{name}", cseq=9, to_tag=tag, to=self.at))
        assert answer.status == 200


def responses(sent: list[Datagram]) -> list[Response]:
    """What of it answers requests."""
    parsed = [Message.parse(one.data) for one in sent if one.data.startswith(b"SIP/2.0")]
    return [one for one in parsed if isinstance(one, Response)]


def media_to(sent: list[Datagram]) -> set[str]:
    """The hosts that speech and its reports go to."""
    return {one.remote.ip for one in sent if one.local.port >= 30000}


def credentials_for(answer: Response) -> tuple[str, ...]:
    """Those of the node's user "mn", whose password is "secret"."""
    client = DigestClient([Account("mn", "secret", "")], Random(9))
    request = Request("INVITE", f"sip:cn@{CN.ip}")
    return tuple(f"{name}: {value}" for name, value in client.answer(request, answer, set()))
