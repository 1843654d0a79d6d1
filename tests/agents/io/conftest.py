"""What the tests on the real kernel share."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from agents.io.udp import UdpSocket
from agents.sip.message.address import Address

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", autouse=True)
def stamping() -> Iterator[None]:
    """Has the kernel stamp datagrams as they arrive, as a capture does in the lab.

    It begins some time after the first socket of the machine has asked for it (net_enable_timestamp: a work queue does
    it) and until then stamps them as they are read.
    """
    sock = UdpSocket(Address("127.0.0.1", free_port()))
    for _ in range(500):
        sock.send(b"?", sock.local)
        time.sleep(0.02)
        now = time.monotonic()
        if any(at < now - 0.01 for _, _, at in sock.received()):
            break
    yield
    sock.close()
