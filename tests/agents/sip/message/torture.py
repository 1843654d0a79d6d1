"""Where the messages of RFC 4475 are. They are not ours to give away, so they are not in this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("RFC4475_DIR", Path(__file__).resolve().parents[4].parent / "shared" / "rfc4475"))
NOT_HERE = "no messages of RFC 4475: unpack the archive in its appendix A, and set RFC4475_DIR to the folder"


def torture_message(name: str) -> bytes:
    """Its octets. Without the folder the test is skipped, and the summary says so; a file too few is an error."""
    if not FOLDER.is_dir() and "RFC4475_DIR" not in os.environ:
        pytest.skip(NOT_HERE)
    return (FOLDER / f"{name}.dat").read_bytes()
