"""An allocation against a server in memory: charts of what is asked, what is lost, refused, late or nonsense."""

from __future__ import annotations

from random import Random

import pytest

from agents.sip.message.address import Address
from agents.turn.allocation import (
    Allocated,
    Allocation,
    AllocationEvent,
    AllocationLost,
    AllocationMoved,
    AllocationState,
    MoveRefused,
)
from agents.turn.turn_credentials import TurnCredentials
from tests.agents.roles.turn_server import ODD, PASSWORD, REALM, USER, TurnServer, describe_turn

WIFI, UMTS = Address("10.0.1.1", 20000), Address("10.0.2.1", 20000)
SERVER_IP, PEER = "10.0.8.1", Address("10.0.9.1", 30000)
WAY_S = 0.01


class Dialog:
    """A client, its server, and a wire between them that loses what it is told to lose."""

    def __init__(self, server: TurnServer | None = None, *, said: str = PASSWORD, realm: str = REALM) -> None:
        self.server = server or TurnServer(SERVER_IP)
        credentials = TurnCredentials(USER, said, realm)
        self.client = Allocation(self.server.here, credentials, Random(1))
        self.now = 0.0
        self.lost: list[str] = []
        self.chart: list[str] = []
        self.events: list[AllocationEvent] = []
        self.heard: list[tuple[Address, bytes]] = []
        #: What came to the peer.
        self.said: list[bytes] = []

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            self._exchange()
            timer = self.client.get_timer()
            if timer is None or timer > until:
                self.now = until
                return
            self.now = max(self.now, timer)
            self.client.handle_timer(now=self.now)

    def _exchange(self) -> None:
        while True:
            out = self.client.datagrams_to_send()
            for one in out:
                if self._passes(describe_turn(one.data), f"-> {describe_turn(one.data)}"):
                    self.server.receive_datagram(one.data, local=self.server.here, remote=one.local, now=self.now)
            back = self.server.datagrams_to_send()
            for one in back:
                if one.local != self.server.here:
                    self.said.append(one.data)
                elif self._passes(describe_turn(one.data), f"<- {describe_turn(one.data)}"):
                    self._hand_in(one.data, one.remote)
            while (event := self.client.next_event()) is not None:
                self.events.append(event)
            if not out and not back:
                return

    def _hand_in(self, data: bytes, local: Address) -> None:
        found = self.client.receive_datagram(data, local=local, now=self.now)
        if found is not None:
            self.heard.append(found)

    def _passes(self, label: str, line: str) -> bool:
        is_lost = label in self.lost
        if is_lost:
            self.lost.remove(label)
        self.chart.append(f"{line} x" if is_lost else line)
        return not is_lost

    def speak(self, data: bytes = b"speech") -> None:
        """The peer's, to where the client can be reached."""
        assert self.client.relayed is not None
        self.server.receive_datagram(data, local=self.client.relayed, remote=PEER, now=self.now)
        self._exchange()


def allocated(server: TurnServer | None = None) -> Dialog:
    """With a channel for the peer."""
    dialog = Dialog(server)
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(0.1)
    dialog.client.bind(PEER, now=dialog.now)
    dialog.run(0.1)
    dialog.chart.clear()
    return dialog


ASKED = ["-> Allocate", "<- 401 Allocate", "-> Allocate", "<- 200 Allocate"]


def test_the_first_request_is_challenged_and_the_second_one_has_an_allocation() -> None:
    dialog = Dialog()
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(1.0)
    assert dialog.chart == ASKED
    (event,) = dialog.events
    assert event == Allocated(Address(SERVER_IP, 40000), b"token000", mobile=True)
    assert dialog.client.is_mobile


def test_the_next_port_up_is_had_by_its_token() -> None:
    dialog = Dialog()
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(0.1)
    dialog.client = Allocation(dialog.server.here, TurnCredentials(USER, PASSWORD, REALM), Random(2))
    dialog.client.allocate(WIFI._replace(port=20001), token=b"token000", now=dialog.now)
    dialog.run(0.1)
    assert dialog.client.relayed == Address(SERVER_IP, 40001)


def test_a_lost_request_is_sent_again_after_rto_doubling() -> None:
    """RFC 8489 6.2.1: 500 ms, then twice as long, and so on."""
    dialog = Dialog()
    dialog.lost = ["Allocate"] * 3
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(3.4)
    assert dialog.chart == ["-> Allocate x"] * 3
    dialog.run(0.1)
    assert dialog.chart[3:] == ASKED


