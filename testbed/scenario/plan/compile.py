"""An experiment to the plan that the lab carries out."""

import uuid
from dataclasses import asdict, replace
from typing import Any

from agents.roles.mn.schemes import Home, SchemeRow
from agents.roles.mobility.protocol_rows import PROTOCOLS
from agents.sdp import PTIME_MS
from testbed.access import wifi
from testbed.lab.network import Interface, Network
from testbed.lab.network.addresses import bare
from testbed.lab.plan import Agent, Plan, Radio
from testbed.scenario.experiment.access_routers import ways
from testbed.scenario.experiment.anchoring import link_at_home
from testbed.scenario.experiment.around import report_steps, trigger_config
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.agent_names import (
    ACCESS_ROUTER,
    ANCHOR_POINT,
    B2BUA,
    BINDING_CACHE,
    HOME_AGENT,
    MOBILITY,
    REGISTRAR,
    has_anchor_point,
    has_routers,
    kept_by,
    router_of,
)
from testbed.scenario.kinds.correspondent import NOBODY, OWN, OWN_MOBILE
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import OUTBOUND, OWN_REGISTRARS, Scenario
from testbed.scenario.kinds.topology import CORRESPONDENT, HOME, MOBILE
from testbed.scenario.links.gating import gate_orders
from testbed.scenario.links.shaping import all_patterns, all_shapes, wire_shapes
from testbed.scenario.links.timeline import timeline
from testbed.scenario.plan.access_gateways import gateway_address
from testbed.scenario.plan.accounts import (
    PASSWORD,
    PEER_REALM,
    REALM,
    REGISTRAR_PORT,
    REGISTRAR_REALM,
    SIP_PORT,
    addressed,
    home,
    home_address,
    main_address,
    peer_account,
    turn_server,
)
from testbed.scenario.plan.anchor_points import (
    advertising,
    anchor_point,
    point_advertiser,
    point_of,
)
from testbed.scenario.plan.between_links import between_links
from testbed.scenario.plan.nat_rules import nat_orders
from testbed.scenario.plan.network_layer import (
    access_router,
    binding_cache,
    hidden_tunnels,
    home_agent,
    mobility,
    phone_at_home,
)
from testbed.scenario.plan.programs import all_packages, connections, program_steps, programs
from testbed.scenario.plan.quenches import quench_steps
from testbed.scenario.plan.traffic_steps import traffic_steps

AT_RISK = "at-risk"
REGISTRATION_S = 3600
# What is still on its way when the call ends is captured too: more than any link's delay.
DRAIN_S = 1.0
# A call that has not ended this long after its time has failed (64*T1 of a lost BYE, RFC 3261 17.1.2.2, and some).
LATE_S = 40.0


def compile_plan(experiment: Experiment) -> Plan:
    """The plan of one run."""
    scenario, network = experiment.scenario, experiment.network
    foreign = programs(experiment)
    limit_s = scenario.call.start + scenario.call.duration + LATE_S
    links = experiment.links.values()
    # A trace may be hours long, the run is not.
    changes = [one for one in experiment.changes if one.at <= limit_s]
    gates = gate_orders(links, changes, experiment.opportunities, seed=experiment.seed, end_s=limit_s)
    return {
        "seed": experiment.seed,
        "network": asdict(replace(network, tunnels=hidden_tunnels(experiment.row))),
        "shapes": [*all_shapes(links, gates), *wire_shapes(network.far_wires, scenario.delay)],
        "patterns": all_patterns(links, gates),
        "gates": list(gates.values()),
        "nats": nat_orders(experiment.translators),
        "radios": {link: radio(experiment, link, profile) for link, (_, profile) in experiment.links.items()},
        "timeline": sorted(
            [
                *timeline(changes, experiment.links, gates),
                *report_steps(scenario, experiment.around, hears=senses(experiment)),
                *quench_steps(experiment),
                *program_steps(experiment),
                *traffic_steps(experiment),
            ],
            key=lambda step: step["at_s"],
        ),
        "agents": agents(experiment),
        "senses": senses(experiment),
        "programs": foreign,
        "packages": all_packages(experiment, foreign),
        "connections": connections(experiment),
        "drain_s": DRAIN_S,
        "limit_s": limit_s,
    }


def senses(experiment: Experiment) -> str:
    """Whose triggers there are."""
    return MOBILITY if experiment.row.is_anchored else MOBILE


def radio(experiment: Experiment, link: str, profile: LinkProfile) -> Radio:
    """An access link at the start: the first one is attached, the other one as the scheme's setting says."""
    access = experiment.network.access_link(link)
    return {
        "attached": link == experiment.scenario.first_link or experiment.setting.attach == "beforehand",
        "attach_phases": [{"phase": phase.phase, "seconds": phase.time} for phase in profile.attach],
        "address": experiment.scenario.address.get(link, "static"),
        "dad": experiment.dad,
        "supplicant": wifi.supplicant(access) if access.is_wireless else None,
    }


