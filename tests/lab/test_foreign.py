"""Programs that others wrote: how it is known that they listen."""

from __future__ import annotations

import socket
from pathlib import Path

from testbed.lab.foreign import bound_ports


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
