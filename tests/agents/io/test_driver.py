"""The loop with sockets and a clock, run as a process and met over loopback: what an agent is to the lab."""

from __future__ import annotations

import io
import json
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from agents.io.driver import Driver
from agents.sip.message.address import Address
from tests.agents.io.conftest import free_port
from tests.agents.io.parrot import TIMER_S, Parrot
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.io.udp import UdpSocket

ROOT = Path(__file__).parents[3]


class Agent:
    """The process, and a socket to talk to it."""

    def __init__(self, errors: Path) -> None:
        self.port = free_port()
        self._log = errors.open("wb")
        command = [sys.executable, "-m", "tests.agents.io.parrot", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, bufsize=0
        )  # fmt: skip
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)
        self._rest = b""

    def line(self) -> str:
        """The next line of its standard output; fails when none comes."""
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            assert select.select([self.process.stdout], [], [], PATIENCE_S)[0], "nothing said"
            data = self.process.stdout.read(65536)
            assert data, "it has ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def event(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """The next event, which must have this name; how late it is on a busy machine is nobody's business here."""
        while "late_s" in (event := json.loads(self.line())) and "event" not in event:
            pass
        assert event["event"] == name
        return event

    def tell(self, text: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)

    def say(self, data: bytes, ip: str = "127.0.0.1", port: int = 0) -> None:
        self.socket.sendto(data, (ip, self.port + port))

    def close(self) -> int:
        """Ends its standard input; returns its exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.socket.close()
        self._log.close()
        return status


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def agent(log: Path) -> Iterator[Agent]:
    """One that is ready."""
    agent = Agent(log)
    try:
        assert agent.line() == "READY"
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.close()


def test_ready_when_bound_and_over_when_its_input_ends(agent: Agent, log: Path) -> None:
    agent.say(b"hello")  # after READY nothing gets lost
    assert agent.event("heard")["data"] == "hello"
    assert agent.close() == 0
    notes = log.read_text().splitlines()
    assert notes[0].endswith(" a detail")
    assert notes[1].endswith("not opened: [Errno 99] Cannot assign requested address")
    assert len(notes) == 2  # for TCP it was not even tried


def test_a_datagram_is_answered_from_where_it_was_sent_to(agent: Agent) -> None:
    before_ns = time.time_ns()
    agent.say(b"hello")
    assert agent.socket.recvfrom(100) == (b"hello", ("127.0.0.1", agent.port))
    event = agent.event("heard")
    assert before_ns < event["time_ns"] < time.time_ns()
    assert 0 <= event["waited_s"] < PATIENCE_S


def test_where_sip_is_spoken_over_udp_it_is_over_tcp(agent: Agent) -> None:
    """RFC 3261 18.2.1; a role that knows nothing of TCP answers over the connection of the question."""
    message = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", agent.port), PATIENCE_S) as sock:
        for half in (message[:20], message[20:] + message):
            sock.sendall(half)
        assert [agent.event("heard")["data"] for _ in range(2)] == [message.decode()] * 2
        answer = b""
        while len(answer) < 2 * len(message):
            answer += sock.recv(1000)
        assert answer == 2 * message
    assert agent.event("refused")["local"] == "127.0.0.1"  # the connection is gone
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", agent.port + 2), PATIENCE_S)  # that one is for speech


def test_reports_come_in_as_lines(agent: Agent) -> None:
    """Several in one write, or one in several."""
    agent.tell(b'{"report": "signal", "signal_dbm": -60.5}\n{"report": "other"}\n{"rep')
    assert agent.event("reported")["signal_dbm"] == -60.5
    assert agent.event("reported")["report"] == "other"
    agent.tell(b'ort": "third"}\n')
    assert agent.event("reported")["report"] == "third"


def test_a_request_to_the_radio_is_a_line(agent: Agent) -> None:
    agent.tell(b'{"report": "attach"}\n')
    agent.event("reported")
    assert json.loads(agent.line()) == {"request": "attach", "link": "umts"}


def test_the_start_names_time_zero_and_timers_are_served(agent: Agent) -> None:
    zero_s = time.monotonic() + 0.2
    agent.tell(json.dumps({"report": "start", "zero_s": zero_s}).encode() + b"\n")
    assert agent.event("started")["zero_s"] == zero_s
    assert 0 <= agent.event("timer")["late_s"] < PATIENCE_S
    assert time.monotonic() >= zero_s + TIMER_S


def test_speech_is_handed_over_within_the_drivers_patience_and_with_the_kernels_time(agent: Agent) -> None:
    before = time.monotonic()
    agent.say(b"speech", port=2)
    event = agent.event("heard")
    # Handed over by the end of its wait, and before it nothing was said of it: what the wait lasts, a machine decides.
    assert before - 0.005 < event["at"] <= time.monotonic() - event["waited_s"]


class Late:
    """A socket with one datagram, which has lain in it for a second."""

    local = Address("127.0.0.1", 5060)

    def __init__(self) -> None:
        self.at = time.monotonic() - 1.0

    def received(self, most: int = 1) -> Iterator[tuple[bytes, Address, float]]:
        yield b"late", self.local, self.at


class Listening(Parrot):
    """Notes the times that it is told."""

    def __init__(self) -> None:
        super().__init__(5060)
        self.times: list[tuple[float, float | None]] = []

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        self.times.append((now, came))


def test_the_time_that_a_role_is_told_never_goes_back() -> None:
    """Behind no timer that was served before: transactions run from it. Media have their time of arrival beside it."""
    role, before = Listening(), time.monotonic()
    driver, sock, late = Driver(role), cast("UdpSocket", Late()), cast("UdpSocket", Late())
    driver._read(sock)
    driver._read_media(sock)
    driver._read_patient([sock, late])
    times = [before, *(now for now, _ in role.times), time.monotonic()]
    assert times == sorted(times)
    arrivals = [cast("Late", one).at for one in (sock, sock, late)]
    assert [came for _, came in role.times] == [None, *arrivals]


def test_who_is_late_says_so_once_time_counts() -> None:
    """And again only when it is later by something that is worth a word."""
    told = io.StringIO()
    driver, late = Driver(Parrot(5060), events=told), cast("UdpSocket", Late())
    driver._read(late)
    driver._late_s = 0.0  # scenario time has begun
    for late_s in (0.0019, 0.0201, 0.0199, 0.0211, 0.0222):
        driver._tell_late(late_s)
    driver._read(late)
    driver._read_media(late)
    *lines, last = [json.loads(line)["late_s"] for line in told.getvalue().splitlines()]
    assert lines == [0.0201, 0.0222]
    assert last >= 1.0


def test_speech_over_two_sockets_is_handed_over_in_the_order_of_its_arrival(agent: Agent) -> None:
    """A playout that hears of the one link first would take the packets of the other one for late."""
    for round_ in range(10):
        for number in range(6):
            agent.say(b"%d" % number, ip=f"127.0.0.{1 + number % 2}", port=2)
            time.sleep(0.0003)
        events = [agent.event("heard") for _ in range(6)]
        assert [event["data"] for event in events] == list("012345"), round_
        times = [event["at"] for event in events]
        assert times == sorted(times)


def test_what_the_system_refuses_is_told_and_may_go_another_way_at_once(agent: Agent) -> None:
    """From an address that could not be opened: no socket. Nothing else wakes the agent, and nothing has to."""
    port = agent.socket.getsockname()[1]
    agent.tell(json.dumps({"report": "send", "port": port}).encode() + b"\n")
    agent.event("reported")
    assert agent.event("refused")["local"] == "192.0.2.1"
    assert agent.socket.recv(100) == b"by another way"
