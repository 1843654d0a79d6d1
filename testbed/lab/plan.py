"""What the lab is told to do: plain data, made on the host, carried out by the lab as it stands.

Everything that needs a user's file, a template or a decision has happened before. Times are seconds of scenario time
(zero: all agents ready, links as their profiles say).
"""

from typing import Any, Literal, NotRequired, TypedDict

from testbed.lab.attack_plan import Attack


class Shape(TypedDict):
    """A qdisc of an access link, or of a wire that takes its time, in the namespace of its bridge, called `air`.

    The command that `tc -batch` reads, and what the kernel must then say of it.
    """

    air: str
    device: str
    handle: str
    command: str
    expected: dict[str, Any]


class Pattern(TypedDict):
    """Which packets an access link loses, whatever else befalls them: rules for `nft -f -` in its air."""

    air: str
    rules: str


class NatOrder(TypedDict):
    """A router that translates addresses: rules for `nft -f -`, and for how long the kernel keeps a UDP mapping."""

    node: str
    rules: str
    timeout_s: int


class Trace(TypedDict):
    """When 1500 bytes can leave, in ms from `begins_s` on, over and over."""

    times_ms: list[int]
    begins_s: float


Aqm = Literal["codel", "fq_codel", "pie"]
"""How a queue is managed: RFC 8289, RFC 8290, RFC 8033."""


class QueueOrder(TypedDict):
    """What manages a queue, with RFC 8289's TARGET and INTERVAL, or RFC 8033's QDELAY_REF and T_UPDATE."""

    kind: Aqm
    target_s: float
    interval_s: float


class WayOrder(TypedDict):
    """What becomes of packets in one direction of a link, by their time.

    What has pieces is from when on what: `rates` in bit/s, `delays` and `jitters` in s, shares; `losses` are for
    whoever reads a plan: what is lost comes in one of the `bad_moments` (from when, until when), or is marked by
    `pattern` ('x', over and over). `corrupts` and `duplicates` are the shares of time in which what comes gets a bit
    error, and leaves twice. `table` is what jitter is drawn from, in 1/8192 of it, all equally likely and in order
    (empty: an even spread); a draw holds for so many seconds on average as `correlations` say (0: for a millisecond).
    `is_paced`: the rate is not netem's. `key` is what chance follows from, with the time. `queue` and `queue_bytes` are
    how much waits or is on its way at most; what waits is managed where there is an `aqm`. netem delays by `ahead_s`
    less than the least delay.
    """

    rates: list[tuple[float, float]]
    delays: list[tuple[float, float]]
    jitters: list[tuple[float, float]]
    losses: list[tuple[float, float]]
    bad_moments: list[tuple[float, float]]
    pattern: str
    corrupts: list[tuple[float, float]]
    duplicates: list[tuple[float, float]]
    table: list[int]
    correlations: list[tuple[float, float]]
    is_paced: bool
    is_reordering: bool
    key: int
    queue: int
    queue_bytes: int
    aqm: QueueOrder | None
    opportunities: Trace | None
    ahead_s: float


class GateConfig(TypedDict):
    """The air's ports by the direction that leaves through them, and what each direction does."""

    ports: dict[str, str]
    ways: dict[str, WayOrder]


class GateOrder(TypedDict):
    """Between an air's bridge and its ports: a program that sends each packet on at its time (lab/links/gate.py)."""

    air: str
    config: GateConfig


class ShapeStep(TypedDict):
    """From this time on links behave like this; the shapes of one step are applied together."""

    at_s: float
    do: Literal["shape"]
    link: str
    shapes: list[Shape]


class CarrierStep(TypedDict):
    """The radio loses, or regains, its carrier, which the node's kernel notices."""

    at_s: float
    do: Literal["carrier"]
    link: str
    up: bool


class SignalStep(TypedDict):
    """The radio reports its signal strength."""

    at_s: float
    do: Literal["signal"]
    link: str
    signal_dbm: float


class ReportStep(TypedDict):
    """An agent is told something, such as the mobile node where it is, and what its battery holds."""

    at_s: float
    do: Literal["report"]
    agent: str
    report: dict[str, Any]


class KillStep(TypedDict):
    """An agent dies (SIGKILL)."""

    at_s: float
    do: Literal["kill"]
    agent: str


class HangUpStep(TypedDict):
    """An agent's user hangs up."""

    at_s: float
    do: Literal["hang_up"]
    agent: str


class AttackStep(TypedDict):
    """Somebody else tries something."""

    at_s: float
    do: Literal["attack"]
    attack: Attack


class QuenchStep(TypedDict):
    """The router of an access link asks the mobile node to send less (ICMP Source Quench)."""

    at_s: float
    do: Literal["quench"]
    link: str


