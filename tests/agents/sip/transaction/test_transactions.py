"""The four machines, timer by timer (RFC 3261 17, RFC 6026)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from agents.sip.message.address import Address, Datagram, Flow
from agents.sip.message.build import Identity, new_request, new_response
from agents.sip.message.name_addr import NameAddr
from agents.sip.message.via import Via
from agents.sip.transaction.invite_client import InviteClient
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.layer import Transactions
from agents.sip.transaction.noninvite_client import NonInviteClient
from agents.sip.transaction.noninvite_server import NonInviteServer
from agents.sip.transaction.states import TransactionState
from agents.sip.transaction.timer import TimerQueue, Timings

if TYPE_CHECKING:
    from agents.sip.message.message import Request, Response
    from agents.sip.transaction.machine import Transaction

HERE = Address("192.0.2.1", 5060)
THERE = Address("192.0.2.2", 5060)
FLOW = Flow(HERE, THERE)


class User:
    """Writes down what a transaction tells."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        self.told.append(str(response.status))

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        self.told.append(f"failed {status}")

    def on_ack(self, request: Request, now: float) -> None:
        self.told.append("ACK")

    def on_no_ack(self, now: float) -> None:
        self.told.append("no ACK")


class Bench:
    """A transaction layer with its clock, and a record of what was sent when."""

    def __init__(self) -> None:
        self.timers = TimerQueue()
        self.out: deque[Datagram] = deque()
        self.changes: list[str] = []
        self.layer = Transactions(self.timers, Timings(), self.out, lambda _, __, change: self.changes.append(change))
        self.user = User()
        self.sent: list[tuple[float, str]] = []
        self.now = 0.0

    def note(self) -> None:
        while self.out:
            line = self.out.popleft().data.split(b"\r\n")[0].decode()
            self.sent.append((round(self.now, 3), line.removeprefix("SIP/2.0 ").split()[0]))

    def run(self, until: float) -> None:
        self.note()
        while (at := self.timers.next_at()) is not None and at <= until:
            self.now = at
            self.timers.fire(at)
            self.note()
        self.now = until

    def times(self, what: str) -> list[float]:
        return [at for at, line in self.sent if line == what]


def request(method: str, branch: str = "z9hG4bKone") -> Request:
    identity = Identity(NameAddr.parse("<sip:a@a.example>;tag=1"), NameAddr.parse("<sip:b@b.example>"), "c@a", 1)
    return new_request(method, "sip:b@b.example", Via.create(HERE, branch), identity)


def answer(to: Request, status: int) -> Response:
    return new_response(to, status, to_tag="2")


MACHINES = [InviteClient, NonInviteClient, InviteServer, NonInviteServer]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_has_a_row_and_every_action_is_a_method(machine: type[Transaction]) -> None:
    reached = {row[0] for rows in machine.TABLE.values() for row in rows.values()}
    assert reached == set(machine.TABLE) - {TransactionState.NEW}
    for rows in machine.TABLE.values():
        for row in rows.values():
            assert all(vars(machine)[action.__name__] is action for action in row[1:])


# -- INVITE client (17.1.1) --------------------------------------------------------------------------------------------


def test_invite_is_resent_at_t1_doubling_until_timer_b() -> None:
    bench = Bench()
    bench.layer.request(request("INVITE"), FLOW, bench.user, 0.0)
    bench.run(100)
    assert bench.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]  # seven times in 64*T1
    assert bench.user.told == ["failed 408"]
    assert bench.changes == ["CALLING", "CALLING -> TERMINATED"]
    assert bench.layer.live() == []
    assert bench.timers.next_at() is None


def test_provisional_response_ends_invite_retransmission() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = bench.layer.request(invite, FLOW, bench.user, 0.0)
    bench.run(0.7)
    transaction.receive(answer(invite, 180), 0.7)
    bench.run(1000)
    assert bench.times("INVITE") == [0, 0.5]
    assert transaction.state == "PROCEEDING"
    assert bench.timers.next_at() is None


def test_refusal_is_acknowledged_each_time_and_told_once() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = bench.layer.request(invite, FLOW, bench.user, 0.0)
    bench.run(0.1)
    transaction.receive(answer(invite, 486), 0.1)
    transaction.receive(answer(invite, 486), 0.1)
    bench.note()
    assert bench.times("ACK") == [0.1, 0.1]
    assert bench.user.told == ["486"]
    bench.run(32.0)
    assert transaction.state == "COMPLETED"  # timer D: at least 32 s
    bench.run(32.2)
    assert transaction.state == "TERMINATED"


