"""A mobile node whose WiFi is its home network: there it needs no home agent, and has one when it leaves.

                     wifi: 10.10.0.0/24, the home network
         .-- mn-wifi ))  wifi-air  (( home ----.
    mn --|                                      |-- core -- cn   10.20.0.2
         '-- mn-umts ))  umts-air  (( umts-gw --'
                     umts: 10.2.0.0/24

`home` is the router of the home network, and the home agent. `printer` is somebody else at home, who has nothing to do
with the call. Look around in it with Mininet itself (as root, from the project's folder):

    .venv/bin/mn --custom topologies/home-wifi.py --topo home-wifi --controller none
"""

from testbed.lab.network import AccessLink, Interface, Network, Node, Route, Wire

NETWORK = Network(
    name="home-wifi",
    mobile="mn",
    nodes=(
        Node("mn"),
        Node("home", forwards=True, routes=(Route("default", via="10.0.1.1"),)),
        Node("umts-gw", forwards=True, routes=(Route("default", via="10.0.2.1"),)),
        Node(
            "core",
            forwards=True,
            routes=(Route("10.10.0.0/24", via="10.0.1.2"), Route("10.2.0.0/24", via="10.0.2.2")),
        ),
        Node("cn", routes=(Route("default", via="10.20.0.1"),)),
        Node("printer", routes=(Route("default", via="10.10.0.1"),)),
    ),
    access_links=(
        AccessLink(
            "wifi",
            node=Interface("mn", "mn-wifi", "10.10.0.2/24"),
            router=Interface("home", "home-air", "10.10.0.1/24"),
        ),
        AccessLink(
            "umts",
            node=Interface("mn", "mn-umts", "10.2.0.2/24"),
            router=Interface("umts-gw", "umts-gw-air", "10.2.0.1/24"),
            arp=False,
        ),
    ),
    wires=(
        Wire(Interface("home", "home-core", "10.0.1.2/30"), Interface("core", "core-wifi", "10.0.1.1/30")),
        Wire(Interface("umts-gw", "umts-gw-core", "10.0.2.2/30"), Interface("core", "core-umts", "10.0.2.1/30")),
        Wire(Interface("core", "core-cn", "10.20.0.1/24"), Interface("cn", "cn-eth0", "10.20.0.2/24")),
        Wire(Interface("wifi-air", "wifi-air-print"), Interface("printer", "printer-wifi", "10.10.0.66/24")),
    ),
)

topos = {"home-wifi": NETWORK.topo}
