"""Who registers a mobile node's addresses, by the protocol that a scheme's row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mobility.registers import Registers

MOBILE_IPV4, MOBILE_IPV6 = "Mobile IPv4", "Mobile IPv6"


def make_registering(config: dict[str, Any], random: Random) -> Registers:
    """Of the mobile node's configuration; only what is wanted gets loaded."""
    home, secret = config["home_address"], bytes.fromhex(config["key"])
    if config.get("protocol", MOBILE_IPV4) == MOBILE_IPV6:
        from agents.mip6.binding_keys import HomeKey  # noqa: PLC0415
        from agents.roles.mobility.binding_updates import BindingUpdates  # noqa: PLC0415

        key = HomeKey(config["spi"], secret)
        identity = {"identifier": config["identifier"], "clock_offset_s": config["clock_offset_s"]}
        several = config["bindings"] != "one"
        at_home = BindingUpdates(home, config["home_agent"], key, random, binds_several=several, **identity)
        if "correspondents" not in config:
            return at_home
        from agents.roles.mobility.route_optimising import RouteOptimising  # noqa: PLC0415

        return RouteOptimising(at_home, home, config["correspondents"], random)
    from agents.mip.mip_messages import PORT, Key  # noqa: PLC0415
    from agents.roles.mobility.registering import Registering  # noqa: PLC0415
    from agents.sip.message.address import Address  # noqa: PLC0415

    agent = Address(config["home_agent"], PORT)
    return Registering(home, agent, Key(config["spi"], secret), random, clock_offset_s=config["clock_offset_s"])
