"""Where the messages of RFC 4475 are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def torture_message(name: str) -> bytes:
    """Its octets; the test fails, with what to do, when they are not on this machine."""
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "rfc4475"
    folder = Path(os.environ.get("RFC4475_DIR", beside))
    path = folder / f"{name}.dat"
    if not path.is_file():
        pytest.fail(f"no {path}: set RFC4475_DIR to the unpacked archive of RFC 4475 appendix A", pytrace=False)
    return path.read_bytes()
