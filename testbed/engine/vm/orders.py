"""What goes into a guest: its code and its orders, as tar archives with nothing of this machine in them."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.engine.cache import digest
from testbed.engine.guest.guest_code import guest_code


def code_digest() -> str:
    """Names the code that runs in a guest."""
    return digest(*(part for name, data in guest_code().items() for part in (name, data)))


def write_order(
    target: Path, order: dict[str, Any], *, with_code: bool = False, more_code: Mapping[str, bytes] | None = None
) -> None:
    """Writes an order; the first one brings the code, and modules beside it."""
    with target.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, "order.json", json.dumps(order, sort_keys=True).encode())
        if with_code:
            for name, data in {**guest_code(), **(more_code or {})}.items():
                add(archive, f"code/{name}", data)


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Adds a file with no owner, no date and plain permissions."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    archive.addfile(member, io.BytesIO(data))
