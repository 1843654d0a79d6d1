"""Topology files: Python by users, which may be written in other ways than ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.kinds.topology import MOST_INTERFACES, load_topology
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import TOPOLOGY

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = TOPOLOGY.find("multihomed")
TEXT = SHIPPED.read_text(encoding="utf-8")


def refusal(path: Path) -> str:
    """What is said of a topology that can't be used."""
    with pytest.raises(BadScenarioError) as refused:
        load_topology(path)
    (error,) = refused.value.errors
    return f"{error.line}: {error.what}"


def test_lists_do_as_well_as_tuples(tmp_path: Path) -> None:
    path = tmp_path / "lists.py"
    path.write_text(
        TEXT.replace("nodes=(", "nodes=[").replace("    ),\n    access_links=(", "    ],\n    access_links=(")
    )
    assert load_topology(path) == load_topology(SHIPPED)


def test_file_in_another_encoding_is_python_too(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + TEXT.encode("ascii"))
    assert load_topology(path) == load_topology(SHIPPED)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "1: there is no NETWORK here; ", id="empty"),
        pytest.param(b"\x00\x01", "1: this is not Python: ", id="binary"),
        pytest.param(b"a = 'caf\xe9'\n", "1: this is not Python: ", id="wrong encoding"),
        pytest.param(b"NETWORK = 5\n", "1: there is no NETWORK here; ", id="number"),
        pytest.param(b"def f():\n    f()\nf()\n", "2: this fails with RecursionError: ", id="endless"),
        pytest.param(b"\n\nraise\n", "3: this fails with RuntimeError: ", id="raises nothing"),
        pytest.param(b"\nimport sys\nsys.exit()\n", "3: this fails with SystemExit: no reason given; ", id="exit"),
    ],
)
def test_what_is_no_topology(content: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(content)
    assert refusal(path).startswith(complaint)


def test_more_interfaces_than_ethernet_addresses(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    more = "Wire(Interface('home', f'a{n}'), Interface('core', f'b{n}'))"
    path.write_text(TEXT.replace("    wires=(", f"    wires=(*({more} for n in range({MOST_INTERFACES})),"))
    assert refusal(path).startswith("16: there are 526 interfaces; at most 255 can be built")


def test_a_topology_is_loaded_afresh_each_time(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(TEXT)
    before = load_topology(path)
    path.write_text(TEXT.replace("10.20.0.", "10.30.0."))
    assert load_topology(path) != before