def test_a_server_that_says_nothing_is_given_up_after_39_and_a_half_seconds() -> None:
    """RFC 8489 6.2.1, with its figures."""
    dialog = Dialog(TurnServer(SERVER_IP, silent=True))
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(39.4)
    assert (len(dialog.chart), dialog.events) == (7, [])
    dialog.run(0.2)
    assert dialog.events == [AllocationLost(None)]
    assert (dialog.client.state, dialog.client.get_timer()) == (AllocationState.LOST, None)


def test_a_wrong_password_is_refused_once_and_not_tried_again() -> None:
    """RFC 8489 9.2.5: not without another password."""
    dialog = Dialog(said="wrong")
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(5.0)
    assert dialog.chart == ["-> Allocate", "<- 401 Allocate", "-> Allocate", "<- 401 Allocate"]
    assert dialog.events == [AllocationLost(401)]


def test_who_challenges_for_another_realm_learns_nothing() -> None:
    dialog = Dialog(realm="elsewhere.example")
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(5.0)
    assert dialog.chart == ["-> Allocate", "<- 401 Allocate"]
    assert dialog.events == [AllocationLost(401)]


def test_a_stale_nonce_is_replaced() -> None:
    dialog = allocated()
    dialog.server.nonce = b"nonce-2"
    assert dialog.client.move(UMTS, now=dialog.now)
    dialog.run(0.1)
    assert dialog.chart == [
        "-> Refresh+ticket", "<- 438 Refresh", "-> Refresh+ticket", "<- 200 Refresh",
    ]  # fmt: skip
    assert dialog.events[-1] == AllocationMoved(UMTS, answered=True)


def test_a_server_that_finds_every_nonce_stale_is_not_asked_for_ever() -> None:
    dialog = allocated()
    dialog.server.refuses["Refresh+ticket"] = 438
    dialog.client.move(UMTS, now=dialog.now)
    dialog.run(60.0)
    assert dialog.chart.count("-> Refresh+ticket") == 3
    assert dialog.events[-1] == MoveRefused(438)


def test_data_go_as_indications_until_the_channel_is_there() -> None:
    dialog = Dialog()
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(0.1)
    dialog.client.permit(PEER.ip, now=dialog.now)
    dialog.run(0.1)
    dialog.client.send(b"one", PEER)
    dialog.client.bind(PEER, now=dialog.now)
    dialog.speak(b"from the peer")
    dialog.client.send(b"two", PEER)
    dialog.run(0.1)
    dialog.speak(b"by channel")
    assert dialog.chart[4:] == [
        "-> CreatePermission", "<- 200 CreatePermission", "-> ChannelBind", "-> Send", "<- Data",
        "<- 200 ChannelBind", "-> ChannelData", "<- ChannelData",
    ]  # fmt: skip
    assert dialog.said == [b"one", b"two"]
    assert dialog.heard == [(PEER, b"from the peer"), (PEER, b"by channel")]


def test_data_go_over_the_new_way_at_once_and_the_answer_brings_another_ticket() -> None:
    dialog = allocated()
    assert dialog.client.move(UMTS, now=dialog.now)
    dialog.client.send(b"from umts", PEER)
    dialog.run(0.1)
    assert dialog.chart == ["-> Refresh+ticket", "-> ChannelData", "<- 200 Refresh"]
    assert dialog.said == [b"from umts"]
    assert dialog.events[-1] == AllocationMoved(UMTS, answered=True)
    assert dialog.client.move(WIFI, now=dialog.now)
    dialog.run(0.1)
    assert dialog.events[-1] == AllocationMoved(WIFI, answered=True)
    assert dialog.server.held[0].ticket == b"ticket-00003"


def test_an_answer_that_is_none_is_made_up_for_by_data_and_by_asking_again() -> None:
    """What coturn 4.6.1 does: media prove the move, the repeated request is answered with a ticket."""
    dialog = allocated(TurnServer(SERVER_IP, odd=True))
    dialog.client.move(UMTS, now=dialog.now)
    dialog.run(0.1)
    assert (dialog.chart, dialog.client.is_moving) == (["-> Refresh+ticket", "<- ?"], True)
    dialog.speak()
    assert dialog.events[-1] == AllocationMoved(UMTS, answered=False)
    assert not dialog.client.move(WIFI, now=dialog.now)
    dialog.run(0.5)
    assert dialog.chart[3:] == ["-> Refresh+ticket", "<- 200 Refresh"]
    assert dialog.client.move(WIFI, now=dialog.now)


