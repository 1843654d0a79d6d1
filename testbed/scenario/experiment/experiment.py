"""A scenario with everything that it names loaded and checked against each other."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agents.roles.mn.schemes import Home, SchemeRow
from testbed.brought import Brought
from testbed.lab.network import AccessLink, Network
from testbed.lab.plan import DuplicateDetection
from testbed.scenario.experiment.access_routers import advertised
from testbed.scenario.experiment.addressing import addressed, check_addresses
from testbed.scenario.experiment.anchoring import check_anchored
from testbed.scenario.experiment.around import Around, load_around
from testbed.scenario.experiment.beside_call import check_traffic
from testbed.scenario.experiment.casting import Cast, check_hang_up, load_cast, needed_by, packages_of
from testbed.scenario.experiment.checks import (
    check_by_netem,
    check_codecs,
    check_copies,
    check_failure,
    check_links,
    check_opportunities,
    check_packets,
    check_radios,
)
from testbed.scenario.experiment.far_nodes import check_far, with_far
from testbed.scenario.experiment.translators import Translator, load_translators
from testbed.scenario.experiment.varying import (
    Varied,
    varied_trigger,
    vary_failure,
    vary_profile,
    vary_scenario,
)
from testbed.scenario.kinds.agent_names import agents_of
from testbed.scenario.kinds.chosen_scheme import ChosenScheme, find_scheme, same_scheme
from testbed.scenario.kinds.correspondent import NOBODY
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.program import Role
from testbed.scenario.kinds.scenario import (
    CallSetting,
    Scenario,
    SchemeSetting,
    Side,
)
from testbed.scenario.kinds.topology import HOME, MOBILE, load_topology
from testbed.scenario.links.history import Change, history
from testbed.scenario.links.trace import Opportunities
from testbed.scenario.links.traced import read_traces
from testbed.scenario.reading.document import Complaint, hint, place_among, validated
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.places import FAILURE, PROFILE, SCENARIO, TOPOLOGY
from testbed.scenario.reading.tree import Tree, named_in, read_tree
from testbed.scenario.reading.units import shown


@dataclass(frozen=True)
class Experiment:
    """All that a run is made of, but for engine and output."""

    path: Path
    tree: Tree = dataclasses.field(repr=False)
    scenario: Scenario
    network: Network
    profiles: dict[str, LinkProfile]
    failure: FailureScript
    failure_path: Path
    changes: list[Change]
    opportunities: list[Opportunities]
    chosen: ChosenScheme
    setting_of_scheme: SchemeSetting
    cast: Cast
    packages: dict[str, ScenarioError]
    """Debian's packages that the user's files name, with what is to be said where there is none of that name."""
    hangs_up: Side
    seed: int
    around: Around
    translators: dict[str, Translator]
    """The routers that translate addresses, by link."""
    dad: DuplicateDetection = "on"
    trigger: str | None = None
    """One of the scenario's `triggers` instead of the scheme's own."""
    varied: Sequence[Varied] = ()
    """What has another value here than in the files."""

    @property
    def scheme(self) -> str:
        """The scheme's name, as tables have it."""
        return self.chosen.name

    @property
    def row(self) -> SchemeRow:
        """What is known of the scheme."""
        return self.chosen.row

    @property
    def setting(self) -> SchemeSetting:
        """How the scheme is used here."""
        return effective(self.scenario, self.setting_of_scheme, self.trigger)

    @property
    def brought(self) -> list[Brought]:
        """What its user brought: the run carries it along."""
        return [*([] if self.chosen.brought is None else [self.chosen.brought]), *self.around.brought.values()]

    @property
    def text(self) -> str:
        """The scenario's file."""
        return self.tree.text

    @property
    def cn(self) -> str:
        """Who is called."""
        return self.cast.names["cn"]

    @property
    def proxy(self) -> str:
        """The proxy in the home network: the scenario's, or the one that the scheme needs."""
        return self.cast.names["proxy"]

    @property
    def label(self) -> str:
        """What tables call this run: the scheme, or the program that does in its own way what a scheme would.

        Another scheme than the scenario's still gives it another network, so it stands beside the program's name.
        """
        mobile = self.cast.programs.get("mn")
        if mobile is None:
            return self.scheme
        return mobile.name if self.scheme == self.scenario.scheme else f"{mobile.name}-{self.scheme}"

    @property
    def links(self) -> dict[str, tuple[AccessLink, LinkProfile]]:
        """The access links in the topology's order, each with its profile."""
        return {link.name: (link, self.profiles[link.name]) for link in self.network.access_links}


