"""The kernel's own 802.11 stack on an access link: two simulated radios, one in the phone and one in the air."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pyroute2 import IPRoute

from testbed.lab.network.nodes import write_sysctl
from testbed.lab.network.wiring import Interface, Network
from testbed.lab.spaces import NodeSpace, Spaces, index_of, inside

# All frames of all simulated radios, with a radiotap header each.
MONITOR = "hwsim0"
RADIOS = Path("/sys/class/ieee80211")
# What wpa_supplicant says when something has been done, in this order.
PHASES = {
    "scan": re.compile(r"SME: Trying to authenticate with"),
    "authentication": re.compile(r"Trying to associate with"),
    "association": re.compile(r"Associated with"),
    "key handshake": re.compile(r"CTRL-EVENT-CONNECTED"),
}
LAST_PHASE = "key handshake"
LINE = re.compile(r"(\d+)\.(\d{6}): \S+: (.*)")
STOP_LIMIT_S = 3.0


def install(net: Spaces, network: Network) -> tuple[str, ...]:
    """Gives every wireless access link its radios, as interfaces of the names that the network says.

    Returns the names of the interfaces, of no node, at which all frames in the air can be captured.
    """
    ends = [end for link in network.access_links if link.is_wireless for end in (link.node, link.node_port)]
    if not ends:
        return ()
    subprocess.run(["modprobe", "-a", "ccm", "cmac"], check=True)
    subprocess.run(["modprobe", "mac80211_hwsim", f"radios={len(ends)}"], check=True)
    for number, end in enumerate(ends):
        install_radio(net[end.node], f"phy{number}", end, network)
    with IPRoute() as netlink:
        netlink.link("set", index=index_of(netlink, MONITOR), state="up")
    return (MONITOR,)


def install_radio(node: NodeSpace, radio: str, end: Interface, network: Network) -> None:
    """Moves a radio into a node. The phone's interface is up from then on; the access point sees to its own."""
    (made,) = (RADIOS / radio / "device" / "net").iterdir()
    # It names a namespace by a process in it.
    guest = node.popen(["cat"], stdin=subprocess.PIPE)
    subprocess.run(["iw", "phy", radio, "set", "netns", str(guest.pid)], check=True)
    guest.communicate()
    with inside(node) as netlink:
        index = index_of(netlink, made.name)
        netlink.link("set", index=index, ifname=end.name, address=network.mac(end))
        if end.node == network.mobile:
            if network.is_ip6:
                write_sysctl(node, f"net/ipv6/conf/{end.name}/disable_ipv6", 1)
            netlink.link("set", index=index, state="up")


class Supplicant:
    """wpa_supplicant on an interface of the mobile node; what it says goes to a log, with its times."""

    def __init__(self, node: NodeSpace, interface: str, settings: str, log: Path) -> None:
        file = log.with_suffix(".conf")
        file.write_text(settings)
        self._log = log.open("ab")
        self._process = node.popen(
            ["wpa_supplicant", "-t", "-f", "/proc/self/fd/1", "-D", "nl80211", "-i", interface, "-c", str(file)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait on."""
        descriptor: int = self._process.stdout.fileno()
        return descriptor

    def phases(self) -> Iterator[tuple[int, str]]:
        """What it has got done since the last call, and when (ns since 1970)."""
        data = os.read(self.fileno(), 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._log.write(line + b"\n")
            yield from phase(line.decode(errors="replace"))

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(STOP_LIMIT_S)
        self._process.stdout.close()
        self._log.close()


def phase(line: str) -> Iterator[tuple[int, str]]:
    """The phase of attaching that ends with a line of wpa_supplicant's log, if one does, and its time in ns."""
    found = LINE.match(line)
    if found is None:
        return
    for name, sign in PHASES.items():
        if sign.match(found[3]):
            yield int(found[1]) * 1_000_000_000 + int(found[2]) * 1000, name
