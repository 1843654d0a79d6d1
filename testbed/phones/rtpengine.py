"""rtpengine 10.5.3 of Debian 12, in user space: the media relay that Kamailio controls."""

from testbed.lab.plan import Foreign
from testbed.phones.site import Site

# Of its "ng" protocol, on the host's own loopback: nobody else is to open ports.
CONTROL_PORT = 2223
# Enough for the calls of a run.
PORTS = 100
# Of syslog: what it has learned stands in its log.
LOG_LEVEL = 6


def program(site: Site) -> Foreign:
    """How it is started; nobody hangs up here."""
    return {
        "name": "rtpengine",
        "node": site.node,
        "package": "rtpengine-daemon",
        "command": [
            *("rtpengine", "--config-file=none", "--foreground", "--log-stderr", f"--log-level={LOG_LEVEL}"),
            # No table: that would be the kernel module's. One processor needs one thread.
            *("--table=-1", "--num-threads=1", f"--interface={site.address}", f"--listen-ng=127.0.0.1:{CONTROL_PORT}"),
            *(f"--port-min={site.media_port}", f"--port-max={site.media_port + PORTS}"),
        ],
        "files": {},
        "udp_ports": [CONTROL_PORT],
        "start": "",
        "hang_up": "",
    }
