"""A server that is configured by code: what dnsmasq and hostapd have in common."""

from collections.abc import Sequence

from testbed.lab.plan import Foreign

READY_WITHIN_S = 20.0


def server(
    name: str, node: str, package: str, command: list[str], files: dict[str, str], *,
    udp: Sequence[int] = (), says: str = "",
) -> Foreign:  # fmt: skip
    """How it is started; it is told nothing until the end of the run."""
    return {
        "name": name,
        "node": node,
        "file": package,
        "packages": [package],
        "command": command,
        "files": files,
        "executables": [],
        "ready": {"udp": list(udp), "says": says, "within_s": READY_WITHIN_S},
        "start": {},
        "call": {},
        "hang_up": {},
        "stop": {"signal": "TERM"},
        "is_mobile": False,
    }
