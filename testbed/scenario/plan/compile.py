"""An experiment to the plan that the lab carries out."""

import uuid
from dataclasses import asdict
from typing import Any

from agents.roles.mn.schemes import Home, SchemeRow
from testbed.access import dnsmasq, wifi
from testbed.lab.network import Interface, Network
from testbed.lab.network.nodes import bare
from testbed.lab.plan import Agent, Foreign, GateOrder, Plan, Radio
from testbed.phones import kamailio, rtpengine
from testbed.phones.kamailio import Subscriber
from testbed.phones.site import Site
from testbed.scenario.experiment.around import networks, report_steps, trigger_config
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.correspondent import OWN, PHONES
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import OUTBOUND, OWN_REGISTRARS, Scenario
from testbed.scenario.kinds.topology import CORRESPONDENT, HOME, MOBILE
from testbed.scenario.links.shaping import all_patterns, all_shapes
from testbed.scenario.links.timeline import timeline
from testbed.scenario.plan.quenches import quench_steps

SIP_PORT = 5060
B2BUA = "b2bua"
# Beside the B2BUA, in the same node: the paper keeps the two apart (section 4.4).
REGISTRAR, REGISTRAR_PORT = "registrar", 5070
# What the MN and its home network have in common (RFC 3261 22). A secret of a network that nobody else is on.
REALM = "home.example"
PEER_REALM = "cn.example"
PASSWORD = "mobile-secret"  # noqa: S105
# Its own realm: credentials for it have no business in calls.
REGISTRAR_REALM = "registrar.home.example"
REGISTRATION_S = 3600
PHONE_MEDIA_PORT = 30000
# What is still on its way when the call ends is captured too: more than any link's delay.
DRAIN_S = 1.0
# A call that has not ended this long after its time has failed (64*T1 of a lost BYE, RFC 3261 17.1.2.2, and some).
LATE_S = 40.0


def compile_plan(experiment: Experiment) -> Plan:
    """The plan of one run."""
    scenario, network = experiment.scenario, experiment.network
    return {
        "seed": experiment.seed,
        "network": asdict(network),
        "shapes": all_shapes(experiment.links.values()),
        "patterns": all_patterns(experiment.links.values()),
        "gates": gates(experiment),
        "radios": {link: radio(experiment, link, profile) for link, (_, profile) in experiment.links.items()},
        "timeline": sorted(
            [
                *timeline(experiment.changes, experiment.links),
                *report_steps(scenario, experiment.around),
                *quench_steps(experiment),
            ],
            key=lambda step: step["at_s"],
        ),
        "agents": agents(experiment),
        "programs": programs(experiment),
        "drain_s": DRAIN_S,
        "limit_s": scenario.call.start + scenario.call.duration + LATE_S,
    }


def gates(experiment: Experiment) -> list[GateOrder]:
    """Links whose packets leave when a trace lets them."""
    found: dict[str, GateOrder] = {}
    for trace in experiment.opportunities:
        link, profile = experiment.links[trace.link]
        ports = {"down": link.node_port.name, "up": link.router_port.name}
        gate = found.setdefault(trace.link, {"air": link.air, "config": {"ports": ports, "gates": {}}})
        gate["config"]["gates"][trace.direction] = {
            "opportunities_ms": trace.times_ms,
            "queue": profile.directions[trace.direction].queue_packets,
            "begins_s": trace.at,
        }
    return list(found.values())


def radio(experiment: Experiment, link: str, profile: LinkProfile) -> Radio:
    """An access link at the start: the first one is attached, the other one as the scheme's setting says."""
    return {
        "attached": link == experiment.scenario.first_link or experiment.setting.attach == "beforehand",
        "attach_phases": [{"phase": phase.phase, "seconds": phase.time} for phase in profile.attach],
        "address": experiment.scenario.address.get(link, "static"),
        "dad": experiment.dad,
        "supplicant": wifi.supplicant() if experiment.network.access_link(link).is_wireless else None,
    }