def test_ack_for_a_refusal_is_built_from_invite_and_response() -> None:
    """The example of 17.1.1.3."""
    bench = Bench()
    invite = request("INVITE")
    invite.headers.add("Route", "<sip:192.0.2.9;lr>")
    transaction = bench.layer.request(invite, FLOW, bench.user, 0.0)
    bench.out.clear()
    transaction.receive(answer(invite, 486), 0.1)
    (datagram,) = bench.out
    assert datagram.remote == THERE
    assert datagram.data.decode().split("\r\n") == [
        "ACK sip:b@b.example SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKone",
        "Route: <sip:192.0.2.9;lr>",
        "Max-Forwards: 70",
        "From: <sip:a@a.example>;tag=1",
        "To: <sip:b@b.example>;tag=2",
        "Call-ID: c@a",
        "CSeq: 1 ACK",
        "Content-Length: 0",
        "",
        "",
    ]


def test_every_2xx_goes_up_until_timer_m() -> None:
    """RFC 6026 7.2."""
    bench = Bench()
    invite = request("INVITE")
    transaction = bench.layer.request(invite, FLOW, bench.user, 0.0)
    for at in (1.0, 2.0, 3.0):
        bench.run(at)
        transaction.receive(answer(invite, 200), at)
    bench.run(32.9)
    assert transaction.state == "ACCEPTED"
    bench.run(33.1)
    assert transaction.state == "TERMINATED"
    assert bench.user.told == ["200", "200", "200"]
    assert bench.times("ACK") == []  # the user's business


def test_transport_error_is_told_as_503() -> None:
    bench = Bench()
    transaction = bench.layer.request(request("INVITE"), FLOW, bench.user, 0.0)
    transaction.transport_error(0.0)
    assert bench.user.told == ["failed 503"]
    assert bench.timers.next_at() is None


# -- non-INVITE client (17.1.2) ----------------------------------------------------------------------------------------


def test_request_is_resent_at_t1_doubling_up_to_t2_until_timer_f() -> None:
    bench = Bench()
    bench.layer.request(request("BYE"), FLOW, bench.user, 0.0)
    bench.run(100)
    assert bench.times("BYE") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.user.told == ["failed 408"]


