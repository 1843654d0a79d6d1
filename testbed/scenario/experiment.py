"""A scenario with everything that it names loaded and checked against each other."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.lab.network import Network
from testbed.scenario.document import hint, line_of, load, read_yaml
from testbed.scenario.errors import BadScenarioError, ScenarioError
from testbed.scenario.failure import FailureScript
from testbed.scenario.places import FAILURES, PROFILES, SCENARIOS, TOPOLOGIES, find, load_topology
from testbed.scenario.profile import LinkProfile
from testbed.scenario.scenario import Scenario, SchemeName, SchemeSetting

AGENTS = ("mn", "cn")


@dataclass(frozen=True)
class Experiment:
    """All that a run is made of, but for engine and output."""

    path: Path
    text: str
    scenario: Scenario
    network: Network
    profiles: dict[str, LinkProfile]
    failure: FailureScript
    scheme: SchemeName
    seed: int

    @property
    def setting(self) -> SchemeSetting:
        """How the scheme is used here."""
        return self.scenario.schemes[self.scheme]


def load_experiment(
    word: str, *, scheme: str | None = None, failure: str | None = None, seed: int | None = None
) -> Experiment:
    """Loads a scenario by name or path; options replace what the file says. Raises BadScenarioError."""
    path = find(word, SCENARIOS, "scenario")
    scenario = load(path, Scenario)
    with named_in(path, "topology"):
        network = load_topology(find(scenario.topology, TOPOLOGIES, "topology", near=path, suffix=".py"))
    profiles = {}
    for link, name in scenario.links.items():
        with named_in(path, "links", link):
            profiles[link] = load(find(name, PROFILES, "profile", near=path), LinkProfile)
    check_links(path, scenario, network)
    if failure is not None:
        failure_path = find(failure, FAILURES, "failure script")
    else:
        with named_in(path, "failure"):
            failure_path = find(scenario.failure, FAILURES, "failure script", near=path)
    script = load(failure_path, FailureScript)
    check_failure(failure_path, script, network)
    return Experiment(
        path=path,
        text=path.read_text(encoding="utf-8"),
        scenario=scenario,
        network=network,
        profiles=profiles,
        failure=script,
        scheme=choose_scheme(path, scenario, scheme),
        seed=scenario.seed if seed is None else seed,
    )


@contextlib.contextmanager
def named_in(path: Path, *place: str) -> Iterator[None]:
    """Errors about a thing that is not there point to the line that names it."""
    try:
        yield
    except BadScenarioError as errors:
        if any(error.line for error in errors.errors):
            raise
        raise BadScenarioError(
            [complaint(path, place, error.what, str(error.path)) for error in errors.errors]
        ) from None


def complaint(path: Path, place: tuple[str | int, ...], what: str, word: str = "") -> ScenarioError:
    """An error about the field at `place` of a file."""
    name = ".".join(str(step) for step in place)
    return ScenarioError(
        path, line_of(read_yaml(path), place), f"{name}: {word}: {what}" if word else f"{name}: {what}"
    )


def check_links(path: Path, scenario: Scenario, network: Network) -> None:
    """The links of the scenario are those of the topology, and the call begins and ends on two of them."""
    there = [link.name for link in network.access_links]
    errors = [
        complaint(path, ("links", link), f"the topology has no access link of that name{hint(link, there)}", link)
        for link in scenario.links
        if link not in there
    ]
    errors += [
        complaint(path, ("links",), f"says nothing of the access link '{link}'; add a line '{link}: <profile>'")
        for link in there
        if link not in scenario.links
    ]
    for field in ("first_link", "second_link"):
        link = getattr(scenario, field)
        if link not in there:
            what = f"the topology has no access link of that name{hint(link, there)}"
            errors.append(complaint(path, (field,), what, link))
    if scenario.first_link == scenario.second_link:
        errors.append(complaint(path, ("second_link",), "is the same as first_link; a handover needs two"))
    if errors:
        raise BadScenarioError(errors)


def check_failure(path: Path, script: FailureScript, network: Network) -> None:
    """The steps of a failure script are about links and agents that there are."""
    there = [link.name for link in network.access_links]
    errors = []
    for index, step in enumerate(script.steps):
        if step.link is not None and step.link not in there:
            what = f"there is no access link of that name{hint(step.link, there)}"
            errors.append(complaint(path, ("steps", index, "link"), what, step.link))
        if step.kill is not None and step.kill not in AGENTS:
            what = f"there is no agent of that name{hint(step.kill, AGENTS)}"
            errors.append(complaint(path, ("steps", index, "kill"), what, step.kill))
    if errors:
        raise BadScenarioError(errors)


def choose_scheme(path: Path, scenario: Scenario, wanted: str | None) -> SchemeName:
    """The scheme to run: the one asked for, or the scenario's own choice."""
    for name in scenario.schemes:
        if name == (wanted or scenario.scheme):
            return name
    known = list(scenario.schemes)
    if wanted is not None:
        what = f"the scenario has no scheme '{wanted}'{hint(wanted, known)}"
        raise BadScenarioError([ScenarioError(path, line_of(read_yaml(path), ("schemes",)), what)])
    raise BadScenarioError([complaint(path, ("scheme",), f"is not among its schemes{hint(scenario.scheme, known)}")])
