"""The world of Mobile IPv6 with a correspondent that is told where the mobile node is."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.mobility.ip6.binding_correspondent import BindingCorrespondent

from .bound_world import CN, BoundWorld

if TYPE_CHECKING:
    from agents.roles.role import Role


class OptimisedWorld(BoundWorld):
    """The correspondent is as far from the home agent as nothing."""

    def __init__(self, **about: Any) -> None:  # noqa: ANN401 - as in `BoundWorld`
        self.correspondent = BindingCorrespondent({"address": CN}, Random(4))
        super().__init__(mobile={"correspondents": [CN]}, **about)

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {**super().roles(), "cn": self.correspondent}

    def restart_correspondent(self) -> None:
        """It forgets all that it knew, its nonces too."""
        self.correspondent = BindingCorrespondent({"address": CN}, Random(5))
        self._flush()
