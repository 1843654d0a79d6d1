"""Users' files to validated models; every check of a user's file is here.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from testbed.scenario.experiment.badness import bad_from
    from testbed.scenario.experiment.experiment import Experiment, hung_up, load_experiment, own_setting
    from testbed.scenario.experiment.fitness import doubts
    from testbed.scenario.kinds.failure import FailureScript
    from testbed.scenario.kinds.loaded_program import load_program
    from testbed.scenario.kinds.nat import Nat
    from testbed.scenario.kinds.positions import load_track
    from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
    from testbed.scenario.kinds.scenario import Scenario
    from testbed.scenario.kinds.surroundings import CoverageMap
    from testbed.scenario.kinds.topology import CORRESPONDENT, MOBILE, load_topology
    from testbed.scenario.plan.accounts import main_address
    from testbed.scenario.plan.anchor_points import role_of_point
    from testbed.scenario.plan.compile import compile_plan, nats, roles
    from testbed.scenario.plan.history_export import exported
    from testbed.scenario.plan.traffic_steps import traffic
    from testbed.scenario.reading.document import Document, load, validated
    from testbed.scenario.reading.errors import BadScenarioError, ScenarioError, with_remedies
    from testbed.scenario.reading.places import COVERAGE, FAILURE, NAT, PROFILE, PROGRAM, SCENARIO, TOPOLOGY, TRACK

__all__ = [
    "CORRESPONDENT",
    "COVERAGE",
    "FAILURE",
    "MOBILE",
    "NAT",
    "PROFILE",
    "PROGRAM",
    "SCENARIO",
    "TOPOLOGY",
    "TRACK",
    "BadScenarioError",
    "CoverageMap",
    "Document",
    "Experiment",
    "FailureScript",
    "LinkDirection",
    "LinkProfile",
    "Nat",
    "Scenario",
    "ScenarioError",
    "bad_from",
    "compile_plan",
    "doubts",
    "exported",
    "hung_up",
    "load",
    "load_experiment",
    "load_program",
    "load_topology",
    "load_track",
    "main_address",
    "nats",
    "own_setting",
    "role_of_point",
    "roles",
    "traffic",
    "validated",
    "with_remedies",
]

_HOMES = {
    "experiment.badness": "bad_from",
    "experiment.experiment": "Experiment hung_up load_experiment own_setting",
    "experiment.fitness": "doubts",
    "kinds.failure": "FailureScript",
    "kinds.loaded_program": "load_program",
    "kinds.nat": "Nat",
    "kinds.positions": "load_track",
    "kinds.profile": "LinkDirection LinkProfile",
    "kinds.scenario": "Scenario",
    "kinds.surroundings": "CoverageMap",
    "kinds.topology": "CORRESPONDENT MOBILE load_topology",
    "plan.accounts": "main_address",
    "plan.anchor_points": "role_of_point",
    "plan.compile": "compile_plan nats roles",
    "plan.history_export": "exported",
    "plan.traffic_steps": "traffic",
    "reading.document": "Document load validated",
    "reading.errors": "BadScenarioError ScenarioError with_remedies",
    "reading.places": "COVERAGE FAILURE NAT PROFILE PROGRAM SCENARIO TOPOLOGY TRACK",
}

__getattr__ = exporting(__name__, _HOMES)
