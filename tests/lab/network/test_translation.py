"""Translators do what their files say, in this machine's kernel: RFC 4787's words, asked as RFC 5780 asks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from testbed.scenario.kinds.nat import Nat
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import NAT, ROOT
from tests.namespaces import unsharing

from .nat_probe import LETTERS, OUTSIDE

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, Any]]:
    """What there is to be seen of each kind."""
    if shutil.which("nft", path=PATH) is None:
        pytest.skip("there is no nft here: apt-get install nftables")
    words = [*unsharing("--net", "--mount"), sys.executable, "-m", "tests.lab.network.nat_probe", *NAT.shipped()]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", NAT.shipped())
def test_a_kind_maps_and_filters_as_its_file_says(seen: dict[str, dict[str, Any]], name: str) -> None:
    kind, found = load(NAT.find(name), Nat), seen[name]
    assert "wrong" not in found, found
    assert (found["mapping"], found["filtering"]) == (LETTERS[kind.mapping], LETTERS[kind.filtering])
    assert (found["answers"], found["hosts"]) == (True, [OUTSIDE])
    assert found["comes_back_by_the_same_port"]
    assert not found["gets_in_by_inner_address"], "nobody outside knows addresses inside"
    if kind.ports is None:
        assert found["is_kept"]
    else:
        first, last = map(int, kind.ports.split("-"))
        assert all(first <= port <= last for port in found["ports"])
