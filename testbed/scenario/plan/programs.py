"""What others wrote, as the plan has it: each program filled in for its place, and commands at their times."""

from dataclasses import replace
from typing import Any

from agents.roles.mobility.protocol_rows import PROTOCOLS
from agents.turn import TURN_PORT
from testbed.access import dnsmasq, wifi
from testbed.lab.network.addresses import bare
from testbed.lab.plan import ConnectionManager, Foreign, Step, Telling
from testbed.scenario.experiment.casting import command_text, split
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.agent_names import REGISTRAR, kept_by
from testbed.scenario.kinds.loaded_program import LoadedProgram
from testbed.scenario.kinds.program import Role, TellSetting
from testbed.scenario.kinds.topology import CORRESPONDENT, HOME, MOBILE
from testbed.scenario.plan.accounts import (
    PASSWORD,
    REALM,
    REGISTRAR_PORT,
    REGISTRAR_REALM,
    SIP_PORT,
    home,
    home_address,
    main_address,
    peer_account,
)

MEDIA_PORT = 30000
# What makes traffic beside the call.
TRAFFIC_PACKAGE = "iperf3"
# Of the protocol that a proxy controls a media relay with, on the host's own loopback.
RELAY_PORT = 2223
# For the BYE of a mobile node that does not say when its call is over: three retransmissions (RFC 3261 17.1.2.2).
AFTER_CALL_S = 4.0

PLACES: dict[Role, dict[str, int]] = {
    "cn": {CORRESPONDENT: SIP_PORT},
    "relay": {HOME: SIP_PORT},
    "turn": {HOME: SIP_PORT},
    "ike": {HOME: SIP_PORT, MOBILE: SIP_PORT},
    "proxy": {HOME: SIP_PORT},
    "registrar": {HOME: REGISTRAR_PORT},
    "mn": {MOBILE: SIP_PORT},
}
"""The nodes of each role, and its SIP port there, in the order in which programs are started."""

PROCESSES: dict[Role, str] = {"cn": CORRESPONDENT, "mn": MOBILE, "registrar": REGISTRAR}
"""What logs and timeline call a role's process; the others are called by their program's name."""


def programs(experiment: Experiment) -> list[Foreign]:
    """What others wrote: who is called, who serves the home network and single nodes, gives addresses, or calls."""
    cast = experiment.cast
    found = [
        foreign(experiment, cast.programs[role], role, node, port, name=process_name(role, node, cast.programs[role]))
        for role, places in PLACES.items()
        if role in cast.programs
        for node, port in places.items()
    ]
    found += [foreign(experiment, one, "node", node, SIP_PORT, name=f"{node}-{one.name}") for node, one in cast.nodes]
    links = experiment.network.access_links
    found += [
        dnsmasq.program(link, experiment.network.mac(link.node))
        for link in links
        if experiment.scenario.address.get(link.name, "static") != "static"
    ]
    wireless = [link for link in links if link.is_wireless]
    return found + [wifi.access_point(link, number) for number, link in enumerate(wireless)]


def process_name(role: Role, node: str, program: LoadedProgram) -> str:
    """What logs and timeline call a program: with its node, where the role is played in several."""
    own = program.name if len(PLACES[role]) == 1 else f"{node}-{program.name}"
    return PROCESSES.get(role, own)


def foreign(
    experiment: Experiment, program: LoadedProgram, role: Role, node: str, sip_port: int, *, name: str
) -> Foreign:
    """A program in a node, filled in; raises BadScenarioError where a text of it does not fit there."""
    settings = program.settings
    variables = variables_of(experiment, program, role, node, sip_port)

    def filled(place: tuple[str | int, ...], text: str) -> str:
        return program.text(place, text).filled(variables)

    def telling(field: str, tell: TellSetting | None) -> Telling:
        if tell is None:
            return {}
        if tell.signal is not None:
            return {"signal": tell.signal}
        if tell.runs is not None:
            return {"runs": [filled((field, "runs", number), word) for number, word in enumerate(tell.runs)]}
        lines = [filled((field, "types", number), line) for number, line in enumerate(tell.types or ())]
        return {"types": "".join(f"{line}\n" for line in lines)}

    rendered = {file: text.filled(variables) for (of, file), text in program.templates.items() if of == role}
    return {
        "name": name,
        "node": node,
        "file": program.path.name,
        "packages": list(settings.packages),
        "command": [filled(("command", number), word) for number, word in enumerate(settings.command)],
        "files": {
            file: program.copies[file].decode("latin-1") if file in program.copies else as_bytes(rendered[file])
            for file in settings.files
        },
        "executables": list(program.executables),
        "ready": {
            "udp": [port if isinstance(port, int) else variables[port] for port in settings.ready.udp],
            "says": filled(("ready", "says"), settings.ready.says),
            "within_s": settings.ready.within,
        },
        "start": telling("start", settings.start),
        "call": telling("call", settings.call),
        "hang_up": telling("hang_up", settings.hang_up),
        "stop": telling("stop", settings.stop),
        "is_mobile": role == "mn",
    }


def as_bytes(text: str) -> str:
    """A text in UTF-8, each byte as a character."""
    return text.encode().decode("latin-1")


