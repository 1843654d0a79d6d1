"""`python -m agents ROLE CONFIG`: one agent, configured by a JSON file."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from agents.io.driver import Driver
from agents.rtp.au import read_mu_law

if TYPE_CHECKING:
    from typing import Any, TextIO

    from agents.io.kernel import KernelLinks
    from agents.roles.role import Role

BELOW_PHONES = ("mobility", "home-agent", "access-router", "anchor-point")
ROLES = ("mn", "cn", "b2bua", "registrar", *BELOW_PHONES, "binding-cache", "probe")
SPEECH = Path(__file__).parent / "rtp" / "speech"
PTIME_MS = 20
"""How much speech is in a packet, if nothing is said of it (RFC 3551, 4.2)."""
SAID_LIVE = frozenset({"PCMU", "PCMA", "GSM"})
"""Codecs for which nothing is recorded (`agents.rtp.coding.recorded`): most calls need not even look there."""


def main(role_name: str, config_path: str) -> None:
    """Runs a role until its standard input ends. Same seed, same identifiers."""
    config = json.loads(Path(config_path).read_text())
    if "brought" in config:
        from agents.io.brought_code import run_brought  # noqa: PLC0415 - most runs bring nothing

        run_brought(config, Path(config_path).with_suffix(""), lambda events: run(role_name, config, events))
    else:
        run(role_name, config, sys.stdout)


def run(role_name: str, config: dict[str, Any], events: TextIO) -> None:
    """Runs the role until the end of standard input; its events go to `events`."""
    random = Random(f"{config['seed']}/{role_name}")  # noqa: S311 - reproducible on purpose
    role: Role
    config["recorded"] = recorded(role_name, config.get("codecs", []), config.get("ptime_ms", PTIME_MS))
    links: KernelLinks | None = None
    # Each role loads only what it needs: starting is what an agent spends most of its time with.
    if role_name == "mn":
        from agents.io.kernel import KernelLinks  # noqa: PLC0415
        from agents.roles.mn.mobile_node import MobileNode  # noqa: PLC0415

        role, links = MobileNode(config, speech(role_name), random), KernelLinks()
    elif role_name == "cn":
        config.setdefault("descriptors", descriptors())
        from agents.roles.cn.correspondent_node import CorrespondentNode  # noqa: PLC0415

        role = CorrespondentNode(config, speech(role_name), random)
    elif role_name == "b2bua":
        config.setdefault("descriptors", descriptors())
        from agents.roles.b2bua.back_to_back import BackToBack  # noqa: PLC0415

        role = BackToBack(config, random)
    elif role_name == "registrar":
        from agents.roles.registrar.registrar_node import RegistrarNode  # noqa: PLC0415

        role = RegistrarNode(config, random)
    elif role_name in BELOW_PHONES:
        from agents.roles.mobility.protocol_rows import PROTOCOLS, loaded  # noqa: PLC0415

        row = PROTOCOLS[config["protocol"]]
        if row.has_clock:
            from agents.io.time_of_day import clock_offset_s  # noqa: PLC0415

            config["clock_offset_s"] = clock_offset_s()
        if role_name == "mobility":
            from agents.io.kernel import KernelLinks  # noqa: PLC0415

            links = KernelLinks()
        places = dict(zip(BELOW_PHONES, (row.system, row.home, row.router or row.advertiser, row.point), strict=True))
        role = loaded(places[role_name])(config, random)
    elif role_name == "binding-cache":
        from agents.roles.mobility.ip6.binding_correspondent import BindingCorrespondent  # noqa: PLC0415

        role = BindingCorrespondent(config, random)
    elif role_name == "probe":
        from agents.roles.probe.probe import Probe  # noqa: PLC0415

        role = Probe(config)
    else:
        sys.exit(f"there is no role {role_name!r}; possible are {', '.join(ROLES)}")
    Driver(role, links, events).run()


def descriptors() -> int:
    """How many files and sockets this process may have, once it has asked for all that it may ask for."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def recorded(role_name: str, codecs: list[str], ptime_ms: int = PTIME_MS) -> dict[str, tuple[bytes, ...]]:
    """What a role says in those of its codecs that are not encoded while it talks: codec -> payloads of `ptime_ms`."""
    if SAID_LIVE.issuperset(codecs):
        return {}
    from agents.rtp.coding.recorded import FILES  # noqa: PLC0415 - most calls are in none of these

    files = {name: FILES[name] for name in codecs if name in FILES}
    return {name: read((SPEECH / f"{role_name}{end}").read_bytes(), ptime_ms) for name, (end, read) in files.items()}


def speech(role_name: str) -> bytes:
    """What a role says, µ-law at 8 kHz."""
    return read_mu_law((SPEECH / f"{role_name}.au").read_bytes())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m agents ROLE CONFIG")
    main(sys.argv[1], sys.argv[2])