class PlaceCallStep(TypedDict):
    """A program that is the mobile node is told to call."""

    at_s: float
    do: Literal["call"]
    agent: str


class CommandOrder(TypedDict):
    """A command in a node: `place` is where the user's file names it; after `for_s` it is told to end."""

    name: str
    node: str
    place: str
    command: list[str]
    for_s: float | None


class CommandStep(TypedDict):
    """A command begins. Whatever becomes of it, the run goes on."""

    at_s: float
    do: Literal["run"]
    command: CommandOrder


class EndStep(TypedDict):
    """The run ends: for a mobile node that does not say when its call is over."""

    at_s: float
    do: Literal["end"]


class NoteStep(TypedDict):
    """Something worth a line in the timeline, with nothing to be done."""

    at_s: float
    do: Literal["note"]
    event: str
    link: str


Step = (
    ShapeStep | CarrierStep | SignalStep | ReportStep | KillStep | HangUpStep | AttackStep | QuenchStep | NoteStep
    | PlaceCallStep | CommandStep | EndStep
)  # fmt: skip


class TimedPhase(TypedDict):
    """One step of getting onto a network, and how long it takes."""

    phase: str
    seconds: float


Addressing = Literal["static", "dhcp", "slaac"]
"""How the mobile node comes to an address: it has it, asks a DHCP server, or makes it from what a router advertises."""

DuplicateDetection = Literal["on", "off", "optimistic"]
"""Whether an IPv6 address waits until nobody else has it (RFC 4862 5.4), is used meanwhile (RFC 4429), or at once."""


class Radio(TypedDict):
    """An access link as its radio knows it; `dad` is for IPv6 alone.

    `supplicant` are the settings of wpa_supplicant where the link is the kernel's own 802.11, and not timed phases.
    """

    attached: bool
    attach_phases: list[TimedPhase]
    address: Addressing
    dad: DuplicateDetection
    supplicant: str | None


class Agent(TypedDict):
    """One of our agents in a node's namespace, with the configuration of its role. One of them ends the run.

    `files` are what its user brought for it, by their path from a folder of its own.
    """

    name: str
    node: str
    role: str
    config: dict[str, Any]
    ends_run: bool
    files: NotRequired[dict[str, str]]


class Telling(TypedDict, total=False):
    """How a program is told something, one of these: typed into it, a signal, a command in its node and its folder."""

    types: str
    signal: str
    runs: list[str]


class Readiness(TypedDict):
    """A program is ready when its UDP ports are bound and `says` stands in its log; it has `within_s` for it."""

    udp: list[int]
    says: str
    within_s: float


class Foreign(TypedDict):
    """A program that others wrote, in a node's namespace, in a folder of its own with these files in it.

    `file` is the name of the user's file that describes it, for complaints. Each character of a file is one byte; the
    `executables` among them can be run. `packages` are Debian's. It is told to `start` when it has begun, to `call`
    and to `hang_up` at their times, and to `stop` at the end of the run. `is_mobile`: it takes the MN's place, begins
    when there are addresses, and its own end ends the run.
    """

    name: str
    node: str
    file: str
    packages: list[str]
    command: list[str]
    files: dict[str, str]
    executables: list[str]
    ready: Readiness
    start: Telling
    call: Telling
    hang_up: Telling
    stop: Telling
    is_mobile: bool


class ConnectionManager(TypedDict):
    """What the mobile node's system does beside its agents, as that of a laptop or a phone does.

    `default_routes`: programs that choose no address go over the first link that is attached, by the order of
    `prefers`. `drops_addresses`: a link that is lost loses its address. `falls_back`: when it is lost, those links are
    attached that were not.
    """

    prefers: list[str]
    default_routes: bool
    drops_addresses: bool
    falls_back: bool


class HandsOrder(TypedDict):
    """Somebody works in the lab: at Mininet's prompt on a terminal, of this size, and what is captured is streamed.

    `terminal` and `stream` are paths, empty where it is not wanted. For who leaves it the agent `hangs_up` does.
    """

    terminal: str
    stream: str
    term: str
    rows: int
    columns: int
    hangs_up: str


class Plan(TypedDict):
    """One run. `senses` is the agent that hears what radios report; `hands` are of a run that nobody can repeat."""

    seed: int
    network: dict[str, Any]
    shapes: list[Shape]
    patterns: list[Pattern]
    gates: list[GateOrder]
    nats: list[NatOrder]
    radios: dict[str, Radio]
    timeline: list[Step]
    agents: list[Agent]
    senses: str
    programs: list[Foreign]
    packages: list[str]
    connections: ConnectionManager
    drain_s: float
    limit_s: float
    hands: NotRequired[HandsOrder]
