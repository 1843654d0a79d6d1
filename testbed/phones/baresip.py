"""baresip 1.0.0 of Debian 12."""

from testbed.lab.plan import Foreign
from testbed.phones.site import Site

ABOUT = "baresip, a modular SIP phone; honours target refresh, refuses what it is required and doesn't know"


def program(site: Site) -> Foreign:
    """How it is started; it is told what to do by its menu, as a person would."""
    return {
        "name": site.node,
        "node": site.node,
        "package": "baresip-core",
        "command": ["baresip", "-s", "-f", "."],
        "files": {
            "config": site.render("baresip.config.j2"),
            "accounts": site.render("baresip.accounts.j2"),
            "contacts": "",
        },
        "udp_ports": [site.sip_port],
        "start": "",
        "hang_up": "/hangup\n",
    }
