"""Traffic beside the call as iperf3's commands: one that listens, one that connects to it and sends or is sent to.

The mobile node always connects, so that it works from behind a NAT too.
"""

from collections.abc import Iterator
from typing import Any

from testbed.lab.network import Interface
from testbed.lab.network.addresses import bare
from testbed.lab.plan import Step
from testbed.scenario.experiment.beside_call import FIELD
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.topology import MOBILE
from testbed.scenario.kinds.traffic import TCP, TrafficFlow
from testbed.scenario.plan.accounts import addressed

# iperf3's own; the next flow has the next one.
FIRST_PORT = 5201


def traffic_steps(experiment: Experiment) -> list[Step]:
    """When which command begins."""
    steps: list[Step] = []
    for number, flow in enumerate(experiment.scenario.traffic):
        name = f"{FIELD}{number + 1}"
        place = f"{experiment.path.name}:{experiment.tree.line((FIELD, number))}"
        listens, connects = ends(experiment, flow)
        port = ["--port", str(FIRST_PORT + number)]
        commands: list[tuple[float, str, str, list[str]]] = [
            (0.0, f"{name}-{listens.node}", listens.node, ["iperf3", "--server", "--forceflush", *port])
        ]
        for turn, (at, stays) in enumerate(flow.periods()):
            words = ["iperf3", "--client", bare(listens.address), "--forceflush", *port, *way(flow, connects, stays)]
            suffix = f"-{turn + 1}" if turn else ""
            commands.append((at, f"{name}-{connects.node}{suffix}", connects.node, words))
        steps += [
            {
                "at_s": at,
                "do": "run",
                "command": {"name": log, "node": node, "place": place, "command": words, "for_s": None},
            }
            for at, log, node, words in commands
        ]
    return steps


def ends(experiment: Experiment, flow: TrafficFlow) -> tuple[Interface, Interface]:
    """Who listens and who connects, by the interface that its packets pass."""
    network = experiment.network
    sender, receiver = (
        network.access_link(flow.over).node if node == MOBILE and flow.over is not None else addressed(network, node)
        for node in (flow.sender, flow.receiver)
    )
    return (sender, receiver) if flow.receiver == MOBILE else (receiver, sender)


def way(flow: TrafficFlow, connects: Interface, seconds: float) -> Iterator[str]:
    """What iperf3 is told of a flow: for how long, which way, how."""
    yield from ("--time", f"{seconds:g}")
    if connects.node == MOBILE:
        yield from ("--bind", f"{bare(connects.address)}%{connects.name}")
    if connects.node == flow.receiver:
        yield "--reverse"
    if flow.sort == TCP:
        yield from ("--congestion", flow.congestion or "cubic")
    else:
        yield from ("--udp", "--bitrate", f"{flow.rate:.0f}", "--length", str(flow.payload_bytes))


def traffic(experiment: Experiment) -> dict[str, Any]:
    """What goes beside the call, for whoever measures; nothing where nothing does."""
    found = []
    for number, flow in enumerate(experiment.scenario.traffic):
        listens, connects = ends(experiment, flow)
        sender, receiver = (listens, connects) if flow.sender == listens.node else (connects, listens)
        found.append({
            "from": flow.sender,
            "to": flow.receiver,
            "link": flow.over,
            "kind": flow.sort,
            "congestion": (flow.congestion or "cubic") if flow.sort == TCP else None,
            "rate_bit_s": flow.rate,
            "start_s": flow.start,
            "for_s": flow.stays,
            "port": FIRST_PORT + number,
            "is_from_port": sender == listens,
            "sent_at": sender.name,
            "received_at": receiver.name,
        })  # fmt: skip
    return {FIELD: found} if found else {}
