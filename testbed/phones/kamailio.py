"""Kamailio 5.6.3 of Debian 12, in the home network: a proxy that stays on the path of every request, or a registrar."""

from dataclasses import dataclass

from testbed.lab.plan import Foreign
from testbed.phones import rtpengine
from testbed.phones.site import Site

# Of shared and private memory; a call needs little of either.
SHARED_MIB, PRIVATE_MIB = 32, 8


@dataclass(frozen=True)
class Subscriber:
    """Who may register in a domain, and how it is asked for its password; `is_outbound`: by RFC 5626 too."""

    user: str
    password: str
    domain: str
    realm: str
    is_outbound: bool


def proxy(site: Site, *, is_relayed: bool = False) -> Foreign:
    """Record-routes calls, and knows no users. `is_relayed`: it has the media go through rtpengine."""
    control_port = rtpengine.CONTROL_PORT if is_relayed else 0
    return _program("kamailio", site, site.render("kamailio.cfg.j2", control_port=control_port))


def registrar(site: Site, subscriber: Subscriber) -> Foreign:
    """Keeps what one subscriber registers, in memory. Of the paper's parameters it knows nothing."""
    return _program("registrar", site, site.render("kamailio-registrar.cfg.j2", subscriber=subscriber))


def _program(name: str, site: Site, config: str) -> Foreign:
    """How it is started; nobody hangs up here."""
    return {
        "name": name,
        "node": site.node,
        "package": "kamailio",
        "command": [
            *("kamailio", "-f", "kamailio.cfg", "-DD", "-E", "-m", str(SHARED_MIB), "-M", str(PRIVATE_MIB)),
            *("-P", "kamailio.pid", "-Y", ".", "-w", "."),
        ],
        "files": {"kamailio.cfg": config},
        "udp_ports": [site.sip_port],
        "start": "",
        "hang_up": "",
    }
