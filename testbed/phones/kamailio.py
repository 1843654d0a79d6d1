"""Kamailio 5.6.3 of Debian 12, as the home network's proxy: it stays on the path of every request (Record-Route)."""

from testbed.lab.plan import Foreign
from testbed.phones import rtpengine
from testbed.phones.site import Site

# Of shared and private memory; a call needs little of either.
SHARED_MIB, PRIVATE_MIB = 32, 8


def program(site: Site, *, is_relayed: bool = False) -> Foreign:
    """How it is started; nobody hangs up here. `is_relayed`: it has the media go through rtpengine."""
    control_port = rtpengine.CONTROL_PORT if is_relayed else 0
    return {
        "name": "kamailio",
        "node": site.node,
        "package": "kamailio",
        "command": [
            *("kamailio", "-f", "kamailio.cfg", "-DD", "-E", "-m", str(SHARED_MIB), "-M", str(PRIVATE_MIB)),
            *("-P", "kamailio.pid", "-Y", ".", "-w", "."),
        ],
        "files": {"kamailio.cfg": site.render("kamailio.cfg.j2", control_port=control_port)},
        "udp_ports": [site.sip_port],
        "start": "",
        "hang_up": "",
    }