def load_experiment(  # noqa: PLR0913 - the options of a run
    word: str,
    *,
    scheme: str | None = None,
    failure: str | None = None,
    cn: str | None = None,
    mn: str | None = None,
    hangs_up: Side | None = None,
    seed: int | None = None,
    dad: DuplicateDetection | None = None,
    trigger: str | None = None,
    varied: Sequence[Varied] = (),
) -> Experiment:
    """Loads a scenario by name or path; options and `varied` replace what files say. Raises BadScenarioError."""
    path = SCENARIO.find(word)
    trigger = varied_trigger(varied) or trigger
    tree = vary_scenario(read_tree(path), varied, scheme=scheme, trigger=trigger)
    scenario = validated(tree, Scenario)
    with named_in(tree, "topology"):
        network = load_topology(TOPOLOGY.find(scenario.topology, near=path))
    check_links(tree, scenario, network)
    check_far(tree, scenario, network)
    translators = load_translators(tree, scenario, network)
    profiles = load_profiles(tree, scenario, varied)
    check_radios(tree, profiles, by_netem=wireless(scenario))
    failure_tree = vary_failure(find_failure(tree, scenario, failure), varied)
    script = validated(failure_tree, FailureScript)
    chosen_seed = scenario.seed if seed is None else seed
    traced, opportunities = read_traces(failure_tree, script)
    changes = [*history(script, chosen_seed), *traced]
    chosen, setting = choose_scheme(tree, scenario, scheme)
    ways = (scenario.first_link, scenario.second_link)
    agents = agents_of(chosen.row, scenario.registrar, ways, advertised(scenario))
    check_failure(failure_tree, changes, profiles, agents)
    check_by_netem(failure_tree, changes, by_netem=wireless(scenario))
    check_opportunities(failure_tree, opportunities, profiles, without=wireless(scenario))
    check_copies(tree, scenario, chosen)
    around = load_around(tree, path, scenario, setting)
    check_trigger(tree, scenario, trigger)
    instead: dict[Role, str] = {role: word for role, word in cast_options(cn=cn, mn=mn) if word is not None}
    cast = load_cast(tree, scenario, network, instead=instead, needed=needed_by(chosen.row))
    has_dad = dad is not None or scenario.dad is not None
    check_company(tree, scenario, network, cast, scheme=chosen, has_dad=has_dad)
    check_anchored(tree, scenario, network, chosen, effective(scenario, setting, trigger))
    check_traffic(tree, scenario, network, chosen)
    ends_call = hangs_up or scenario.call.hangs_up
    check_hang_up(tree, cast, ends_call, is_option=hangs_up is not None)
    return Experiment(
        path=path,
        tree=tree,
        scenario=scenario,
        network=with_far(scenario, addressed(scenario, network.with_wireless(wireless(scenario)))),
        profiles=profiles,
        failure=script,
        failure_path=failure_tree.path,
        changes=changes if ends_call == MOBILE else [*changes, hung_up(scenario.call, ends_call)],
        opportunities=opportunities,
        chosen=chosen,
        setting_of_scheme=setting,
        cast=cast,
        packages=packages_of(tree, scenario, cast.all_programs()),
        hangs_up=ends_call,
        seed=chosen_seed,
        dad=dad or scenario.dad or "on",
        around=around,
        translators=translators,
        trigger=trigger,
        varied=varied,
    )


def load_profiles(tree: Tree, scenario: Scenario, varied: Sequence[Varied] = ()) -> dict[str, LinkProfile]:
    """The profile of each link, with what the scenario says instead: its losses, and how its radio is attached."""
    profiles = {}
    for link, name in scenario.links.items():
        with named_in(tree, "links", link):
            read = read_tree(PROFILE.find(name, near=tree.path))
            profiles[link] = validated(vary_profile(read, link, varied, scenario), LinkProfile)
    for link, loss in scenario.loss.items():
        try:
            profiles[link] = profiles[link].with_loss(loss)
        except ValueError as error:
            raise BadScenarioError([tree.error(("loss", link), f"loss.{link}: {error}")]) from None
    for link in wireless(scenario):
        profiles[link] = profiles[link].model_copy(update={"attach": [], "loss_noticed_after": 0.0})
    return profiles


def effective(scenario: Scenario, setting: SchemeSetting, trigger: str | None) -> SchemeSetting:
    """How a scheme is used with one of the scenario's triggers in place of its own, if one is named."""
    return setting if trigger is None else setting.model_copy(update={"trigger": scenario.triggers[trigger]})


def find_failure(tree: Tree, scenario: Scenario, instead: str | None) -> Tree:
    """The failure script that the scenario names, or another one instead."""
    if instead is not None:
        return read_tree(FAILURE.find(instead))
    with named_in(tree, "failure"):
        return read_tree(FAILURE.find(scenario.failure, near=tree.path))


