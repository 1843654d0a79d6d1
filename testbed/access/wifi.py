"""A WiFi of its own for an access link: hostapd and wpa_supplicant 2.10 of Debian 12, WPA2 (IEEE 802.11i)."""

import hashlib

from testbed.access.configured import server
from testbed.lab.network import AccessLink
from testbed.lab.plan import Foreign

# Of the 2.4 GHz band, those that don't overlap, the one that we always had first (IEEE 802.11, 17.4.6.3).
CHANNELS = (6, 1, 11)
# The key handshake as packets of the interface, where captures and the link's delay are (not through nl80211).
AS_PACKETS = "control_port=0"


def ssid(link: AccessLink) -> str:
    """What the link's network is called: each link is a network of its own, of which a radio knows no other."""
    return f"testbed-{link.name}"


def key(link: AccessLink) -> str:
    """The key of the link's network, as both have it configured.

    It is made of a passphrase and the name (IEEE 802.11, J.4.1), and not made anew each time.
    """
    return hashlib.pbkdf2_hmac("sha1", b"handover", ssid(link).encode(), 4096, 32).hex()


def access_point(link: AccessLink, number: int) -> Foreign:
    """The access point: a radio in the link's air, bridged to the access router. `number` counts them from 0."""
    settings = {
        "interface": link.node_port.name,
        "bridge": "bridge",
        "driver": "nl80211",
        "driver_params": AS_PACKETS,
        "ssid": ssid(link),
        "hw_mode": "g",
        "channel": str(CHANNELS[number % len(CHANNELS)]),
        "wpa": "2",
        "wpa_key_mgmt": "WPA-PSK",
        "rsn_pairwise": "CCMP",
        "wpa_psk": key(link),
    }
    return server(
        f"hostapd-{link.name}",
        link.air,
        "hostapd",
        # Its own standard output as a file, which it writes line by line.
        ["hostapd", "-t", "-f", "/proc/self/fd/1", "hostapd.conf"],
        {"hostapd.conf": "".join(f"{name}={value}\n" for name, value in settings.items())},
        says=f"{link.node_port.name}: AP-ENABLED",
    )


def supplicant(link: AccessLink) -> str:
    """The settings of the mobile node's wpa_supplicant: it knows name and key, and looks on every channel."""
    network = (
        f'network={{\n  ssid="{ssid(link)}"\n  psk={key(link)}\n  proto=RSN\n  key_mgmt=WPA-PSK\n  pairwise=CCMP\n}}\n'
    )
    return f"driver_param={AS_PACKETS}\n{network}"
