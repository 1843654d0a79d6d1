"""Which probes show what a link is like, and the plan of a run that sends them."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.lab.links.queues.register import QUEUES
from testbed.lab.network import Direction, Network
from testbed.lab.network.addresses import bare
from testbed.lab.plan import Plan
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.kinds.topology import CORRESPONDENT, MOBILE
from testbed.scenario.links.gating import gate_orders
from testbed.scenario.links.jitter_spread import spread_of
from testbed.scenario.links.shaping import all_patterns, all_shapes
from testbed.scenario.plan.accounts import main_address

FIRST_PORT = 9000
SPEECH_BYTES, FULL_BYTES, SMALL_BYTES = 200, 1000, 48
# How many probes: of delay, and of loss at most; the latter take no longer than this.
DELAY_PROBES, LOSS_PROBES, LOSS_LIMIT_S = 300, 10_000, 40.0
# The agents' own time for a packet; probes for loss come less often than that.
LEAST_INTERVAL_S = 0.004
# A train is long enough for its end to be free of jitter, and short enough for the queue.
LEAST_TRAIN, SHARE_OF_QUEUE = 20, 0.8
# Where packets overtake each other, their jitter hides the rate of fewer.
LONG_TRAIN = 200
TRAINS = 3
# A load that is a little more than the link can send, for so long at least, and at most.
OVERLOAD, OVERLOAD_S, LONGEST_OVERLOAD_S = 1.02, 10.0, 40.0
# A thin flow beside it has a packet so often at most, and when the link has sent so many of the others.
THIN_PORT, THIN_INTERVAL_S, THIN_PACKETS = 9100, 0.0503, 3.3
START_S = 0.5


@dataclass(frozen=True)
class ProbingStage:
    """Probes of one kind: what they tell, when the first leaves, their bytes at IP, how many, seconds between two."""

    tells: str
    at_s: float
    ip_bytes: int
    probes: int
    interval_s: float

    @property
    def end_s(self) -> float:
        """When the last one leaves."""
        return self.at_s + self.probes * self.interval_s


def stages(direction: LinkDirection, loss_probes: int = LOSS_PROBES) -> list[ProbingStage]:
    """Probes for one direction of a link, one kind after the other with a pause in between."""
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    spread = direction.delay + around.most
    # So far apart that none of them waits for, or would overtake, another one: the delay is the plain sum.
    apart = max(0.02, around.most - around.least + 2 * SPEECH_BYTES * 8 / direction.rate)
    # The first packet waits for the answer to an ARP request, and the next ones with it.
    found = [ProbingStage("nothing", START_S, SPEECH_BYTES, 1, 4 * spread + 1.0)]
    found.append(ProbingStage("delay", found[0].end_s, SPEECH_BYTES, DELAY_PROBES, apart))
    for _ in range(TRAINS):
        at = found[-1].end_s + spread + train_s(direction) + 0.1
        found.append(ProbingStage("rate", at, FULL_BYTES, train(direction), 0.0))
    at = found[-1].end_s + spread + train_s(direction) + 0.1
    if can_be_overloaded(direction):
        packet_s = FULL_BYTES * 8 / direction.rate / OVERLOAD
        found.append(ProbingStage("wait", at, FULL_BYTES, int(overload_s(direction) / packet_s), packet_s))
        at = found[-1].end_s + spread + train_s(direction) + 0.1
    interval = max(LEAST_INTERVAL_S, 1.2 * SMALL_BYTES * 8 / direction.rate)
    count = min(loss_probes, int(LOSS_LIMIT_S / interval))
    return [*found, ProbingStage("loss", at, SMALL_BYTES, count, interval)]


def can_be_overloaded(direction: LinkDirection) -> bool:
    """Whether there is a queue to be looked at that is managed, and our probes are enough for that."""
    if direction.aqm is None or overload_s(direction) > LONGEST_OVERLOAD_S:
        return False
    return FULL_BYTES * 8 / direction.rate / OVERLOAD >= LEAST_INTERVAL_S / OVERLOAD


def overload_s(direction: LinkDirection) -> float:
    """How long the overload is to last: before half of that the queue has grown to what stands in it, and settled."""
    managed = direction.managed_by
    if managed is None:
        return 0.0
    settled_s = QUEUES[managed["kind"]].settles_in * managed["interval_s"]
    grown_s = 1.1 * (standing_s(direction) + FULL_BYTES * 8 / direction.rate) / (OVERLOAD - 1)
    return max(OVERLOAD_S, 2 * grown_s, min(LONGEST_OVERLOAD_S, 2 * settled_s))


def standing_s(direction: LinkDirection) -> float:
    """How long packets wait in a managed queue that is overloaded: for the target, or behind what is always spared."""
    managed = direction.managed_by
    if managed is None:
        return 0.0
    return max(managed["target_s"], QUEUES[managed["kind"]].spares_bytes * 8 / direction.rate)


def thin_stage(direction: LinkDirection, planned: list[ProbingStage]) -> ProbingStage | None:
    """A few small packets in the second half of an overload, where flows have queues of their own."""
    overloads = [one for one in planned if one.tells == "wait"]
    if direction.aqm is None or not QUEUES[direction.aqm].has_flows or not overloads:
        return None
    lasts_s = (overloads[0].end_s - overloads[0].at_s) / 2
    interval_s = max(THIN_INTERVAL_S, THIN_PACKETS * FULL_BYTES * 8 / direction.rate)
    return ProbingStage("thin", overloads[0].at_s + lasts_s, SMALL_BYTES, int(lasts_s / interval_s), interval_s)


def train(direction: LinkDirection) -> int:
    """How many packets are sent at once to see the rate."""
    packet_s = FULL_BYTES * 8 / direction.rate
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    wanted = math.ceil(2 * (around.most - around.least) / packet_s) + LEAST_TRAIN
    fitting = direction.queue.count(direction.rate, direction.delay, FULL_BYTES)
    return min(LONG_TRAIN if direction.reordering else wanted, int(SHARE_OF_QUEUE * fitting))


def train_s(direction: LinkDirection) -> float:
    """How long a train occupies the link."""
    return train(direction) * FULL_BYTES * 8 / direction.rate


def probe_plan(network: Network, profiles: dict[str, LinkProfile], seed: int, loss_probes: int = LOSS_PROBES) -> Plan:
    """A run in which probes go over access links of a network, those with a profile, both ways at once.

    Both ends of a link know each other: behind a question of ARP a probe would wait.
    """
    network = replace(network, access_links=tuple(replace(link, arp=False) for link in network.access_links))
    links = [(link, profiles[link.name]) for link in network.access_links if link.name in profiles]
    flows: dict[str, list[dict[str, Any]]] = {MOBILE: [], CORRESPONDENT: []}
    end_s = START_S
    for number, (link, profile) in enumerate(links):
        for way, direction in profile.directions.items():
            sent = stages(direction, loss_probes)
            thin = thin_stage(direction, sent)
            for first_port, mine in ((FIRST_PORT, sent), (THIN_PORT, [thin] if thin is not None else [])):
                mobile = (bare(link.node.address), first_port + number)
                fixed = (main_address(network, CORRESPONDENT), first_port + number)
                sender, local, remote = (MOBILE, mobile, fixed) if way == "up" else (CORRESPONDENT, fixed, mobile)
                told = [{key: value for key, value in asdict(one).items() if key != "tells"} for one in mine]
                if told:
                    flows[sender].append({"local": local, "remote": remote, "stages": told})
            longest_s = direction.delay + spread_of(direction.delay, direction.jitter, direction.distribution).most
            end_s = max(end_s, sent[-1].end_s + longest_s + 0.5)
    gates = gate_orders(links, [], [], seed=seed, end_s=end_s)
    return {
        "seed": seed,
        "network": asdict(network),
        "shapes": all_shapes(links, gates),
        "patterns": all_patterns(links, gates),
        "nats": [],
        "gates": list(gates.values()),
        "radios": {
            link.name: {"attached": True, "attach_phases": [], "address": "static", "dad": "on", "supplicant": None}
            for link in network.access_links
        },
        "timeline": [],
        "senses": MOBILE,
        "agents": [
            {
                "name": name,
                "node": name,
                "role": "probe",
                "config": {"seed": seed, "flows": mine, "end_s": end_s},
                "ends_run": name == MOBILE,
            }
            for name, mine in flows.items()
        ],
        "programs": [],
        "packages": [],
        "connections": {"prefers": [], "default_routes": False, "drops_addresses": False, "falls_back": False},
        "drain_s": 1.0,
        "limit_s": end_s + 10.0,
    }


def ends(network: Network, link: str, way: Direction) -> tuple[str, str]:
    """The captures between which packets cross a link: where they come from, and where they arrive."""
    access = network.access_link(link)
    node, router = access.node.name, access.router.name
    return (node, router) if way == "up" else (router, node)
