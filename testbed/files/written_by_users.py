"""Checks of what users write: everything that a run would complain of, and nothing is run but their Python."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from testbed.campaign.campaign_file import read_campaign
from testbed.campaign.layout_of_cells import lay_out_cells
from testbed.engine import unknown_packages
from testbed.files.brought_by_users import looked_at_numbers
from testbed.files.trial import try_python
from testbed.lab.network import Network
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.loaded_program import load_program
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.positions import load_track
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.links.history import history
from testbed.scenario.links.trace import read_csv, read_opportunities
from testbed.scenario.links.trace_facts import facts_of
from testbed.scenario.links.trace_file import TraceFile
from testbed.scenario.links.traced import bounded, read_traces
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.document import load, validated
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError, with_remedies
from testbed.scenario.reading.places import TOPOLOGY
from testbed.scenario.reading.tree import named_in, read_tree
from testbed.scenario.reading.units import RATE, SHARE, TIME


def scenario(path: Path) -> Iterator[str]:
    """A scenario and all that it names, under each of its schemes and with each of its triggers."""
    tree = read_tree(path)
    model = validated(tree, Scenario)
    with named_in(tree, "topology"):
        file = TOPOLOGY.find(model.topology, near=path)
    if not file.is_relative_to(TOPOLOGY.folder):
        try_python(file)
    with named_in(tree, "numbers"):
        looked_at_numbers(model.numbers, near=path)
    word = os.path.join(".", path)  # noqa: PTH118 - a path, and no name of ours
    own = load_experiment(word)
    compile_plan(own)
    warnings = list(doubts(own))
    for scheme, trigger in [*((one, None) for one in model.schemes), *((None, one) for one in model.triggers)]:
        try:
            compile_plan(load_experiment(word, scheme=scheme, trigger=trigger))
        except BadScenarioError as errors:
            option = f"--scheme {scheme}" if scheme else f"--trigger {trigger}"
            warnings += [f"not with {option}: {error}" for error in errors.errors]
    yield f"schemes {', '.join(model.schemes)}"
    yield f"topology {model.topology}, failure {model.failure}"
    yield f"a call of {TIME.text(model.call.duration)}"
    yield from looked_up(own.packages)
    yield from (f"warning: {warning}" for warning in warnings)


def campaign(path: Path) -> Iterator[str]:
    """A campaign: each scenario under each scheme with each combination of values."""
    read = read_campaign(path)
    layout = lay_out_cells(read)
    cells, seeds = len(layout.cells), len(read.seeds)
    yield f"{cells * seeds} runs: {cells} of scenario, scheme and values, {seeds} seeds each"
    yield from (f"warning: {doubt}" for doubt in layout.doubts)


def topology(path: Path) -> Iterator[str]:
    """A topology: run, and looked through as before a run."""
    try_python(path)
    network = load_topology(path)
    yield f"nodes {', '.join(node.name for node in network.nodes)}"
    yield f"access links {', '.join(link.name for link in network.access_links)}"
    yield from lacking(network)


def lacking(network: Network) -> Iterator[str]:
    """What can't be done in a network for want of a node."""
    if not any(end.address for end in network.interfaces("home")):
        yield "no node 'home': no B2BUA, registrar or proxy"


def profile(path: Path) -> Iterator[str]:
    """A link profile."""
    model = load(path, LinkProfile)
    for way, one in model.directions.items():
        shares = (("lost", one.loss), ("doubled", one.duplicate), ("damaged", one.corrupt))
        chance = [f"{SHARE.text(share)} {what}" for what, share in shares if share]
        queue = [one.aqm] if one.aqm else []
        yield ", ".join([f"{way} {RATE.text(one.rate)}", TIME.text(one.delay), *chance, *queue])


def failure(path: Path) -> Iterator[str]:
    """A failure script and its traces. Whether a scenario has its links is that scenario's check."""
    tree = read_tree(path)
    script = validated(tree, FailureScript)
    traced, opportunities = read_traces(tree, script)
    changes = [*history(script, 1), *traced]
    links = dict.fromkeys([*(one.link for one in changes if one.link), *(one.link for one in opportunities)])
    yield f"{len(changes)} changes until {max((one.end for one in changes), default=0.0):g} s"
    yield f"links {', '.join(links)}" if links else "no link is touched"


def program(path: Path) -> Iterator[str]:
    """A program, and every file that it names."""
    loaded = load_program(path)
    yield f"as {', '.join(loaded.settings.roles)}"
    yield from looked_up(loaded.packages()) or ["no packages"]


def looked_up(packages: Mapping[str, ScenarioError]) -> list[str]:
    """Debian's packages; raises BadScenarioError for those that its list, if one is here, does not have."""
    unknown = unknown_packages(packages)
    if unknown:
        raise BadScenarioError(with_remedies(packages, unknown))
    not_here = ", not looked up: a run will fetch Debian's list" if unknown is None else ""
    return [f"packages {', '.join(packages)}{not_here}"] if packages else []


def coverage(path: Path) -> Iterator[str]:
    """A coverage map."""
    yield f"networks {', '.join(load(path, CoverageMap).networks)}"


def nat(path: Path) -> Iterator[str]:
    """A kind of NAT."""
    found = load(path, Nat)
    yield f"maps {found.mapping}, filters {found.filtering}"
    yield f"{'ports as they are' if found.ports is None else f'ports {found.ports}'}, for {TIME.text(found.timeout)}"


def track(path: Path) -> Iterator[str]:
    """A track, as CSV or GPX."""
    found = load_track(path)
    yield f"{len(found)} points, from {TIME.text(found[0].at)} to {TIME.text(found[-1].at)}"


def csv_trace(path: Path) -> Iterator[str]:
    """A trace of a link's qualities."""
    moments = list(bounded(path, read_csv(path)))
    yield f"{len(moments)} changes until {max((one.at for one in moments), default=0.0):g} s"


def published(path: Path) -> Iterator[str]:
    """A trace as it was published, in a form that is known."""
    facts = facts_of(TraceFile(path))
    yield f"form {facts.kind}"
    yield f"{facts.rows} rows in {facts.lasts_s:g} s"


def mahimahi(path: Path) -> Iterator[str]:
    """A Mahimahi trace."""
    times = read_opportunities(path)
    yield f"{len(times)} packets in {times[-1]} ms"
