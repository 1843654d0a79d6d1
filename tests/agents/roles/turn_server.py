"""A TURN server with mobility in memory: a fake, for what one server does with one client's allocations.

It is strict where a client could go wrong: a request without MESSAGE-INTEGRITY is challenged, a ticket from where the
allocation is already is refused (RFC 8016 3.2.2), data from anywhere else are dropped. `odd`: it answers a Refresh
with a ticket as coturn 4.6.1 does, and a repeated one as it should.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.roles.quiet_role import QuietRole
from agents.roles.role import Open
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import (
    Attribute,
    MessageClass,
    Method,
    StunMessage,
    StunParseError,
    long_term_key,
)
from agents.stun.stun_values import parse_xored, xored
from agents.turn import TURN_PORT
from agents.turn.channels import channel_data, channel_number, is_channel_data, parse_channel_data
from agents.turn.turn_values import parse_seconds, seconds

#: coturn 4.6.1's answer to a Refresh with a ticket: three bytes, another one, and a HMAC over nothing.
ODD = bytes.fromhex("0800140ca7ed256aebf7cecf11a1b57dce75f8d48f72f2fb")
FIRST_PORT = 40000
USER, PASSWORD, REALM = "mn", "secret", "home.example"
LABELS = {
    Method.ALLOCATE: "Allocate", Method.REFRESH: "Refresh", Method.CREATE_PERMISSION: "CreatePermission",
    Method.CHANNEL_BIND: "ChannelBind", Method.SEND: "Send", Method.DATA: "Data",
}  # fmt: skip


def describe_turn(data: bytes) -> str:
    """`Allocate`, `401 Allocate`, `200 Refresh`; `Refresh+ticket`; `ChannelData`; `?` for what is no message."""
    if is_channel_data(data):
        return "ChannelData"
    try:
        message = StunMessage.parse(data)
    except StunParseError:
        return "?"
    name = LABELS[Method(message.method)]
    if message.kind == MessageClass.REQUEST and message.get(Attribute.MOBILITY_TICKET):
        name += "+ticket"
    if message.kind == MessageClass.SUCCESS:
        return f"200 {name}"
    if message.kind == MessageClass.ERROR:
        error = message.get(Attribute.ERROR_CODE) or b""
        return f"{100 * error[2] + error[3]} {name}"
    return name


def speech_in(data: bytes) -> bytes | None:
    """The packet that goes through a channel or an indication; None in what is asked and answered."""
    if is_channel_data(data):
        return parse_channel_data(data)[1]
    return StunMessage.parse(data).get(Attribute.DATA) if describe_turn(data) in {"Send", "Data"} else None


@dataclass
class Held:
    """An allocation: where its client is, and was; its port, ticket, permissions and channels."""

    client: Address
    port: int
    ticket: bytes
    old_ticket: bytes = b""
    permitted: set[str] = field(default_factory=set)
    channels: dict[int, Address] = field(default_factory=dict)


class TurnServer(QuietRole):
    """A role."""

    def __init__(self, ip: str, *, odd: bool = False, refuses: dict[str, int] | None = None, silent: bool = False,
                 signs: bool = True) -> None:  # fmt: skip
        """`refuses`: codes by label, for which it answers that; `silent`: it says nothing at all."""
        super().__init__()
        self._ip, self.odd, self.silent, self.signs = ip, odd, silent, signs
        self.refuses = {} if refuses is None else refuses
        self.here = Address(ip, TURN_PORT)
        self.held: list[Held] = []
        self.nonce = b"nonce-1"
        self._key = long_term_key(USER, REALM, PASSWORD)
        self._tickets = 0
        self._reserved: dict[bytes, int] = {}
        self._commands.append(Open(self.here))
        #: What came in, by label.
        self.asked: list[str] = []

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        if self.silent:
            return
        if local != self.here:
            self._from_peer(data, local, remote)
            return
        self.asked.append(describe_turn(data))
        held = next((one for one in self.held if one.client == remote), None)
        if is_channel_data(data):
            channel, payload = parse_channel_data(data)
            if held is not None and channel in held.channels:
                self._sending.append(Datagram(Address(self._ip, held.port), held.channels[channel], payload))
            return
        message = StunMessage.parse(data)
        if message.kind == MessageClass.INDICATION:
            peer = parse_xored(message.get(Attribute.XOR_PEER_ADDRESS) or b"", message.transaction)
            if held is not None and peer.ip in held.permitted:
                self._sending.append(Datagram(Address(self._ip, held.port), peer, message.get(Attribute.DATA) or b""))
            return
        self._request(message, remote, held)

    def _request(self, message: StunMessage, remote: Address, held: Held | None) -> None:
        label = describe_turn(message.to_bytes())
        if not message.is_signed_by(self._key):
            self._refuse(message, remote, 401)
        elif message.get(Attribute.NONCE) != self.nonce:
            self._refuse(message, remote, 438)
        elif label in self.refuses:
            self._refuse(message, remote, self.refuses[label])
        elif message.method == Method.ALLOCATE:
            self._allocate(message, remote)
        elif message.method == Method.REFRESH and message.get(Attribute.MOBILITY_TICKET):
            self._move(message, remote)
        elif held is None:
            self._refuse(message, remote, 437)
        elif message.method == Method.REFRESH:
            lifetime_s = parse_seconds(message.get(Attribute.LIFETIME) or seconds(600))
            if not lifetime_s:
                self.held.remove(held)
            self._accept(message, remote, (Attribute.LIFETIME, seconds(lifetime_s)))
        else:
            peer = parse_xored(message.get(Attribute.XOR_PEER_ADDRESS) or b"", message.transaction)
            held.permitted.add(peer.ip)
            if message.method == Method.CHANNEL_BIND:
                number = int.from_bytes((message.get(Attribute.CHANNEL_NUMBER) or b"")[:2], "big")
                assert channel_number(number) == message.get(Attribute.CHANNEL_NUMBER)
                held.channels[number] = peer
            self._accept(message, remote)

    def _allocate(self, message: StunMessage, remote: Address) -> None:
        assert message.get(Attribute.MOBILITY_TICKET) == b""
        token = message.get(Attribute.RESERVATION_TOKEN)
        port = FIRST_PORT + 2 * len(self._reserved) if token is None else self._reserved[token]
        held = Held(remote, port, self._ticket())
        self.held.append(held)
        self._commands.append(Open(Address(self._ip, port)))
        more = []
        if token is None:
            token = b"token%03d" % len(self._reserved)
            self._reserved[token] = port + 1
            more = [(Attribute.RESERVATION_TOKEN, token)]
        relayed = xored(Address(self._ip, port), message.transaction)
        ticket = (Attribute.MOBILITY_TICKET, held.ticket)
        self._accept(
            message, remote, (Attribute.XOR_RELAYED_ADDRESS, relayed), (Attribute.LIFETIME, seconds(600)), ticket, *more
        )

    def _move(self, message: StunMessage, remote: Address) -> None:
        ticket = message.get(Attribute.MOBILITY_TICKET)
        repeated = next((one for one in self.held if one.old_ticket == ticket and one.client == remote), None)
        found = next((one for one in self.held if one.ticket == ticket), repeated)
        if found is None:
            self._refuse(message, remote, 400)
            return
        if found is not repeated:
            assert found.client != remote, "RFC 8016 3.2.1: who has not moved shows no ticket"
            found.client, found.old_ticket, found.ticket = remote, found.ticket, self._ticket()
            if self.odd:
                self._sending.append(Datagram(self.here, remote, ODD))
                return
        self._accept(message, remote, (Attribute.LIFETIME, seconds(600)), (Attribute.MOBILITY_TICKET, found.ticket))

    def _ticket(self) -> bytes:
        self._tickets += 1
        return b"ticket-%05d" % self._tickets

    def _from_peer(self, data: bytes, local: Address, remote: Address) -> None:
        held = next((one for one in self.held if one.port == local.port), None)
        if held is None or remote.ip not in held.permitted:
            return
        number = next((number for number, peer in held.channels.items() if peer == remote), None)
        if number is not None:
            self._sending.append(Datagram(self.here, held.client, channel_data(number, data)))
            return
        name = bytes(12)
        attributes = ((Attribute.XOR_PEER_ADDRESS, xored(remote, name)), (Attribute.DATA, data))
        told = StunMessage(MessageClass.INDICATION, Method.DATA, name, attributes).to_bytes()
        self._sending.append(Datagram(self.here, held.client, told))

    def _accept(self, message: StunMessage, remote: Address, *attributes: tuple[int, bytes]) -> None:
        answer = StunMessage(MessageClass.SUCCESS, message.method, message.transaction, attributes)
        self._sending.append(Datagram(self.here, remote, answer.to_bytes(self._key if self.signs else None)))

    def _refuse(self, message: StunMessage, remote: Address, code: int) -> None:
        attributes: list[tuple[int, bytes]] = [(Attribute.ERROR_CODE, bytes((0, 0, code // 100, code % 100)) + b"No")]
        if code in {401, 438}:
            attributes += [(Attribute.REALM, REALM.encode()), (Attribute.NONCE, self.nonce)]
        is_known = message.is_signed_by(self._key) and code != 438
        answer = StunMessage(MessageClass.ERROR, message.method, message.transaction, tuple(attributes))
        self._sending.append(Datagram(self.here, remote, answer.to_bytes(self._key if is_known else None)))