def test_a_lost_refresh_is_made_up_for_half_a_second_later() -> None:
    dialog = allocated()
    dialog.lost = ["Refresh+ticket"]
    dialog.client.move(UMTS, now=dialog.now)
    dialog.client.send(b"too early", PEER)
    dialog.run(0.4)
    assert (dialog.said, dialog.client.is_moving) == ([], True)
    dialog.run(0.2)
    dialog.client.send(b"in time", PEER)
    dialog.run(0.1)
    assert (dialog.said, dialog.client.is_moving) == ([b"in time"], False)


def test_data_that_overtake_the_answer_to_their_channel_are_taken() -> None:
    dialog = Dialog()
    dialog.lost = ["200 ChannelBind"]
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(0.1)
    dialog.client.bind(PEER, now=dialog.now)
    dialog.run(0.1)
    dialog.speak(b"early")
    dialog.client.send(b"by indication", PEER)
    dialog.run(0.1)
    assert dialog.heard == [(PEER, b"early")]
    assert dialog.chart[-2:] == ["<- ChannelData", "-> Send"]


@pytest.mark.parametrize("code", [400, 405, 437, 441])
def test_a_refused_ticket_leaves_the_allocation_where_it_was(code: int) -> None:
    """RFC 8016 3.2.2; and the ticket is not shown again."""
    dialog = allocated(TurnServer(SERVER_IP, refuses={"Refresh+ticket": code}))
    dialog.client.move(UMTS, now=dialog.now)
    dialog.run(0.1)
    assert dialog.events[-1] == MoveRefused(code)
    dialog.client.send(b"still here", PEER)
    dialog.run(0.1)
    assert dialog.said == [b"still here"]
    assert not dialog.client.move(UMTS, now=dialog.now)


def test_an_answer_that_is_not_signed_is_no_answer() -> None:
    """RFC 8489 9.2.5: over UDP it is as if it had not come."""
    dialog = Dialog(TurnServer(SERVER_IP, signs=False))
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(60.0)
    assert dialog.events == [AllocationLost(None)]
    assert dialog.client.doubted[0] == "a response that the server has not signed"


def test_it_is_refreshed_a_minute_before_it_ends_and_without_its_ticket() -> None:
    """RFC 8656 8; RFC 8016 3.2.1: the server would refuse the ticket of who has not moved. And its channel before 9."""
    dialog = allocated()
    dialog.run(541.0)
    assert dialog.chart == ["-> Refresh", "<- 200 Refresh", "-> ChannelBind", "<- 200 ChannelBind"]
    assert dialog.client.is_mobile


def test_permissions_are_renewed_before_their_five_minutes_are_over() -> None:
    dialog = Dialog()
    dialog.client.allocate(WIFI, now=0.0)
    dialog.run(0.1)
    dialog.client.permit(PEER.ip, now=dialog.now)
    dialog.run(250.0)
    assert dialog.chart.count("-> CreatePermission") == 2


def test_an_allocation_that_has_expired_is_told_of() -> None:
    dialog = allocated()
    dialog.server.held.clear()
    dialog.run(541.0)
    assert dialog.chart[:2] == ["-> Refresh", "<- 437 Refresh"]
    assert dialog.events[-1] == AllocationLost(437)
    dialog.client.send(b"nowhere", PEER)
    assert dialog.client.datagrams_to_send() == []
    assert dialog.client.get_timer() is None


def test_it_is_given_back_by_a_lifetime_of_nothing() -> None:
    dialog = allocated()
    dialog.client.release(now=dialog.now)
    dialog.run(0.1)
    assert dialog.chart == ["-> Refresh", "<- 200 Refresh"]
    assert (dialog.server.held, dialog.client.state, dialog.client.get_timer()) == ([], AllocationState.OVER, None)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (ODD, "28 are the least|20 are the least|type|magic cookie"),
        (b"", "0 bytes"),
        (b"\x40\x01\x00\x00", "channel 0x4001 is of nobody"),
        (b"\x40\x00\x00\x09speech", "ChannelData of 9 bytes"),
        (bytes.fromhex("011300002112a442") + bytes(12), "nothing that was asked"),
        (bytes.fromhex("001700002112a442") + bytes(12), "without peer or data"),
    ],
)
def test_nonsense_is_noted_and_changes_nothing(data: bytes, why: str) -> None:
    dialog = allocated()
    assert dialog.client.receive_datagram(data, local=WIFI, now=dialog.now) is None
    (doubt,) = dialog.client.doubted
    assert any(one in doubt for one in why.split("|"))
    dialog.speak()
    assert dialog.heard == [(PEER, b"speech")]
