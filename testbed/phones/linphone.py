"""Linphone 5.1.65 of Debian 12, its console version."""

from testbed.lab.plan import Foreign
from testbed.phones.site import Site

ABOUT = "Linphone; ignores what it is required and doesn't know, gives its Contact the address that it answers from"

# The phone has no sound card, and speaks what it comes with. Its database needs its folder to be there.
SPEECH = "/usr/share/sounds/linphone/hello8000.wav"
DATABASE_FOLDER = ".local/share/linphone"


def program(site: Site) -> Foreign:
    """How it is started; it answers by itself, and is told what to do by its prompt."""
    return {
        "name": site.node,
        "node": site.node,
        "package": "linphone-cli",
        "command": ["linphonec", "-a", "-c", "linphonerc", "-d", "6", "-l", "messages.log"],
        "files": {
            "linphonerc": site.render("linphonerc.j2"),
            f"{DATABASE_FOLDER}/README": "linphonec keeps its database here\n",
        },
        "udp_ports": [site.sip_port],
        "start": f"soundcard use files\nplay {SPEECH}\n",
        "hang_up": "terminate\n",
    }
