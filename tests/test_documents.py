"""What documents say of files and of mistakes is so."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pytest

import testbed
from testbed.cli.main import main
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.reading.places import TOPOLOGY

from .rules import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOPOLOGIES = (ROOT / "docs" / "topologies.md").read_text()


@pytest.mark.parametrize("name", ["developing.md", "topologies.md", "api.md", "campaigns.md"])
def test_every_path_in_a_document_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    ours = r"(?:agents|testbed|topologies|tests|tc-profiles|docs)/[\w./-]*"
    named = {*re.findall(rf"`({ours})`", text), *re.findall(rf" ({ours}\.py)\b", text)}
    named |= {f"docs/{one}" for one in re.findall(r"\]\(([\w-]+\.\w+)\)", text)}
    missing = sorted(one for one in named if not (ROOT / one).exists())
    assert not missing, f"docs/{name} names {missing}, which is not there"


def block(kind: str) -> str:
    """The example of a kind in docs/topologies.md."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", TOPOLOGIES, re.DOTALL | re.MULTILINE)
    return str(found)


def test_topology_with_a_third_access_network_is_right(tmp_path: Path) -> None:
    (tmp_path / "three.py").write_text(block("python"))
    (tmp_path / "to-lte.yaml").write_text(block("yaml"))
    assert "access links wifi, umts, lte" in testbed.check(tmp_path / "three.py").facts
    assert testbed.check(tmp_path / "to-lte.yaml").mistakes == ()


@pytest.mark.parametrize(
    ("page", "kind", "name"),
    [
        ("schemes.md", "scheme", "hasty"),
        ("triggers.md", "trigger", "drop"),
        ("programs.md", "phone", "mycn"),
        ("metrics.md", "number", "longest-hole"),
    ],
)
def test_example_of_a_page_is_what_new_begins_with(page: str, kind: str, name: str, tmp_path: Path) -> None:
    *files, test = testbed.new(kind, name, tmp_path)
    assert test.name == f"test_{name}.py"
    shown = (ROOT / "docs" / page).read_text()
    for file in files:
        text = file.read_text()
        assert f"\n{text}```\n" in shown or textwrap.indent(text, "    ") in shown, (
            f"docs/{page} has another {file.name}"
        )


def test_drive_of_the_page_on_traces_is_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = dict(
        re.findall(r"^```([\w.-]+)\n(.*?)^```", (ROOT / "docs/traces.md").read_text(), re.DOTALL | re.MULTILINE)
    )
    monkeypatch.chdir(tmp_path)
    for name in ("drive.csv", "follow-the-drive.yaml"):
        (tmp_path / name).write_text(blocks[name])
    main(["trace", "show", "drive.csv"])
    assert capsys.readouterr().out == blocks["show"]
    main(["trace", "convert", "drive.csv", "--to", "csv", "--out", "own.csv"])
    assert (tmp_path / "own.csv").read_text() == blocks["csv"]
    capsys.readouterr()
    main(["trace", "convert", "drive.csv", "--to", "mahimahi", "--direction", "down"])
    assert capsys.readouterr().out == blocks["mahimahi"]
    changes = load_experiment("wifi-to-umts", failure="./follow-the-drive.yaml").changes
    rates = {
        link: [(one.at, one.values["rate"]) for one in changes if one.link == link and "rate" in one.values]
        for link in ("wifi", "umts")
    }
    assert rates == {
        "wifi": [(2.0, 2.4e6), (3.0, 1.5e6), (5.0, 0.0), (8.0, 640e3), (9.0, 3.2e6)],
        "umts": [(0.0, 0.0), (3.0, 640e3)],
    }


SHIPPED = (TOPOLOGY.folder / "multihomed.py").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('        Node("cn", routes=(Route("default", via="10.20.0.1"),)),\n', ""),
        ('Interface("home", "home-eth0"', 'Interface("hme", "home-eth0"'),
        ("10.20.0.1/24", "10.20.0.2/24"),
        ("10.20.0.2/24", "10.20.0.2"),
        ('Route("default", via="10.10.0.1")', 'Route("default", via="10.99.0.1")'),
        ('"wifi",\n', '"satellite",\n'),
        ("NETWORK = ", "NETWROK = "),
        ("Node(", "Nod("),
    ],
)
def test_mistake_is_said_as_the_document_has_it(before: str, after: str, tmp_path: Path) -> None:
    text = SHIPPED.replace(before, after)
    if before == "NETWORK = ":
        text = text.replace('topos = {"multihomed": NETWORK.topo}', "")
    (tmp_path / "mine.py").write_text(text)
    first = testbed.check(tmp_path / "mine.py").mistakes[0]
    assert f"`{first.split(': ', 1)[1]}` |" in TOPOLOGIES
