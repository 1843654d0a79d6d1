"""Which links a program carries, between the air's bridge and its ports, and what it is told (testbed.lab.links.gate).

A link whose rate changes, which loses packets now and then, doubles or damages them, has jitter, or follows a trace of
Mahimahi: what becomes of a packet there depends on the time. A link of the kernel's own 802.11 has an access point for
a port: it is left to netem, with a rate that is the one of the moment at which a packet came, and with losses and
jitter by packets.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from testbed.lab.links.jitter import least
from testbed.lab.network import AccessLink, Direction
from testbed.lab.plan import GateOrder, WayOrder
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.bad_moments import bad_moments
from testbed.scenario.links.history import Change
from testbed.scenario.links.jitter_spread import table_of
from testbed.scenario.links.shaping import LEAST_LOSS, DirectionState
from testbed.scenario.links.timeline import changes_of, link_states
from testbed.scenario.links.trace import Opportunities

Pieces = list[tuple[float, float]]
# By so much less than the link's delay is netem's, so that the program has time for what it does with a packet.
MOST_AHEAD_S = 0.0005
# More than any queue holds, in packets and in bytes.
UNLIMITED = 10**9


def gate_orders(
    links: Iterable[tuple[AccessLink, LinkProfile]],
    changes: Sequence[Change],
    traces: Sequence[Opportunities],
    *,
    seed: int,
    end_s: float,
) -> dict[str, GateOrder]:
    """The links that have such a program, each with its order; losses are drawn up to `end_s` of scenario time."""
    found = {}
    for link, profile in links:
        mine = {one.direction: one for one in traces if one.link == link.name}
        over_time = states(profile, changes_of(list(changes), link.name))
        is_needed = any(one.by_program for one in profile.directions.values())
        if link.is_wireless or not (mine or is_needed or any(depends_on_time(one) for one in over_time.values())):
            continue
        ways: dict[str, WayOrder] = {}
        for way, pieces in over_time.items():
            order = way_order(profile, way, pieces, mine.get(way))
            losses = [(at, one.loss, one.loss_burst) for at, one in pieces]
            order["bad_moments"] = bad_moments(f"{seed}/{link.name}/{way}/losses", losses, end_s)
            order["key"] = key_of(f"{seed}/{link.name}/{way}")
            ways[way] = order
        ports = {"down": link.node_port.name, "up": link.router_port.name}
        found[link.name] = GateOrder(air=link.air, config={"ports": ports, "ways": ways})
    return found


def states(profile: LinkProfile, changes: list[Change]) -> dict[Direction, list[tuple[float, DirectionState]]]:
    """What each direction is like from when on."""
    over_time: dict[Direction, list[tuple[float, DirectionState]]] = {way: [] for way in profile.directions}
    for state in link_states(profile, changes):
        for way, direction in state.directions.items():
            if not over_time[way] or over_time[way][-1][1] != direction:
                over_time[way].append((state.at, direction))
    return over_time


def depends_on_time(pieces: list[tuple[float, DirectionState]]) -> bool:
    """Whether a direction's rate changes, or it loses, doubles or damages some of what comes, or has jitter."""
    return has_rates(pieces) or any(
        LEAST_LOSS < one.loss < 1 or one.duplicate > 0 or one.corrupt > 0 for _, one in pieces
    )


def has_rates(pieces: list[tuple[float, DirectionState]]) -> bool:
    """Whether a direction's rate changes, or jitter comes before it."""
    return len({one.rate for _, one in pieces}) > 1 or any(one.jitter for _, one in pieces)


def key_of(name: str) -> int:
    """64 bits that follow from a name."""
    return int.from_bytes(sha256(name.encode()).digest()[:8])


def way_order(
    profile: LinkProfile,
    way: Direction,
    pieces: list[tuple[float, DirectionState]],
    trace: Opportunities | None,
) -> WayOrder:
    """What a direction is told, but for what the seed decides."""
    direction = profile.directions[way]
    table = table_of(direction.distribution)
    return {
        "rates": thinned((at, one.rate) for at, one in pieces),
        "delays": thinned((at, one.delay) for at, one in pieces),
        "jitters": thinned((at, one.jitter) for at, one in pieces),
        "losses": thinned((at, one.loss) for at, one in pieces),
        "bad_moments": [],
        "pattern": direction.loss_pattern or "",
        "corrupts": thinned((at, one.corrupt) for at, one in pieces),
        "duplicates": thinned((at, one.duplicate) for at, one in pieces),
        "table": table,
        "correlations": thinned((at, one.jitter_correlation) for at, one in pieces),
        "is_paced": has_rates(pieces) or bool({"queue", "aqm"} & {*direction.by_program}),
        "is_reordering": direction.reordering,
        "key": 0,
        "queue": direction.queue_packets if direction.queue_bytes is None else UNLIMITED,
        "aqm": direction.managed_by,
        "queue_bytes": UNLIMITED if direction.queue_bytes is None else direction.queue_bytes,
        "opportunities": None if trace is None else {"times_ms": trace.times_ms, "begins_s": trace.at},
        "ahead_s": min(MOST_AHEAD_S, *(round(least(one.delay, one.jitter, table), 6) for _, one in pieces)),
    }


def thinned(pieces: Iterable[tuple[float, float]]) -> Pieces:
    """The same without those that change nothing."""
    found: Pieces = []
    for at, value in pieces:
        if not found or found[-1][1] != value:
            found.append((at, value))
    return found