def wireless(scenario: Scenario) -> set[str]:
    """The links that are the kernel's own 802.11."""
    return {link for link, radio in scenario.radio.items() if radio == "hwsim"}


def hung_up(call: CallSetting, side: Side) -> Change:
    """The end of the call, which nobody but the MN brings about by itself."""
    return Change(("call", "hangs_up"), call.start + call.duration, hang_up=side)


def check_trigger(tree: Tree, scenario: Scenario, trigger: str | None) -> None:
    """For a trigger that an option names: it is to be one of the scenario's."""
    if trigger is not None and trigger not in scenario.triggers:
        what = f"triggers: {shown(trigger)} is not among the triggers of this scenario"
        raise BadScenarioError([tree.error(("triggers",), f"{what}{hint(trigger, list(scenario.triggers))}")])


def cast_options(*, cn: str | None, mn: str | None) -> tuple[tuple[Role, str | None], ...]:
    """What options say of who plays whom."""
    return (("cn", cn), ("mn", mn))


def check_company(
    tree: Tree, scenario: Scenario, network: Network, cast: Cast, *, scheme: ChosenScheme, has_dad: bool
) -> None:
    """For what others wrote, and what has to be beside it: correspondent, proxy, registrar, and where they live."""
    if scenario.proxy != NOBODY and scheme.row.is_bridged:
        what = f"under {scheme.name} the B2BUA has the proxy's place in '{HOME}'; write: none, or choose another scheme"
        raise BadScenarioError([tree.error(("proxy",), f"proxy: {what}")])
    check_codecs(tree, scenario, cast, is_bridged=scheme.row.is_bridged)
    check_packets(tree, scenario, cast)
    if not any(end.address for end in network.interfaces(HOME)):
        check_no_home_needed(tree, scenario, scheme)
    check_addresses(tree, scenario, network, cast, has_dad=has_dad)
    check_quench(tree, scenario)


def check_no_home_needed(tree: Tree, scenario: Scenario, scheme: ChosenScheme) -> None:
    """For a topology without a home network: neither B2BUA nor registrar nor proxy has a place in it."""
    if scheme.row.home is not Home.NOBODY:
        what = f"topology: has no node '{HOME}' for the {scheme.row.home}, without which there is no {scheme.name}"
        raise BadScenarioError([tree.error(("topology",), f"{what}; add Node('{HOME}') and give it an address")])
    for field in ("registrar", "proxy", "relay", "turn", "ike"):
        choice = getattr(scenario, field)
        if choice != NOBODY:
            what = f"{field}: the topology has no node '{HOME}' for it"
            raise BadScenarioError(
                [tree.error((field,), f"{what}; add Node('{HOME}') and give it an address, or write: none")]
            )


def check_quench(tree: Tree, scenario: Scenario) -> None:
    """Source Quench is ICMP's of IPv4."""
    if scenario.quench is not None and scenario.ip != 4:
        what = "quench: there is none in IPv6; leave it out, or write: ip: 4"
        raise BadScenarioError([tree.error(("quench",), what)])


def choose_scheme(tree: Tree, scenario: Scenario, wanted: str | None) -> tuple[ChosenScheme, SchemeSetting]:
    """The scheme to run, the one asked for or the scenario's own choice; and how: as the scenario says, or its row."""
    if wanted is None:
        with named_in(tree, "scheme"):
            chosen = find_scheme(scenario.scheme, near=tree.path)
    else:
        chosen = find_wanted(tree, scenario, wanted)
    word = scenario.scheme if wanted is None else wanted
    for name, setting in scenario.schemes.items():
        if name == chosen.name or same_scheme(word, name, tree.path):
            return chosen, setting
    return chosen, own_setting(chosen, tree.path)


def find_wanted(tree: Tree, scenario: Scenario, wanted: str) -> ChosenScheme:
    """The scheme that was asked for; as the scenario writes it, it is the scenario's."""
    if wanted not in scenario.schemes:
        return find_scheme(wanted)
    with named_in(tree, "schemes", wanted):
        return find_scheme(wanted, near=tree.path)


def own_setting(chosen: ChosenScheme, path: Path) -> SchemeSetting:
    """How a scheme is done that a scenario, in the file `path`, says nothing of: as its row says."""
    said = chosen.row.setting
    try:
        return SchemeSetting.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"SCHEME: {Complaint(first, place_among(said, first['loc']), SchemeSetting)}"
        if chosen.brought is not None:
            raise BadScenarioError([ScenarioError(chosen.brought.path, chosen.brought.line, what)]) from None
        raise BadScenarioError([ScenarioError(path, 0, what)]) from None
