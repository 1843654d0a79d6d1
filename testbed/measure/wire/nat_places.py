"""Where a run's routers translate addresses, as its manifest says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.capture.errors import RunFolderError

if TYPE_CHECKING:
    from pathlib import Path


class NatPlace(NamedTuple):
    """A router that translates: its capture interfaces, and the address `outside` that those inside have there."""

    link: str
    kind: str
    inside: str
    outside: str
    address: str


def read_nats(path: Path, document: dict[str, Any]) -> tuple[NatPlace, ...]:
    """Read `nats` of manifest.json, none where it has none; `RunFolderError` for what says nothing of a NAT."""
    nats = document.get("nats", {})
    names = NatPlace._fields[1:]
    if not isinstance(nats, dict) or not all(
        isinstance(one, dict) and all(isinstance(one.get(name), str) for name in names) for one in nats.values()
    ):
        raise RunFolderError(path, f"nats is {nats!r:.80}, and should have {', '.join(names)} by link")
    return tuple(NatPlace(str(link), *(one[name] for name in names)) for link, one in nats.items())