def agents(experiment: Experiment) -> list[Agent]:
    """Our own who take part in the call; the MN ends the run."""
    found = [agent(CORRESPONDENT, CORRESPONDENT, correspondent(experiment))] if experiment.cn in OWN else []
    if experiment.row.is_bridged:
        found.append(agent(B2BUA, HOME, back_to_back(experiment)))
    if experiment.scenario.registrar in OWN_REGISTRARS:
        found.append(agent(REGISTRAR, HOME, registrar(experiment)))
    if experiment.row.is_anchored:
        found.append(agent(HOME_AGENT, HOME, home_agent(experiment)))
        if has_anchor_point(experiment.row):
            where = point_of(experiment).node
            found.append(agent(ANCHOR_POINT, where, anchor_point(experiment)))
        for link in advertising(experiment):
            about = point_advertiser(experiment, link)
            found.append(agent(router_of(link.name), link.router.node, about, role=ACCESS_ROUTER))
        for link in ways(experiment.scenario, experiment.network) if has_routers(experiment.row) else ():
            about = access_router(experiment, link)
            found.append(agent(router_of(link.name), link.router.node, about, role=ACCESS_ROUTER))
        found.append(agent(MOBILITY, MOBILE, mobility(experiment)))
    if experiment.row.optimises:
        found.append(agent(BINDING_CACHE, CORRESPONDENT, binding_cache(experiment)))
    if experiment.cast.names["mn"] == OWN_MOBILE:
        own = agent(MOBILE, MOBILE, mobile(experiment), ends_run=True)
        if experiment.brought:
            own["files"] = {name: text for one in experiment.brought for name, text in one.files.items()}
        found.append(own)
    return found


def agent(name: str, node: str, config: dict[str, Any], *, role: str = "", ends_run: bool = False) -> Agent:
    """One of our own agents, in the role of the same name if there is no word of another."""
    return {"name": name, "node": node, "role": role or name, "config": config, "ends_run": ends_run}


