"""Who has registered by way of a foreign agent, and who is about to (RFC 5944 3.7.1): its two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.roles.kernel_orders import DropTunnel, NoLongerServe, ServeNode, SetTunnel

if TYPE_CHECKING:
    from agents.mip.mip_messages import RegistrationRequest
    from agents.roles.role import Command, LinkPacket

# So many requests are passed on at a time, and each is waited for so long at the most (3.7.1).
MOST_PENDING, PENDING_S = 5, 7.0
# So many nodes are served at a time.
MOST_VISITORS = 16
LOW = 0xFFFFFFFF


class Pending(NamedTuple):
    """A request that was passed on, as it came, and until when it is waited for an answer."""

    request: RegistrationRequest
    came: LinkPacket
    ends: float


class Visitor(NamedTuple):
    """A node on the link: by which request and link-layer address, which home agent's tunnel, and until when."""

    identification: int
    link_layer: bytes
    home_agent: str
    tunnel: str
    ends: float


class VisitorList:
    """Of one foreign agent; what its kernel is to do goes into `commands`."""

    def __init__(self, care_of: str, interface: str, commands: list[Command], room: int = MOST_VISITORS) -> None:
        """`interface` is the one towards mobile nodes."""
        self._care_of, self._interface, self._room = care_of, interface, room
        self._commands = commands
        self._visitors: dict[str, Visitor] = {}
        self._pending: dict[str, Pending] = {}
        self._made = 0

    @property
    def is_full(self) -> bool:
        """Whether nobody else is served."""
        return len(self._visitors) >= self._room

    def has_room_for(self, home: str) -> bool:
        """Whether a request of this node can be passed on; a newer one takes the place of one before."""
        is_known = home in self._visitors or not self.is_full
        return is_known and (home in self._pending or len(self._pending) < MOST_PENDING)

    def is_another_s(self, request: RegistrationRequest, link_layer: bytes) -> bool:
        """Whether the same request came by another link-layer address before: it can be heard, and sent again."""
        pending, visitor = self._pending.get(request.home), self._visitors.get(request.home)
        known = [(pending.request.identification, pending.came.link_layer)] if pending is not None else []
        if visitor is not None:
            known.append((visitor.identification, visitor.link_layer))
        return any(request.identification <= number and link_layer != whose for number, whose in known)

    def wait(self, pending: Pending) -> None:
        """A request has been passed on."""
        self._pending[pending.request.home] = pending

    def asked(self, home: str, identification: int) -> Pending | None:
        """The request of this node that this answers, if there is one; it stays until it is `answered`."""
        found = self._pending.get(home)
        return found if found is not None and not (found.request.identification ^ identification) & LOW else None

    def asked_of(self, home_agent: str) -> list[Pending]:
        """All that wait for this home agent."""
        return [one for one in self._pending.values() if one.request.home_agent == home_agent]

    def answered(self, pending: Pending) -> None:
        """It is not waited for any more."""
        self._pending.pop(pending.request.home, None)

    def overdue(self, now: float) -> list[Pending]:
        """Requests that nobody has answered in time."""
        return [one for one in self._pending.values() if now >= one.ends]

    def get_timer(self) -> float | None:
        """When the next request or registration is over."""
        pending, visitors = self._pending.values(), self._visitors.values()
        return min((*(one.ends for one in pending), *(one.ends for one in visitors)), default=None)

    def serve(self, pending: Pending, ends: float) -> None:
        """The home agent has agreed: the node's packets come and go by its tunnel."""
        home, agent, link_layer = pending.request.home, pending.request.home_agent, pending.came.link_layer
        before = self._visitors.get(home)
        tunnel = self._tunnel_to(agent)
        self._visitors[home] = Visitor(pending.request.identification, link_layer, agent, tunnel, ends)
        if before is not None and before.tunnel != tunnel:
            self._leave(home, before)
        if before is None or (before.tunnel, before.link_layer) != (tunnel, link_layer):
            self._commands.append(ServeNode(home, self._interface, link_layer, tunnel))

    def release(self, home: str) -> None:
        """It has deregistered."""
        visitor = self._visitors.pop(home, None)
        if visitor is not None:
            self._leave(home, visitor)

    def expired(self, now: float) -> list[str]:
        """Lets go of those whose time is over, without a word to anybody (3.7); returns their home addresses."""
        gone = [home for home, one in self._visitors.items() if now >= one.ends]
        for home in gone:
            self.release(home)
        return gone

    def _leave(self, home: str, visitor: Visitor) -> None:
        self._commands.append(NoLongerServe(home, self._interface, visitor.tunnel))
        if all(one.tunnel != visitor.tunnel for one in self._visitors.values()):
            self._commands.append(DropTunnel(visitor.tunnel))

    def _tunnel_to(self, home_agent: str) -> str:
        known = next((one.tunnel for one in self._visitors.values() if one.home_agent == home_agent), None)
        if known is not None:
            return known
        name = f"fa{self._made}"
        self._made += 1
        self._commands.append(SetTunnel(name, self._care_of, home_agent))
        return name
