"""A WiFi of its own: both sides have the same name and key, and what wpa_supplicant says becomes phases."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from testbed.access.wifi import CHANNELS, access_point, key, ssid, supplicant
from testbed.engine.guest.recipes import WITH_RADIOS, recipe_for
from testbed.lab.network.wireless import PHASES, phase
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.reading.places import TOPOLOGY

WIFI = load_topology(TOPOLOGY.find("multihomed")).access_link("wifi")
# What version 2.10 says, with -t.
SAID = """\
Successfully initialized wpa_supplicant
1767225619.224510: mn-wifi: SME: Trying to authenticate with 02:00:00:00:00:02 (SSID='testbed' freq=2437 MHz)
1767225619.225633: mn-wifi: Trying to associate with 02:00:00:00:00:02 (SSID='testbed' freq=2437 MHz)
1767225619.230001: mn-wifi: Associated with 02:00:00:00:00:02
1767225619.230002: mn-wifi: CTRL-EVENT-SUBNET-STATUS-UPDATE status=0
1767225619.247000: mn-wifi: WPA: Key negotiation completed with 02:00:00:00:00:02 [PTK=CCMP GTK=CCMP]
1767225619.247100: mn-wifi: CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:02 completed [id=0 id_str=]
1767225640.000000: mn-wifi: CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:02 reason=4 locally_generated=1
"""


def test_access_point_and_phone_have_the_same_name_and_key() -> None:
    program = access_point(WIFI, 0)
    settings = dict(line.split("=", 1) for line in program["files"]["hostapd.conf"].splitlines())
    assert (settings["ssid"], settings["wpa_psk"]) == (ssid(WIFI), key(WIFI))
    assert (settings["interface"], settings["bridge"], program["node"]) == ("wifi-air-dn", "bridge", "wifi-air")
    assert f'ssid="{ssid(WIFI)}"' in supplicant(WIFI)
    assert f"psk={key(WIFI)}" in supplicant(WIFI)
    assert len(key(WIFI)) == 64


def test_each_link_is_a_network_of_its_own() -> None:
    """A radio that knows the one network can't get onto another, and they don't disturb each other."""
    cells = [replace(WIFI, name=name) for name in ("cell1", "cell2", "cell3")]
    settings = [access_point(cell, number)["files"]["hostapd.conf"] for number, cell in enumerate(cells)]
    for name in ("ssid", "wpa_psk", "channel"):
        lines = [next(line for line in one.splitlines() if line.startswith(f"{name}=")) for one in settings]
        assert len(set(lines)) == 3
    assert all(key(cells[0]) not in supplicant(cell) for cell in cells[1:])
    assert len(set(CHANNELS)) == 3


def test_phases_end_when_wpa_supplicant_says_so() -> None:
    found = list(chain.from_iterable(phase(line) for line in SAID.splitlines()))
    assert [name for _, name in found] == list(PHASES)
    assert found[0][0] == 1767225619_224510_000


def test_guest_with_a_kernel_that_has_802_11_is_made_only_when_it_is_needed() -> None:
    assert recipe_for(["hostapd", "dnsmasq-base"]) is WITH_RADIOS
    assert recipe_for(["dnsmasq-base"]) is not WITH_RADIOS
    both = recipe_for(["hostapd", "baresip-core"])
    assert (both.kernel, both.packages) == (WITH_RADIOS.kernel, (*WITH_RADIOS.packages, "baresip-core"))
