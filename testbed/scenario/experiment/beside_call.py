"""Traffic beside the call: whether it can be, and whether links can carry it with the speech."""

from collections.abc import Iterator

from agents.roles.mobility.protocol_rows import PROTOCOLS
from testbed.lab.network import Network
from testbed.scenario.kinds.agent_names import kept_by
from testbed.scenario.kinds.chosen_scheme import ChosenScheme
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.topology import MOBILE
from testbed.scenario.kinds.traffic import TrafficFlow
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Tree
from testbed.scenario.reading.units import RATE, TIME, shown

FIELD = "traffic"


def check_traffic(tree: Tree, scenario: Scenario, network: Network, chosen: ChosenScheme) -> None:
    """Each flow is between two nodes that have addresses, over a link where one of them is mobile.

    Raises BadScenarioError.
    """
    errors = [
        tree.error((FIELD, number, field), f"{FIELD}.{number + 1}.{field}: {what}")
        for number, flow in enumerate(scenario.traffic)
        for field, what in [*nodes_wrong(flow, network)] or link_wrong(flow, scenario, network, chosen)
    ]
    ends_s = scenario.call.start + scenario.call.duration
    errors += [
        tree.error((FIELD, number, "start"), f"{FIELD}.{number + 1}.start: the call ends at {TIME.text(ends_s)}")
        for number, flow in enumerate(scenario.traffic)
        if flow.start >= ends_s
    ]
    if errors:
        raise BadScenarioError(errors)


def nodes_wrong(flow: TrafficFlow, network: Network) -> Iterator[tuple[str, str]]:
    """Ends that there are not, or that are the same."""
    known = [node.name for node in network.nodes if any(end.address for end in network.interfaces(node.name))]
    for field, node in (("from", flow.sender), ("to", flow.receiver)):
        if node not in known:
            yield field, f"the topology has no node {shown(node)} with an address{hint(node, known)}"
    if flow.sender == flow.receiver:
        yield "to", f"is where it comes from; name another node than '{flow.sender}'"


def link_wrong(
    flow: TrafficFlow, scenario: Scenario, network: Network, chosen: ChosenScheme
) -> Iterator[tuple[str, str]]:
    """A link that it is not said to go over, or that it cannot."""
    links = [link.name for link in network.access_links]
    if MOBILE not in {flow.sender, flow.receiver}:
        if flow.over is not None:
            yield "over", f"neither end is '{MOBILE}', whose links they are; leave it out"
    elif flow.over is None:
        yield "to", f"'{MOBILE}' has several links; add 'over: …', one of: {', '.join(links)}"
    elif flow.over not in links:
        yield "over", f"the topology has no access link of that name{hint(flow.over, links)}"
    elif scenario.address.get(flow.over) == "slaac":
        yield "over", f"nobody knows before what address SLAAC will give to '{flow.over}'; choose static or dhcp"
    elif chosen.row.is_anchored and PROTOCOLS[kept_by(chosen.row)].tunnels_end:
        yield "over", f"under {chosen.name} the mobile node has no address of its own on '{flow.over}'"


def overloads(tree: Tree, scenario: Scenario, profiles: dict[str, LinkProfile], speech: float) -> Iterator[str]:
    """Links that are asked for more than they carry: UDP of several flows at once, and `speech` (bit/s at IP)."""
    for link, profile in profiles.items():
        for way, direction in profile.directions.items():
            mine = [
                (number, flow)
                for number, flow in enumerate(scenario.traffic)
                if flow.over == link and flow.rate is not None and (flow.receiver == MOBILE) == (way == "down")
            ]
            asked = most_at_once([flow for _, flow in mine])
            if mine and asked + speech > direction.rate:
                line = tree.line((FIELD, mine[0][0]))
                yield (
                    f"{tree.path.name}:{line}: link '{link}' ({profile.name}, {way}) has {RATE.text(direction.rate)},"
                    f" and traffic and speech need {RATE.text(round(asked + speech))}: both will wait and get lost;"
                    " lower the rate, unless that is what you want"
                )


def most_at_once(flows: list[TrafficFlow]) -> float:
    """The most that flows of UDP take together, in bit/s at IP."""
    begins = [(at, flow.rate_at_ip or 0.0) for flow in flows for at, _ in flow.periods()]
    ends = [(at + stays, -(flow.rate_at_ip or 0.0)) for flow in flows for at, stays in flow.periods()]
    total = most = 0.0
    # What ends at a moment makes room for what begins then.
    for _, change in sorted([*begins, *ends]):
        total += change
        most = max(most, total)
    return most
