"""A WiFi of its own for an access link: hostapd and wpa_supplicant 2.10 of Debian 12, WPA2 (IEEE 802.11i)."""

import hashlib

from testbed.access.configured import server
from testbed.lab.network import AccessLink
from testbed.lab.plan import Foreign

SSID = "testbed"
CHANNEL = 6
# As both have it configured: the key that IEEE 802.11 (J.4.1) makes of a passphrase is not made anew each time.
KEY = hashlib.pbkdf2_hmac("sha1", b"handover", SSID.encode(), 4096, 32).hex()
# The key handshake as packets of the interface, where captures and the link's delay are (not through nl80211).
AS_PACKETS = "control_port=0"


def access_point(link: AccessLink) -> Foreign:
    """The access point: a radio in the link's air, bridged to the access router."""
    settings = {
        "interface": link.node_port.name,
        "bridge": "bridge",
        "driver": "nl80211",
        "driver_params": AS_PACKETS,
        "ssid": SSID,
        "hw_mode": "g",
        "channel": str(CHANNEL),
        "wpa": "2",
        "wpa_key_mgmt": "WPA-PSK",
        "rsn_pairwise": "CCMP",
        "wpa_psk": KEY,
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


def supplicant() -> str:
    """The settings of the mobile node's wpa_supplicant: it knows name and key, and looks on every channel."""
    network = f'network={{\n  ssid="{SSID}"\n  psk={KEY}\n  proto=RSN\n  key_mgmt=WPA-PSK\n  pairwise=CCMP\n}}\n'
    return f"driver_param={AS_PACKETS}\n{network}"
