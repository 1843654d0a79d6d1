"""`profile`: what a link profile says, and whether links of it do that."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.text import Text

from testbed.api.carrying_out import EngineName
from testbed.cli.runs.progress import Progress
from testbed.cli.runs.running import engine_option
from testbed.cli.whole_number import WholeNumber
from testbed.engine.choose import make_engine, usual_engine
from testbed.lab.network import AccessLink, Interface, Network
from testbed.lab.plan import WayOrder
from testbed.plain_text import say
from testbed.report.terminal import console, new_table
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.links.gating import gate_orders
from testbed.scenario.links.shaping import DirectionState, all_patterns, order_of, shapes
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import PROFILE, TOPOLOGY
from testbed.selftest.bounds import BoundsRow, verdicts
from testbed.selftest.probing import LOSS_PROBES, probe_plan

PROBED_TOPOLOGY = "multihomed"
EXAMPLE = AccessLink("wifi", Interface("mn", "mn-wifi"), Interface("wifi-gw", "wifi-gw-air"))


@click.group()
def profile() -> None:
    """What a link profile says, and whether links of it do that."""


@profile.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the profile NAME as its file has it, with the sources of its numbers, and the commands that make it."""
    path = PROFILE.find(name)
    model = load(path, LinkProfile)
    say(path.read_text().rstrip())
    say("\n# As the access link 'wifi' this is, for tc:")
    gates = gate_orders([(EXAMPLE, model)], [], [], seed=0, end_s=0.0)
    for way, direction in model.directions.items():
        order = order_of(gates, EXAMPLE, way)
        for one in shapes(EXAMPLE.port(way), DirectionState.of(direction), verb="replace", order=order):
            say(f"tc {one['command']}    # {way}")
        if order is not None:
            named = ", ".join(carried(direction, order)) or "all packets"
            say(f"# {way}: {named} by a program that knows the time; netem delays {order['ahead_s'] * 1e3:g} ms less")
    if not model.directions:
        say("# nothing: the link is the kernel's own")
    for losses in all_patterns([(EXAMPLE, model)], gates):
        say(f"\n# and for nft, in the bridge's namespace:\n{losses['rules']}")


def carried(direction: LinkDirection, order: WayOrder) -> list[str]:
    """What of a profile is not netem's where a program carries the link."""
    named = {
        "rate": order["is_paced"],
        "jitter": direction.jitter > 0,
        "loss": direction.loss > 0,
        "loss_pattern": bool(order["pattern"]),
    }
    return [*(name for name, is_there in named.items() if is_there), *direction.by_program]


@profile.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--probes", type=WholeNumber(min=100), default=LOSS_PROBES, show_default=True,
              help="How many packets to look for losses with, at most.")  # fmt: skip
@click.option("--seed", type=WholeNumber(min=0), default=1, show_default=True)
@engine_option
def check(names: tuple[str, ...], probes: int, seed: int, engine: EngineName | None) -> None:
    """Send probes over links of these profiles, all of them by default, and compare with what the files say."""
    profiles = {name: load(PROFILE.find(name), LinkProfile) for name in names or PROFILE.shipped()}
    shaped = [one for one in profiles.values() if one.directions]
    network = load_topology(TOPOLOGY.find(PROBED_TOPOLOGY))
    chosen = engine or usual_engine(lambda line: say(line, err=True))
    rows = asyncio.run(probe_all(shaped, network, probes, seed, chosen))
    title = f"Configured and measured, between the two ends of the link (engine: {chosen})"
    table = new_table(title, "profile", "", "", "configured", "measured", "may differ by", "")
    for row in rows:
        numbers = (four_figures(value) for value in (row.configured, row.measured, row.bound))
        verdict = Text("ok", style="green") if row.is_within else Text("OUT OF BOUND", style="bold red")
        table.add_row(row.profile, row.direction, row.quantity, *numbers, verdict)
    console().print(table)
    outside = sum(not row.is_within for row in rows)
    say(f"{len(rows)} quantities, {outside} out of bound")
    if outside:
        sys.exit(1)


def four_figures(value: float) -> str:
    """A number with four significant figures, or all those before the point: 100000, not 1e+05."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


async def probe_all(
    profiles: list[LinkProfile], network: Network, loss_probes: int, seed: int, engine_name: str
) -> list[BoundsRow]:
    """Probes as many profiles at once as the network has access links."""
    engine = make_engine(engine_name)
    links = [link.name for link in network.access_links]
    rows: list[BoundsRow] = []
    with Progress() as progress:
        for start in range(0, len(profiles), len(links)):
            chosen = dict(zip(links, profiles[start:], strict=False))
            plan = probe_plan(network, chosen, seed, loss_probes)
            place = await engine.prepare(plan, progress.say)
            progress.say(f"probing {', '.join(one.name for one in chosen.values())}")
            folder = Path(tempfile.mkdtemp(prefix="testbed-probes-"))
            try:
                await place.run(plan, folder, lambda _: None)
                rows += verdicts(folder, network, chosen, loss_probes)
            finally:
                shutil.rmtree(folder)
    return rows
