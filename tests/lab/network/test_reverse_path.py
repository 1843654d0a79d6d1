"""A router of IPv6 forwards what comes from where its source is, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.namespaces import unsharing
from tests.rules import ROOT

#: A router between two networks, with a third one behind the second, and all else behind that, too.
ADDRESSES = {"a0": "2001:db8:1::1/64", "b0": "2001:db8:2::1/64"}
ROUTES = [("2001:db8:3::/64", "2001:db8:2::2"), ("default", "2001:db8:2::2")]
SETUP = """
import json, sys
from pyroute2 import IPRoute
from testbed.lab.network.reverse_path import filter_sources
addresses, routes = json.loads(sys.argv[1])
with IPRoute() as link:
    for name in addresses:
        link.link("add", ifname=name, kind="veth", peer="other-" + name)
    for name in ("lo", *addresses, *("other-" + name for name in addresses)):
        link.link("set", index=link.link_lookup(ifname=name)[0], state="up")
    for name, address in addresses.items():
        link.addr("add", index=link.link_lookup(ifname=name)[0], address=address, IFA_FLAGS=2)
    for to, via in routes:
        link.route("add", family=10, dst=to, gateway=via)
    filter_sources(link, addresses, routes)
"""
#: Source, interface, and whether a packet from there to the other network goes on.
COMING = [
    ("2001:db8:1::7", "a0", True),
    ("2001:db8:2::7", "b0", True),
    ("2001:db8:3::7", "b0", True),
    ("2001:db8:9::7", "b0", True),
    ("2001:db8:2::7", "a0", False),
    ("2001:db8:3::7", "a0", False),
    ("2001:db8:9::7", "a0", False),
    ("2001:db8:1::7", "b0", False),
]


def test_a_packet_comes_from_where_its_source_is() -> None:
    words = unsharing("--net", "--mount")
    ask = "\n".join(
        f"ip -6 route get {'2001:db8:2::9' if interface == 'a0' else '2001:db8:1::9'} from {source} iif {interface}"
        " >/dev/null 2>&1; echo $?"
        for source, interface, _ in COMING
    )
    plan = json.dumps([ADDRESSES, ROUTES])
    script = (
        "mount -t sysfs none /sys; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding\n"
        f'"$1" -c "$2" "$3" || exit 9\n{ask}\n'
        "ip -6 route get 2001:db8:2::9 from 2001:db8:1::1 >/dev/null 2>&1; echo $?"
    )
    run = subprocess.run(
        [*words, "bash", "-c", script, "-", sys.executable, SETUP, plan],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    went_on = [line == "0" for line in run.stdout.split()]
    assert went_on == [expected for _, _, expected in COMING] + [True], run.stdout
