"""A DHCP client that others wrote, busybox's udhcpc, on an access link of the mobile node."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from testbed.lab.spaces import NodeSpace

# udhcpc leaves it to a script what is done with a lease; ours passes it on, as a line among those that udhcpc says.
SIGN = b"lease "
SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && echo "lease $ip/$mask $router"\n'
STOP_LIMIT_S = 3.0


class Lease(NamedTuple):
    """What the server has given: an address with its prefix length, and the way out."""

    address: str
    router: str


class DhcpClient:
    """Asks for an address on an interface until it has one, and renews it. What it says otherwise goes to a log."""

    def __init__(self, node: NodeSpace, interface: str, log: Path) -> None:
        script = log.with_suffix(".sh")
        script.write_text(SCRIPT)
        script.chmod(0o755)
        self._log = log.open("ab")
        self._process = node.popen(
            ["busybox", "udhcpc", "-f", "-i", interface, "-s", str(script)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait on."""
        descriptor: int = self._process.stdout.fileno()
        return descriptor

    def leases(self) -> Iterator[Lease]:
        """What it has been given since the last call; None when the client has ended."""
        data = os.read(self.fileno(), 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._log.write(line + b"\n")
            if line.startswith(SIGN):
                yield lease(line.removeprefix(SIGN).decode())

    def close(self) -> None:
        """Ends it; the server is not told, as when a phone goes out of reach."""
        self._process.kill()
        self._process.wait(STOP_LIMIT_S)
        self._process.stdout.close()
        self._log.close()


def lease(text: str) -> Lease:
    """A lease as our script writes it: the address, and routers, of which the first one counts (RFC 2132 3.5)."""
    address, *routers = text.split()
    return Lease(address, routers[0])
