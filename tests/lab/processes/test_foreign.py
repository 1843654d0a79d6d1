"""Programs that others wrote: how it is known that they listen."""

from __future__ import annotations

import select
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from testbed.lab.processes.foreign import ForeignProcess, bound_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from testbed.lab.plan import Telling
    from testbed.lab.spaces import NodeSpace


class Here:
    """A node that is this machine."""

    namespace = "/proc/self/ns/net"

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def popen(self, command: list[str], **how: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as Mininet's
        self.started.append(subprocess.Popen(command, **how))
        return self.started[-1]


@pytest.fixture
def here() -> Iterator[Here]:
    node = Here()
    yield node
    for process in node.started:
        process.kill()
        process.communicate()


def started(
    here: Here, folder: Path, command: str, *, told: Telling | None = None, files: dict[str, str] | None = None
) -> ForeignProcess:
    """A shell command as a program in `home`, which is to listen on port 0: never."""
    return ForeignProcess(
        cast("dict[str, NodeSpace]", {"home": here}),
        {
            "name": "relay", "node": "home", "file": "mine.yaml", "packages": [], "command": ["sh", "-c", command],
            "files": files or {}, "executables": [], "ready": {"udp": [0], "says": "", "within_s": 20.0},
            "start": {}, "call": {}, "hang_up": told or {}, "stop": {"signal": "TERM"}, "is_mobile": False,
        },
        folder,
    )  # fmt: skip


def wakes_the_lab(program: ForeignProcess) -> bool:
    """Whether there is something to be heard of it: that is its end, and fails the run."""
    readable, _, _ = select.select([program], [], [], 10.0)
    return readable == [program]


def test_program_that_ends_by_itself_is_heard_of_and_says_why(here: Here, tmp_path: Path) -> None:
    program = started(here, tmp_path, "echo starting; echo no port left >&2; exit 3")
    assert wakes_the_lab(program)
    assert not program.ready
    assert program.obituary() == (
        "relay (mine.yaml): sh ended with status 3; the last line of logs/relay.log: no port left"
    )


def test_program_that_is_killed_is_heard_of(here: Here, tmp_path: Path) -> None:
    program = started(here, tmp_path, "exec sleep 60")
    program.kill()
    assert wakes_the_lab(program)
    assert program.obituary() == "relay (mine.yaml): sh was killed by signal 9; logs/relay.log is empty"


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ({"types": "bye now\n"}, "read line; echo $line"),
        ({"signal": "USR1"}, "trap 'echo bye now; exit' USR1; echo up; while :; do sleep 0.01; done"),
        ({"runs": ["sh", "-c", "echo bye now > told"]}, "until [ -e told ]; do sleep 0.01; done; cat told"),
    ],
    ids=["typed", "signal", "command"],
)
def test_program_is_told_in_its_own_way(here: Here, tmp_path: Path, told: Telling, command: str) -> None:
    program = started(here, tmp_path, command, told=told)
    if "signal" in told:
        until(lambda: "up" in (tmp_path / "relay.log").read_text())
    program.tell({"report": "battery", "level": 0.5})
    program.tell({"report": "hang-up"})
    assert wakes_the_lab(program)
    assert "bye now" in (tmp_path / "relay.log").read_text()


def test_it_is_said_what_is_waited_for(here: Here, tmp_path: Path) -> None:
    assert started(here, tmp_path, "exec sleep 60").awaited() == "nobody listens on UDP port 0"


def test_copied_file_has_its_bytes(here: Here, tmp_path: Path) -> None:
    program = started(here, tmp_path, "exit 0", files={"deep/in/it": "\xff\x00"})
    assert wakes_the_lab(program)
    assert (tmp_path / "relay" / "deep" / "in" / "it").read_bytes() == b"\xff\x00"


def until(holds: Callable[[], bool]) -> None:
    """Waits for something that is about to happen; the limit is for what never does."""
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_ports_are_those_of_the_kernels_table() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        assert port in bound_ports(Path("/proc/self/net/udp").read_text())
    assert port not in bound_ports(Path("/proc/self/net/udp").read_text())


def test_ports_of_sockets_for_both_families_count() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::", 0))
        assert one.getsockname()[1] in bound_ports(Path("/proc/self/net/udp6").read_text())


def test_nobody_listens_on_an_empty_table() -> None:
    assert bound_ports("  sl  local_address rem_address   st tx_queue rx_queue\n") == set()