def mobile(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the mobile node."""
    scenario = experiment.scenario
    peer, account = main_address(experiment.network, CORRESPONDENT), peer_account(experiment)
    return {
        "seed": experiment.seed,
        **(phone_at_home(experiment) if experiment.row.is_anchored else between_links(experiment)),
        "user": MOBILE,
        "peer": {
            "user": CORRESPONDENT,
            "address": peer,
            "port": SIP_PORT,
            **account,
            **session_timer(scenario),
            **({"keeps_alive": True} if experiment.translators else {}),
        },
        "home": home(experiment),
        **turn_server(experiment),
        **({"checks_pairs": True} if experiment.row.checks_pairs else {}),
        "call": {
            "start_s": scenario.call.start,
            "duration_s": scenario.call.duration if experiment.hangs_up == MOBILE else None,
        },
        "codecs": scenario.call.spoken_by("mn"),
        **packets(scenario),
        "duplication": scenario.duplication,
        "scheme": experiment.scheme,
        **copies(experiment),
        **registers(experiment),
        **({"brought": [one.order for one in experiment.brought]} if experiment.brought else {}),
    }


def copies(experiment: Experiment) -> dict[str, Any]:
    """When media go over both links, of a scheme whose second dialog stands by; nothing of the others."""
    setting = experiment.setting
    if experiment.row.copies is None:
        return {}
    chosen = setting.copies or experiment.row.copies
    risk = setting.trigger if setting.risk is None else setting.risk
    config = trigger_config(risk, experiment.around, experiment.scenario.first_link)
    return {"copies": chosen, **({"risk": config} if chosen == AT_RISK else {})}


def correspondent(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the correspondent node."""
    return {
        "seed": experiment.seed,
        "user": CORRESPONDENT,
        "address": main_address(experiment.network, CORRESPONDENT),
        "supports_handover": experiment.cn == "testbed-handover"
        or (experiment.cn == "testbed" and not experiment.row.is_bridged),
        "codecs": experiment.scenario.call.spoken_by("cn"),
        **packets(experiment.scenario),
        "duplication": experiment.scenario.duplication,
        "room": experiment.scenario.room.get("cn"),
        **session_timer(experiment.scenario),
        **callers(experiment),
    }


def packets(scenario: Scenario) -> dict[str, int]:
    """How much speech is in a packet, where it is not what it is as a rule."""
    ptime_ms = round(scenario.call.packets * 1000)
    return {} if ptime_ms == PTIME_MS else {"ptime_ms": ptime_ms}


def session_timer(scenario: Scenario) -> dict[str, int]:
    """After how many seconds a session is over that nobody has refreshed; nothing where there are no timers."""
    return {} if scenario.session_timer is None else {"session_timer_s": int(scenario.session_timer)}


def callers(experiment: Experiment) -> dict[str, Any]:
    """How the CN knows who calls: the MN by its password, the B2BUA, which does not move, by its host."""
    if experiment.row.is_bridged:
        return {"caller_stays": True}
    return {"realm": PEER_REALM, "users": {MOBILE: PASSWORD}, **asked(experiment)}


def asked(experiment: Experiment) -> dict[str, Any]:
    """By which algorithms a program as the MN is asked for its password; our own knows what we offer."""
    program = experiment.cast.programs.get("mn")
    return {} if program is None else {"digest": list(program.settings.digest)}


def back_to_back(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the B2BUA."""
    return {
        "seed": experiment.seed,
        "address": main_address(experiment.network, HOME),
        "realm": REALM,
        "users": {MOBILE: PASSWORD},
        **asked(experiment),
        # Media of a phone that gets behind a NAT have to go by way of who can tell where it is seen.
        "always_bridges": experiment.row.always_bridges or bool(experiment.translators),
        "room": experiment.scenario.room.get("b2bua"),
        **packets(experiment.scenario),
        **session_timer(experiment.scenario),
    }


def registers(experiment: Experiment) -> dict[str, Any]:
    """Where and how the MN registers; nothing where there is no registrar."""
    supported = experiment.scenario.registrar
    if supported == NOBODY:
        return {}
    program = experiment.cast.programs.get("registrar")
    is_outbound = supported == OUTBOUND if program is None else program.settings.outbound
    where = {"address": main_address(experiment.network, HOME), "port": REGISTRAR_PORT, "domain": REALM}
    who = {"user": MOBILE, "password": PASSWORD, "realm": REGISTRAR_REALM}
    # RFC 5626 4.1: the name of the device, the same in all its life. What the registrar does not know it ignores.
    instance = uuid.uuid5(uuid.NAMESPACE_URL, f"sip:{MOBILE}@{REALM}").urn
    how = {"style": "outbound" if is_outbound else "proactive", "instance": instance}
    return {"registrar": {**where, **who, **how, "expires_s": REGISTRATION_S}}


def registrar(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the registrar."""
    supported = experiment.scenario.registrar
    return {
        "seed": experiment.seed,
        "address": main_address(experiment.network, HOME),
        "port": REGISTRAR_PORT,
        "domain": REALM,
        "realm": REGISTRAR_REALM,
        "users": {MOBILE: PASSWORD},
        "policy": {"is_proactive": supported == "proactive", "is_outbound": supported == OUTBOUND},
    }


def roles(network: Network, scheme: SchemeRow) -> dict[str, Any]:
    """Which interfaces the two ends of the call have, and the relay between them, for whoever measures.

    Where the mobile node keeps an address, it is its `home_address`: packets with it are in others, of the protocol
    that it is `kept_by`; where those hide them, they are seen at `inside`. Where tunnels end at routers, those are
    the `gateways` of the links, and what is seen at the node is in none; nor is it on the `home_link`.
    """

    def described(interface: Interface) -> dict[str, str]:
        return {"interface": interface.name, "address": bare(interface.address)}

    own = [end for end in network.interfaces(HOME) if end.address] if scheme.home is not Home.NOBODY else []
    ends = {link.router: link.name for link in network.access_links}
    called = {ends.get(end, f"eth{number}"): described(end) for number, end in enumerate(own)}
    relay = {"relay": {"interfaces": called}} if own else {}
    return {
        **relay,
        MOBILE: {
            "interfaces": {link.name: described(link.node) for link in network.access_links},
            **(kept(network, scheme) if scheme.is_anchored else {}),
        },
        CORRESPONDENT: {"interfaces": {"eth0": described(addressed(network, CORRESPONDENT))}},
    }


def nats(experiment: Experiment) -> dict[str, Any]:
    """Which routers translate addresses, for whoever measures; nothing where none does."""
    found = {
        link: {
            "kind": one.kind.name,
            "inside": one.inside.name,
            "outside": one.outside.name,
            "address": bare(one.outside.address),
        }
        for link, one in experiment.translators.items()
    }
    return {"nats": found} if found else {}


def kept(network: Network, scheme: SchemeRow) -> dict[str, Any]:
    """What the mobile node's role says of the address that it keeps."""
    row = PROTOCOLS[kept_by(scheme)]
    found: dict[str, Any] = {"home_address": home_address(network), "kept_by": kept_by(scheme)}
    if row.hides:
        found["inside"] = row.interface
    if (link := link_at_home(network)) is not None:
        found["home_link"] = link.name
    if row.tunnels_end:
        found["gateways"] = {link.name: gateway_address(network, link) for link in network.access_links}
    return found
