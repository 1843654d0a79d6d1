"""Topology files: Python by users, which may be written in other ways than ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testbed.brought import asking
from testbed.scenario.kinds.topology import MOST_INTERFACES, load_topology
from testbed.scenario.reading.document import MOST_ERRORS
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import TOPOLOGY
from tests.patience import wait_for

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
        pytest.param(b"\nraise KeyboardInterrupt\n", "2: this fails with KeyboardInterrupt: no", id="interrupts"),
        pytest.param(b"a = 1\nx = " + b"-" * 90_000 + b"1\n", "2: this is not Python: it is too deep", id="too deep"),
        pytest.param(b"x = a" + b".a" * 90_000 + b"\n", "1: this is not Python: it is too deep", id="a long chain"),
        pytest.param(b"import os\nos._exit(7)\n", "1: this ended Python with status 7 when it was", id="ends Python"),
        pytest.param(b"import os\nos.kill(os.getpid(), 11)\n", "1: this ended Python with status -11 ", id="crashes"),
        pytest.param(b"x = [0] * 10**12\n", "1: this fails with MemoryError: ", id="grows"),
        pytest.param(b"\nimport sys\nsys.exit()\n", "3: this fails with SystemExit: no reason given; ", id="exit"),
    ],
)
def test_what_is_no_topology(content: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(content)
    assert refusal(path).startswith(complaint)


IN_ITSELF = """
nodes = []
nodes.append(nodes)
NETWORK = Network("x", "mn", nodes, (), ())
"""


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (IN_ITSELF, "NETWORK.nodes.1: [[["),
        ("NETWORK = Network('x', 'mn', {1, 2}, (), ())", "NETWORK.nodes: {1, 2} does not belong there; "),
        ("NETWORK = Network(b'x', 'mn', (), (), ())", "NETWORK.name: b'x' does not belong there; "),
        ("NETWORK = Network('x', 'mn', [0] * 10**6, (), ())", "NETWORK has more than 100000 parts; "),
        ("NETWORK = Network('x', 'mn', [0] * 1000, (), ())", "NETWORK.nodes.1: 0 does not belong there; "),
    ],
)
def test_a_network_of_other_things(more: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(f"from testbed.lab.network import Network\n{more}\n")
    with pytest.raises(BadScenarioError) as refused:
        load_topology(path)
    assert refused.value.errors[0].what.startswith(complaint)
    assert len(refused.value.errors) <= MOST_ERRORS


def test_an_address_without_its_prefix_length(tmp_path: Path) -> None:
    """Linux takes it for a subnet of its own (/32), from which nothing can be reached."""
    path = tmp_path / "net.py"
    path.write_text(Path("topologies/multihomed.py").read_text().replace('"10.1.0.2/24"', '"10.1.0.2"'))
    assert "'10.1.0.2' has no prefix length; write it like 10.1.0.2/24" in refusal(path)


def test_addresses_are_written_as_the_kernel_writes_them(tmp_path: Path) -> None:
    """Else the agent would wait for an address that its kernel never tells of."""
    plain, varied = tmp_path / "plain.py", tmp_path / "varied.py"
    assert "10.1.0." in TEXT
    plain.write_text(TEXT.replace("10.1.0.", "2001:db8:1::").replace("2001:db8:1::0/24", "2001:db8:1::/64"))
    varied.write_text(
        TEXT.replace("10.1.0.", "2001:DB8:1:0::000").replace("2001:DB8:1:0::0000/24", "2001:DB8:1:0::/64")
    )
    assert load_topology(plain).access_link("wifi").node.address.startswith("2001:db8:1::2/")
    assert load_topology(varied) == load_topology(plain)


def sleeps(cmdline: Path) -> bool:
    try:
        return b"3218" in cmdline.read_bytes()
    except OSError:  # it has ended
        return False


def test_what_a_topology_starts_ends_with_it(tmp_path: Path) -> None:
    """Also what holds its output: nobody waits for that."""
    path = tmp_path / "net.py"
    noted = tmp_path / "pid"
    starts = (
        "import os, subprocess\n"
        f"open({str(noted)!r}, 'w').write(str(subprocess.Popen(['sleep', '3218']).pid))\nos.fork()\n"
    )
    path.write_text(starts + TEXT)
    assert load_topology(path) == load_topology(SHIPPED)
    cmdline = Path(f"/proc/{noted.read_text()}/cmdline")
    # It is killed by then, which takes a busy kernel a moment; by itself it would sleep on.
    wait_for("its end", lambda: not sleeps(cmdline))


def test_a_topology_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LIMIT_S", 1.0)
    path = tmp_path / "net.py"
    path.write_text("while True: pass\n")
    assert refusal(path) == "1: this is not loaded after 1 s; let it define things, and do nothing else"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.py")
    assert refusal(tmp_path / "net.py").startswith("0: cannot be read: it is a pipe or a device; ")


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
