"""The multihomed network with somebody else in it, who has no business in the call: behind the core, and in the WiFi.

             neighbour 10.1.0.66
                         |
                     wifi: 10.1.0.0/24
         .-- mn-wifi ))  wifi-air  (( wifi-gw --.                    .-- home      10.10.0.2
    mn --|                                      |-- core ------------|-- cn        10.20.0.2
         '-- mn-umts ))  umts-air  (( umts-gw --'                    '-- attacker  10.66.0.2
                     umts: 10.2.0.0/24

`testbed attack` runs a call in it. Look around in it with Mininet itself (as root, from the project's folder):

    .venv/bin/mn --custom topologies/with-attacker.py --topo with-attacker --controller none
"""

from testbed.lab.network import AccessLink, Interface, Network, Node, Route, Wire

NETWORK = Network(
    name="with-attacker",
    mobile="mn",
    nodes=(
        Node("mn"),
        Node("wifi-gw", forwards=True, routes=(Route("default", via="10.0.1.1"),)),
        Node("umts-gw", forwards=True, routes=(Route("default", via="10.0.2.1"),)),
        Node(
            "core",
            forwards=True,
            routes=(Route("10.1.0.0/24", via="10.0.1.2"), Route("10.2.0.0/24", via="10.0.2.2")),
        ),
        Node("home", routes=(Route("default", via="10.10.0.1"),)),
        Node("cn", routes=(Route("default", via="10.20.0.1"),)),
        Node("attacker", routes=(Route("default", via="10.66.0.1"),)),
        Node("neighbour", routes=(Route("default", via="10.1.0.1"),)),
    ),
    access_links=(
        AccessLink(
            "wifi",
            node=Interface("mn", "mn-wifi", "10.1.0.2/24"),
            router=Interface("wifi-gw", "wifi-gw-air", "10.1.0.1/24"),
        ),
        AccessLink(
            "umts",
            node=Interface("mn", "mn-umts", "10.2.0.2/24"),
            router=Interface("umts-gw", "umts-gw-air", "10.2.0.1/24"),
            arp=False,
        ),
    ),
    wires=(
        Wire(Interface("wifi-gw", "wifi-gw-core", "10.0.1.2/30"), Interface("core", "core-wifi", "10.0.1.1/30")),
        Wire(Interface("umts-gw", "umts-gw-core", "10.0.2.2/30"), Interface("core", "core-umts", "10.0.2.1/30")),
        Wire(Interface("core", "core-home", "10.10.0.1/24"), Interface("home", "home-eth0", "10.10.0.2/24")),
        Wire(Interface("core", "core-cn", "10.20.0.1/24"), Interface("cn", "cn-eth0", "10.20.0.2/24")),
        Wire(Interface("core", "core-evil", "10.66.0.1/24"), Interface("attacker", "attacker-eth0", "10.66.0.2/24")),
        Wire(Interface("wifi-air", "wifi-air-evil"), Interface("neighbour", "neighbour-wifi", "10.1.0.66/24")),
    ),
)

topos = {"with-attacker": NETWORK.topo}