def variables_of(
    experiment: Experiment, program: LoadedProgram, role: Role, node: str, sip_port: int
) -> dict[str, Any]:
    """What a program's texts can name in this place; docs/programs.md has the table."""
    call, addresses = experiment.scenario.call, addresses_of(experiment)
    hang_up = [one.at for one in experiment.changes if one.hang_up == node]
    other = MOBILE if role == "cn" else CORRESPONDENT
    links = {link.name: bare(link.node.address) for link in experiment.network.access_links}
    own = addresses.get(node)
    if role == "mn":
        at_home = experiment.row.is_anchored
        own = home_address(experiment.network) if at_home else links[experiment.scenario.first_link]
    return {
        "node": node,
        "role": role,
        "user": node,
        "address": own,
        "sip_port": sip_port,
        "media_port": MEDIA_PORT,
        "relay_port": RELAY_PORT if "relay" in experiment.cast.programs else None,
        "turn_port": TURN_PORT,
        "checks_pairs": experiment.row.checks_pairs,
        "seed": experiment.seed,
        "peer": {"user": other, "address": addresses[other], "port": SIP_PORT},
        "account": account(experiment),
        "home": home(experiment),
        "links": links,
        "addresses": addresses,
        "call": {"start": call.start, "duration": call.duration, "hangs_up": experiment.hangs_up},
        "hang_up_after": min(hang_up) - call.start if hang_up else None,
        "subscriber": {"user": MOBILE, "password": PASSWORD, "domain": REALM, "realm": REGISTRAR_REALM},
        "is_outbound": program.settings.outbound,
        "kept": kept_address(experiment),
    }


def kept_address(experiment: Experiment) -> dict[str, str] | None:
    """The address that is kept below the phone, and the interface that has it at first; None where none is."""
    if not experiment.row.is_anchored:
        return None
    interface = PROTOCOLS[kept_by(experiment.row)].interface.format(link=experiment.scenario.first_link)
    return {"address": home_address(experiment.network), "interface": interface}


def account(experiment: Experiment) -> dict[str, str]:
    """How the MN proves who it is, to the B2BUA or to whom it calls itself."""
    if experiment.row.is_bridged:
        return {"user": MOBILE, "password": PASSWORD, "realm": REALM}
    found: dict[str, str] = peer_account(experiment)["account"]
    return found


def addresses_of(experiment: Experiment) -> dict[str, str]:
    """The first address of each node that has one."""
    network = experiment.network
    return {
        node.name: main_address(network, node.name)
        for node in network.nodes
        if any(end.address for end in network.interfaces(node.name))
    }


def is_foreign(experiment: Experiment) -> bool:
    """Whether somebody else's program is the mobile node."""
    return "mn" in experiment.cast.programs


def program_steps(experiment: Experiment) -> list[Step]:
    """When programs are told to call and to hang up, when commands begin, and when the run of such an MN ends."""
    scenario = experiment.scenario
    ends_s = scenario.call.start + scenario.call.duration
    steps: list[Step] = []
    if is_foreign(experiment):
        steps.append({"at_s": scenario.call.start, "do": "call", "agent": MOBILE})
        if experiment.hangs_up == MOBILE:
            steps.append({"at_s": ends_s, "do": "hang_up", "agent": MOBILE})
        steps.append({"at_s": ends_s + AFTER_CALL_S, "do": "end"})
    variables = {"addresses": addresses_of(experiment), "role": "command"}
    for number, use in enumerate(scenario.programs):
        if use.run is None or use.at is None:
            continue
        text = command_text(experiment.tree, number, use.run)
        words = [replace(text, text=word).filled({**variables, "node": use.node}) for word in split(text)]
        steps.append({
            "at_s": use.at, "do": "run",
            "command": {
                "name": f"command{number + 1}-{use.node}", "node": use.node, "place": f"{text.path.name}:{text.line}",
                "command": words, "for_s": use.stays,
            },
        })  # fmt: skip
    return steps


def connections(experiment: Experiment) -> ConnectionManager:
    """What the MN's system does for programs that know nothing of links: nothing where there are none."""
    scenario = experiment.scenario
    # Where its address is kept, that has the default route, and what is below the programs looks after the links.
    foreign_mobile = is_foreign(experiment) and not experiment.row.is_anchored
    links = [link.name for link in experiment.network.access_links]
    first = [name for name in (scenario.first_link, scenario.second_link) if name in links]
    has_commands = any(use.node == MOBILE for use in scenario.programs) and not experiment.row.is_anchored
    return {
        "prefers": [*first, *(name for name in links if name not in first)],
        "default_routes": foreign_mobile or has_commands,
        "drops_addresses": foreign_mobile,
        "falls_back": foreign_mobile and experiment.setting.attach == "when-triggered",
    }


def all_packages(experiment: Experiment, found: list[Foreign]) -> list[str]:
    """Debian's packages that the guest needs beside what every run does."""
    scenario = experiment.scenario
    named = {package for one in found for package in one["packages"]}
    beside = {TRAFFIC_PACKAGE} if scenario.traffic else set()
    return sorted(named | beside | {package for use in scenario.programs for package in use.packages})
