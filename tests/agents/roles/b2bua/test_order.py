"""What a call with several sessions does in turn is done in an order that a seed alone decides."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from agents.roles.b2bua.bridged import Bridged
from agents.roles.b2bua.relay import Relay
from agents.sdp.audio import Endpoint, make_offer

if TYPE_CHECKING:
    from agents.sdp.description import SessionDescription


class End:
    """In place of a session: how it is hashed, and what its peer has described."""

    user, dialog = "", None

    def __init__(self, port: int) -> None:
        self.remote_sdp = bytes(description(port))


def description(port: int) -> SessionDescription:
    return make_offer(Endpoint("192.0.2.5", port, 1))


def test_legs_come_back_in_the_order_in_which_they_began() -> None:
    """When an activated backup has come to nothing. Sessions are hashed by where they lie in memory."""
    office: Any = SimpleNamespace(handlers={}, splice=lambda _: None)
    ends: list[Any] = [End(20000 + 2 * number) for number in range(10)]
    peer, backup, *sessions = ends
    relay = Relay([], "b2bua@home", Random(1))
    bridged = Bridged(office, relay, peer, description(40000))
    for number, session in enumerate([*sessions, backup]):
        bridged._mine[session] = description(40002 + 2 * number)
    bridged._end(backup, 1.0)
    assert list(relay.legs) == sessions