def test_request_is_resent_every_t2_after_a_provisional_response() -> None:
    bench = Bench()
    bye = request("BYE")
    transaction = bench.layer.request(bye, FLOW, bench.user, 0.0)
    bench.run(0.1)
    transaction.receive(answer(bye, 100), 0.1)
    bench.run(100)
    assert bench.times("BYE") == [0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert bench.user.told == ["100", "failed 408"]


def test_only_the_first_final_response_is_told() -> None:
    bench = Bench()
    bye = request("BYE")
    transaction = bench.layer.request(bye, FLOW, bench.user, 0.0)
    transaction.receive(answer(bye, 200), 0.0)
    assert not transaction.receive(answer(bye, 200), 1.0)
    bench.run(4.9)
    assert transaction.state == "COMPLETED"
    bench.run(5.1)  # timer K
    assert transaction.state == "TERMINATED"
    assert bench.user.told == ["200"]


# -- INVITE server (17.2.1) --------------------------------------------------------------------------------------------


def invite_server(bench: Bench, invite: Request) -> InviteServer:
    transaction = bench.layer.serve(invite, FLOW, bench.now)
    assert isinstance(transaction, InviteServer)
    transaction.user = bench.user
    return transaction


def test_trying_is_sent_when_the_user_takes_200_ms() -> None:
    bench = Bench()
    invite_server(bench, request("INVITE"))
    bench.run(10)
    assert bench.sent == [(0.2, "100")]


def test_no_trying_when_the_user_was_faster() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = invite_server(bench, invite)
    transaction.respond(answer(invite, 180), 0.0)
    bench.run(10)
    assert bench.sent == [(0, "180")]


def test_retransmitted_invite_gets_the_last_provisional_response() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = invite_server(bench, invite)
    transaction.receive(invite, 0.0)  # nothing to repeat yet
    transaction.respond(answer(invite, 180), 0.0)
    transaction.receive(invite, 0.0)
    bench.note()
    assert [line for _, line in bench.sent] == ["180", "180"]


def test_refusal_is_resent_until_timer_h() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = invite_server(bench, invite)
    transaction.respond(answer(invite, 486), 0.0)
    bench.run(100)
    assert bench.times("486") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.user.told == ["no ACK"]
    assert transaction.state == "TERMINATED"


def test_ack_ends_the_refusal_and_is_absorbed_until_timer_i() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = invite_server(bench, invite)
    transaction.respond(answer(invite, 486), 0.0)
    ack = request("ACK")
    assert bench.layer.server_of(ack) is transaction
    transaction.receive(ack, 0.1)
    transaction.receive(ack, 0.2)
    bench.run(5.0)
    assert transaction.state == "CONFIRMED"
    bench.run(5.2)
    assert transaction.state == "TERMINATED"
    assert [line for _, line in bench.sent] == ["486"]
    assert bench.user.told == []


def test_accepted_absorbs_the_invite_and_passes_the_acks_up_until_timer_l() -> None:
    """RFC 6026 7.1."""
    bench = Bench()
    invite = request("INVITE")
    transaction = invite_server(bench, invite)
    transaction.respond(answer(invite, 200), 0.0)
    transaction.receive(invite, 0.1)
    transaction.receive(request("ACK"), 0.2)  # under the INVITE's own branch, as RFC 2543 peers do
    transaction.respond(answer(invite, 200), 0.5)
    bench.run(31.9)
    assert transaction.state == "ACCEPTED"
    bench.run(32.1)
    assert transaction.state == "TERMINATED"
    assert [line for _, line in bench.sent] == ["200", "200"]
    assert bench.user.told == ["ACK"]


# -- non-INVITE server (17.2.2) ----------------------------------------------------------------------------------------


def test_retransmitted_request_gets_the_final_response_until_timer_j() -> None:
    bench = Bench()
    bye = request("BYE")
    transaction = bench.layer.serve(bye, FLOW, 0.0)
    transaction.receive(bye, 0.0)
    transaction.respond(answer(bye, 200), 0.0)
    transaction.receive(bye, 1.0)
    assert not transaction.respond(answer(bye, 500), 1.0)  # 17.2.2: other final responses are discarded
    bench.run(31.9)
    assert [line for _, line in bench.sent] == ["200", "200"]
    bench.run(32.1)
    assert transaction.state == "TERMINATED"


def test_who_cannot_answer_in_time_does_not_answer() -> None:
    """RFC 4320 4.2: no 408."""
    bench = Bench()
    transaction = bench.layer.serve(request("OPTIONS"), FLOW, 0.0)
    bench.run(32.1)
    assert transaction.state == "TERMINATED"
    assert bench.sent == []


# -- reliable transports -----------------------------------------------------------------------------------------------


def test_reliable_transport_needs_no_retransmission_and_no_waiting() -> None:
    bench = Bench()
    invite, bye = request("INVITE"), request("BYE", "z9hG4bKtwo")
    client = InviteClient(invite, FLOW, bench.layer, bench.user, reliable=True)
    client.start(0.0)
    bench.run(20)
    client.receive(answer(invite, 486), 20.0)
    bench.run(20)
    assert client.state == "TERMINATED"
    other = NonInviteClient(bye, FLOW, bench.layer, bench.user, reliable=True)
    other.start(20.0)
    bench.run(30)
    other.receive(answer(bye, 200), 30.0)
    bench.run(30)
    assert other.state == "TERMINATED"
    assert [line for _, line in bench.sent] == ["INVITE", "ACK", "BYE"]


def test_reliable_server_does_not_resend_a_refusal() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = InviteServer(invite, FLOW, bench.layer, bench.user, reliable=True)
    transaction.start(0.0)
    transaction.respond(answer(invite, 486), 0.0)
    bench.run(10)
    assert [line for _, line in bench.sent] == ["486"]
    transaction.receive(request("ACK"), 10.0)
    bench.run(10)
    assert transaction.state == "TERMINATED"


# -- matching (17.1.3, 17.2.3) -----------------------------------------------------------------------------------------


def test_response_is_matched_by_branch_method_and_sent_by() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = bench.layer.request(invite, FLOW, bench.user, 0.0)
    assert bench.layer.client_of(answer(invite, 180)) is transaction
    assert bench.layer.client_of(answer(request("CANCEL"), 200)) is None
    assert bench.layer.client_of(answer(request("INVITE", "z9hG4bKother"), 180)) is None
    elsewhere = answer(invite, 180)
    elsewhere.replace_via(Via.create(THERE, "z9hG4bKone"))
    assert bench.layer.client_of(elsewhere) is None


def test_request_is_matched_by_branch_sent_by_and_method_and_not_by_source() -> None:
    bench = Bench()
    invite = request("INVITE")
    transaction = bench.layer.serve(invite, FLOW, 0.0)
    assert bench.layer.server_of(request("INVITE")) is transaction
    assert bench.layer.server_of(request("ACK")) is transaction
    assert bench.layer.server_of(request("CANCEL")) is None
    assert bench.layer.server_of(request("CANCEL"), "INVITE") is transaction
    other = request("INVITE")
    other.replace_via(Via.create(THERE, "z9hG4bKone"))
    assert bench.layer.server_of(other) is None


@pytest.mark.parametrize("branch", ["", "z9hG4bK", "1"])
def test_rfc_2543_requests_are_matched_by_their_fields(branch: str) -> None:
    """17.2.3, second half; a cookie alone is no branch (RFC 4475 3.2.1)."""
    bench = Bench()

    def old(method: str, cseq: int) -> Request:
        made = request(method)
        made.headers.set("CSeq", f"{cseq} {method}")
        made.headers.set("Via", "SIP/2.0/UDP 192.0.2.7" + (f";branch={branch}" if branch else ""))
        return made

    transaction = bench.layer.serve(old("INVITE", 1), FLOW, 0.0)
    assert bench.layer.server_of(old("INVITE", 1)) is transaction
    assert bench.layer.server_of(old("INVITE", 2)) is None
    ack = old("ACK", 1)
    ack.headers.set("To", "<sip:b@b.example>;tag=2")
    assert bench.layer.server_of(ack) is transaction


@pytest.mark.parametrize(
    ("via", "source", "stamped", "goes_to"),
    [
        # RFC 3261 18.2.1: its example
        ("SIP/2.0/UDP bobspc.biloxi.com:5060", ("192.0.2.4", 5060),
         "SIP/2.0/UDP bobspc.biloxi.com:5060;received=192.0.2.4", ("192.0.2.4", 5060)),
        # 18.2.2: the port of sent-by, not that of the source
        ("SIP/2.0/UDP 192.0.2.4:5070", ("192.0.2.4", 1234), "SIP/2.0/UDP 192.0.2.4:5070", ("192.0.2.4", 5070)),
        # RFC 3581 6: its example
        ("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", ("192.0.2.1", 9988),
         "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1", ("192.0.2.1", 9988)),
        # RFC 3581 4: received even if it is the same
        ("SIP/2.0/UDP 192.0.2.4;rport", ("192.0.2.4", 5060),
         "SIP/2.0/UDP 192.0.2.4;rport=5060;received=192.0.2.4", ("192.0.2.4", 5060)),
        # 18.2.2: maddr goes first
        ("SIP/2.0/UDP 192.0.2.4;maddr=224.0.1.75", ("192.0.2.4", 5060),
         "SIP/2.0/UDP 192.0.2.4;maddr=224.0.1.75", ("224.0.1.75", 5060)),
        # what a sender says of itself is not believed
        ("SIP/2.0/UDP 192.0.2.4;received=198.51.100.1", ("192.0.2.9", 5060),
         "SIP/2.0/UDP 192.0.2.4;received=192.0.2.9", ("192.0.2.9", 5060)),
        (
            "SIP/2.0/UDP 192.0.2.4;received=198.51.100.1",
            ("192.0.2.4", 5060),
            "SIP/2.0/UDP 192.0.2.4;received=192.0.2.4",
            ("192.0.2.4", 5060),
        ),
        # IPv6 (RFC 5118 4.5)
        ("SIP/2.0/UDP [2001:db8::9:1];rport", ("2001:db8::9:255", 5061),
         "SIP/2.0/UDP [2001:db8::9:1];rport=5061;received=2001:db8::9:255", ("2001:db8::9:255", 5061)),
    ],
)  # fmt: skip
def test_where_responses_go(via: str, source: tuple[str, int], stamped: str, goes_to: tuple[str, int]) -> None:
    result = Via.parse(via).stamped(Address(*source))
    assert str(result) == stamped
    assert result.response_address() == Address(*goes_to)
