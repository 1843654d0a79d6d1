"""What Wireshark reads in a capture."""

import shutil
import subprocess
from pathlib import Path

import pytest


def tshark(capture: Path, *arguments: str) -> list[str]:
    """The lines that tshark prints."""
    if shutil.which("tshark") is None:
        pytest.fail("tshark is missing: sudo apt-get install tshark")
    argv = ["tshark", "-r", str(capture), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def fields(capture: Path, display_filter: str, *names: str) -> list[list[str]]:
    """Fields of the packets that a filter lets through."""
    options = [word for name in names for word in ("-e", name)]
    return [line.split("\t") for line in tshark(capture, "-Y", display_filter, "-T", "fields", *options)]
