"""A mobile node's system by Mobile IPv4, one of whose links may be its home network (RFC 5944 2.4.3, 3.6.1, 4.6).

There it is bound nowhere: it has the home agent let go of its address, by a registration for no time, and uses it like
any other node. It knows by its configuration, as it would by the prefix of what DHCP gave it, which link that is. Not
done: the home agent's advertisements, by which it would know else; gratuitous ARP more than once by each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.kernel_orders import BeAtHome, LeaveHome
from agents.roles.mobility.mobile import NEVER, AddressMove, MobileSystem
from agents.roles.mobility.registers import Wish

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.links import Link
    from agents.roles.mobility.registers import RegistrationAnswered


class ReturningSystem(MobileSystem):
    """A role. `config` may say which link is at home, and who is the router there."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config, random)
        at_home = config.get("at_home")
        self._at_home: Link | None = None
        if at_home is not None:
            self._at_home, self._router = self._links[at_home["link"]], at_home["router"]
            self._registering.has_address(self._home)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _ask(self, link: Link, now: float, *, keeps_others: bool = False) -> None:
        """Before the request: who answers for the address there (4.6), and by which router it leaves (2.4.3)."""
        if link is self._at_home:
            self._commands.append(BeAtHome(self._home, self._router, link.interface))
        elif self._at_home is not None:
            self._commands.append(LeaveHome(self._at_home.interface))
        super()._ask(link, now, keeps_others=keeps_others)

    def _wish(self, link: Link, *, keeps_others: bool) -> Wish:
        if link is self._at_home:
            return Wish(self._home, 0, False, self._home)
        return super()._wish(link, keeps_others=keeps_others)

    def _take(self, answered: RegistrationAnswered, now: float) -> None:
        link = self._asked_over
        if link is not self._at_home:
            super()._take(answered, now)
        elif answered.is_accepted:
            self._tell("deregistered", link=link.name, code=answered.code, took_s=round(answered.took_s, 6))
            self._renew_at = {link: NEVER}
            if self.state == AddressMove.REGISTERING:
                self._moved(now, has_both=False)
            elif self._link is not link:
                self._swap(now)
            self._bind_next(now)
        else:
            super()._take(answered, now)
            if self._link is not link:
                self._commands.append(LeaveHome(link.interface))
                super()._send_by(self._link)

    def _send_by(self, link: Link) -> None:
        """At home by the router, since it was asked for."""
        if link is not self._at_home:
            super()._send_by(link)