def agents(experiment: Experiment) -> list[Agent]:
    """Who takes part in the call; the MN ends the run."""
    found = [agent(CORRESPONDENT, CORRESPONDENT, correspondent(experiment))] if experiment.cn in OWN else []
    if experiment.row.is_bridged:
        found.append(agent(B2BUA, HOME, back_to_back(experiment)))
    if experiment.scenario.registrar in OWN_REGISTRARS:
        found.append(agent(REGISTRAR, HOME, registrar(experiment)))
    own = agent(MOBILE, MOBILE, mobile(experiment), ends_run=True)
    if experiment.brought:
        own["files"] = {name: text for one in experiment.brought for name, text in one.files.items()}
    return [*found, own]


def agent(name: str, node: str, config: dict[str, Any], *, ends_run: bool = False) -> Agent:
    """One of our own agents, in the role of the same name."""
    return {"name": name, "node": node, "role": name, "config": config, "ends_run": ends_run}


def mobile(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the mobile node."""
    scenario = experiment.scenario
    peer, account = main_address(experiment.network, CORRESPONDENT), peer_account(experiment)
    return {
        "seed": experiment.seed,
        "links": {
            link.name: {"interface": link.node.name, "address": bare(link.node.address)}
            for link in experiment.network.access_links
        },
        "first_link": scenario.first_link,
        "second_link": scenario.second_link,
        "user": MOBILE,
        "peer": {"user": CORRESPONDENT, "address": peer, "port": SIP_PORT, **account, **session_timer(scenario)},
        "home": home(experiment),
        "call": {
            "start_s": scenario.call.start,
            "duration_s": scenario.call.duration if experiment.hangs_up == MOBILE else None,
        },
        "codecs": scenario.call.spoken_by("mn"),
        "duplication": scenario.duplication,
        "scheme": experiment.scheme,
        "trigger": trigger_config(experiment.setting.trigger, experiment.around, scenario.first_link),
        "networks": networks(scenario, experiment.links),
        **registers(experiment),
        **({"brought": [one.order for one in experiment.brought]} if experiment.brought else {}),
    }


def correspondent(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the correspondent node."""
    return {
        "seed": experiment.seed,
        "user": CORRESPONDENT,
        "address": main_address(experiment.network, CORRESPONDENT),
        "supports_handover": experiment.cn == "testbed-handover"
        or (experiment.cn == "testbed" and not experiment.row.is_bridged),
        "codecs": experiment.scenario.call.spoken_by("cn"),
        "duplication": experiment.scenario.duplication,
        "room": experiment.scenario.room.get("cn"),
        **session_timer(experiment.scenario),
        **callers(experiment),
    }


def session_timer(scenario: Scenario) -> dict[str, int]:
    """After how many seconds a session is over that nobody has refreshed; nothing where there are no timers."""
    return {} if scenario.session_timer is None else {"session_timer_s": int(scenario.session_timer)}


def callers(experiment: Experiment) -> dict[str, Any]:
    """How the CN knows who calls: the MN by its password, the B2BUA, which does not move, by its host."""
    if experiment.row.is_bridged:
        return {"caller_stays": True}
    return {"realm": PEER_REALM, "users": {MOBILE: PASSWORD}}


def peer_account(experiment: Experiment) -> dict[str, Any]:
    """The MN's account with a CN that it calls itself: "the sender must be authenticated" (paper 4.3)."""
    if experiment.row.is_bridged:
        return {}
    return {"account": {"user": MOBILE, "password": PASSWORD, "realm": PEER_REALM}}


def home(experiment: Experiment) -> dict[str, Any] | None:
    """Where the MN's calls go by way of its home network, and how it proves who it is."""
    if not experiment.row.is_bridged and experiment.proxy == "none":
        return None
    address = main_address(experiment.network, HOME)
    return {"address": address, "port": SIP_PORT, "user": MOBILE, "password": PASSWORD, "realm": REALM}


def back_to_back(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the B2BUA."""
    return {
        "seed": experiment.seed,
        "address": main_address(experiment.network, HOME),
        "realm": REALM,
        "users": {MOBILE: PASSWORD},
        "always_bridges": experiment.row.always_bridges,
        "room": experiment.scenario.room.get("b2bua"),
        **session_timer(experiment.scenario),
    }


def registers(experiment: Experiment) -> dict[str, Any]:
    """Where and how the MN registers; nothing where there is no registrar."""
    supported = experiment.scenario.registrar
    if supported == "none":
        return {}
    where = {"address": main_address(experiment.network, HOME), "port": REGISTRAR_PORT, "domain": REALM}
    who = {"user": MOBILE, "password": PASSWORD, "realm": REGISTRAR_REALM}
    # RFC 5626 4.1: the name of the device, the same in all its life. What the registrar does not know it ignores.
    instance = uuid.uuid5(uuid.NAMESPACE_URL, f"sip:{MOBILE}@{REALM}").urn
    how = {"style": "outbound" if supported in OUTBOUND else "proactive", "instance": instance}
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
        "policy": {"is_proactive": supported == "proactive", "is_outbound": supported == "outbound"},
    }


def programs(experiment: Experiment) -> list[Foreign]:
    """What others wrote: a phone as the correspondent; who serves the home network; who gives addresses."""
    found = [phone(experiment)] if experiment.cn in PHONES else []
    if experiment.proxy == "kamailio":
        site = Site(HOME, main_address(experiment.network, HOME), SIP_PORT, PHONE_MEDIA_PORT)
        is_relayed = experiment.row.is_relayed
        if is_relayed:
            found.append(rtpengine.program(site))
        found.append(kamailio.proxy(site, is_relayed=is_relayed))
    supported = experiment.scenario.registrar
    if supported not in {"none", *OWN_REGISTRARS}:
        site = Site(HOME, main_address(experiment.network, HOME), REGISTRAR_PORT, PHONE_MEDIA_PORT)
        subscriber = Subscriber(MOBILE, PASSWORD, REALM, REGISTRAR_REALM, is_outbound=supported in OUTBOUND)
        found.append(kamailio.registrar(site, subscriber))
    found += [
        dnsmasq.program(link, experiment.network.mac(link.node))
        for link in experiment.network.access_links
        if experiment.scenario.address.get(link.name, "static") != "static"
    ]
    found += [wifi.access_point(link) for link in experiment.network.access_links if link.is_wireless]
    return found


def phone(experiment: Experiment) -> Foreign:
    """The correspondent that others wrote."""
    hang_up = [one.at for one in experiment.changes if one.hang_up == CORRESPONDENT]
    site = Site(
        node=CORRESPONDENT,
        address=main_address(experiment.network, CORRESPONDENT),
        sip_port=SIP_PORT,
        media_port=PHONE_MEDIA_PORT,
        hang_up_after=min(hang_up) - experiment.scenario.call.start if hang_up else None,
    )
    program: Foreign = PHONES[experiment.cn].program(site)
    return program


def main_address(network: Network, node: str) -> str:
    """The first address of a node."""
    return bare(addressed(network, node).address)


def addressed(network: Network, node: str) -> Interface:
    """The first interface of a node that has an address."""
    return next(end for end in network.interfaces(node) if end.address)


def roles(network: Network, scheme: SchemeRow) -> dict[str, Any]:
    """Which interfaces the two ends of the call have, and the relay between them, for whoever measures."""

    def described(interface: Interface) -> dict[str, str]:
        return {"interface": interface.name, "address": bare(interface.address)}

    relay = (
        {"relay": {"interfaces": {"eth0": described(addressed(network, HOME))}}}
        if scheme.home is not Home.NOBODY
        else {}
    )
    return {
        **relay,
        MOBILE: {"interfaces": {link.name: described(link.node) for link in network.access_links}},
        CORRESPONDENT: {"interfaces": {"eth0": described(addressed(network, CORRESPONDENT))}},
    }
