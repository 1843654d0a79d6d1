"""Everything that we ship: it loads, it compiles, and it says where its numbers are from."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

from testbed.lab.network import network_from
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.document import load
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import COVERAGE, FAILURE, PROFILE, SCENARIO, TOPOLOGY, FileKind

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (SCENARIO, TOPOLOGY, PROFILE, FAILURE, COVERAGE)
MODELS: dict[FileKind, type[Scenario | LinkProfile | FailureScript | CoverageMap]] = {
    SCENARIO: Scenario,
    PROFILE: LinkProfile,
    FAILURE: FailureScript,
    COVERAGE: CoverageMap,
}
NUMBER = re.compile(r"^\s*(?:- )?(\w+):\s+'?[-+]?\d")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in MODELS for name in kind.shipped()])
def test_file_is_called_what_it_calls_itself(kind: FileKind, name: str) -> None:
    document = load(kind.find(name), MODELS[kind])
    assert document.name == name
    assert document.about


@pytest.mark.parametrize("name", TOPOLOGY.shipped())
def test_topology_is_called_what_it_calls_itself(name: str) -> None:
    assert load_topology(TOPOLOGY.find(name)).name == name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.listed_as)
def test_something_is_shipped_and_nothing_of_it_is_hidden(kind: FileKind) -> None:
    assert kind.shipped()
    files = [path for path in kind.folder.iterdir() if path.is_file() and path.suffix in {".yaml", ".yml", ".py"}]
    assert sorted(path.stem for path in files) == kind.shipped()


@pytest.mark.parametrize("name", SCENARIO.shipped())
def test_scenario_compiles_under_each_of_its_schemes(name: str) -> None:
    for scheme in load_experiment(name).scenario.schemes:
        experiment = load_experiment(name, scheme=scheme)
        plan = json.loads(json.dumps(compile_plan(experiment), allow_nan=False))
        assert network_from(plan["network"]) == experiment.network


@pytest.mark.parametrize(("profile", "failure"), [*product(PROFILE.shipped(), FAILURE.shipped())])
def test_profile_and_failure_script_compile_together(profile: str, failure: str, tmp_path: Path) -> None:
    text = SCENARIO.find("wifi-to-umts").read_text(encoding="utf-8").replace("wifi-good", profile)
    (tmp_path / "scenario.yaml").write_text(text, encoding="utf-8")
    needs_shape = any(step.shapes() for step in load(FAILURE.find(failure), FailureScript).steps)
    if needs_shape and not load(PROFILE.find(profile), LinkProfile).directions:
        with pytest.raises(BadScenarioError, match="to change; "):
            load_experiment(str(tmp_path / "scenario.yaml"), failure=failure)
    else:
        plan = compile_plan(load_experiment(str(tmp_path / "scenario.yaml"), failure=failure))
        done = {step["do"] for step in plan["timeline"] if step["at_s"] > 0}
        assert done & {"shape", "carrier", "signal", "note"} or any(gate["air"] == "wifi-air" for gate in plan["gates"])


def unsourced(text: str) -> list[str]:
    """Lines with a number and without a word on where it is from."""
    parts = [line.partition(" # ") for line in text.splitlines()]
    return [content for content, _, comment in parts if NUMBER.match(content) and not comment.strip()]


def test_a_number_without_source_is_found() -> None:
    text = "name: x\ndown:\n  rate: 1 Mbit/s # assumed\n  delay: 5 ms\nattach:\n  - time: 1 s\n"
    assert unsourced(text) == ["  delay: 5 ms", "  - time: 1 s"]


@pytest.mark.parametrize("name", PROFILE.shipped())
def test_each_number_of_a_profile_says_where_it_is_from(name: str) -> None:
    text = PROFILE.find(name).read_text(encoding="utf-8")
    assert unsourced(text) == [], f"{name}: add '# <source>', '# assumed' or '# as above' to these lines"
