"""Our topologies in Mininet itself: the nodes that a run makes without it are there too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MN = Path(sys.executable).with_name("mn")


@pytest.mark.skipif(os.geteuid() != 0, reason="Mininet needs root: sudo make test")
@pytest.mark.skipif(shutil.which("mnexec") is None, reason="Mininet needs its mnexec: apt-get install mininet")
def test_a_topology_stands_in_mininet_with_its_addresses_and_routes() -> None:
    """In a network namespace of the test's own, so that nothing is left on the machine."""
    argv = ["unshare", "--net", "--", str(MN), "--custom", "topologies/multihomed.py", "--topo", "multihomed"]
    asked = "mn ip -br address\nmn ip route get 10.20.0.2 from 10.2.0.2\ncn ip -br address\n"
    done = subprocess.run(
        [*argv, "--controller", "none"], cwd=ROOT, input=asked, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    for line in ("10.1.0.2/24", "10.2.0.2/24", "10.20.0.2/24", "10.20.0.2 from 10.2.0.2 via 10.2.0.1 dev mn-umts"):
        assert line in done.stdout, done.stdout
