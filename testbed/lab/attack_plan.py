"""What somebody else sends during a run, as the plan has it (see `plan`): made on the host, filled in by the lab."""

from typing import Literal, TypedDict

# Nodes that attacks come from, in a network that has them.
ATTACKERS = ("attacker", "neighbour")


# What the packets of strangers are known by in captures: how many hops theirs have left when they leave.
STRANGE_HOPS = 200


class Passing(TypedDict):
    """Which packet that passed is meant; "", 0: any. `port` is UDP's, of who it is for.

    `begins` is what stands `at` bytes behind IP's header, in hexadecimal. The `newest` one of those, or the first; or
    `each` that passes within `for_s` from now on, at once.
    """

    source: str
    target: str
    protocol: int
    port: int
    at: int
    begins: str
    which: Literal["first", "newest", "each"]
    for_s: float


class StunTemplate(TypedDict):
    """A request of STUN: attributes by number, in hexadecimal, and the `key` that signs it, "" for none."""

    method: int
    attributes: list[tuple[int, str]]
    key: str
    has_fingerprint: bool


class StolenBinding(TypedDict):
    """A Binding Update by tokens that were overheard: of `home`, to `care_of`, for `correspondent`."""

    home: str
    care_of: str
    correspondent: str


class Strange(TypedDict):
    """What is no SIP, in IP's `protocol`: one of these.

    `octets` in hexadecimal (behind UDP's header, where the protocol is that); `stun`, a request; `again`, what passed;
    `binding`; or, where there is an `inner` source and target, the attack's speech in a packet of IP of its own. Texts
    in hexadecimal have places for what was overheard, as all others. `home`: a home address option of IPv6 comes first.
    """

    protocol: int
    octets: str
    stun: StunTemplate | None
    again: Passing | None
    binding: StolenBinding | None
    inner: tuple[str, str] | None
    home: str


class Attack(TypedDict):
    """Packets of somebody else; `{…}` in the texts are places for what was overheard (testbed.lab.processes.attacker).

    `node` is where they are sent, `source` the address in them; `is_raw` whether they are made by hand, which they have
    to be when that address is another's. `speech` names the stream that noise is sent into, `guessed` whether with
    numbers that are not its own; else `data` is sent, or what is `strange`. `first` is the number of the first of
    `times` packets.
    """

    name: str
    node: str
    source: str
    source_port: str
    to: str
    port: str
    data: str
    is_raw: bool
    speech: str
    guessed: bool
    first: int
    times: int
    strange: Strange | None
