"""`position`: a GPS receiver says where we are, a map where the main network can be received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.coverage import Area, Circle, Polygon
from agents.roles.mn.triggers.events import PositionReport
from agents.roles.mn.triggers.latch import Latch
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class PositionTrigger(Trigger):
    """To be left with less than `margin` (m) to go until the edge of its coverage; to be on `hysteresis` (m) inside.

    `areas` of the configuration are circles `[latitude, longitude, radius]` and polygons `[[latitude, longitude], …]`.
    """

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self._areas: list[Area] = [area_from(one) for one in config["areas"]]
        self._margin_m: float = config["margin"]
        self._good_from_m: float = self._margin_m + config["hysteresis"]
        self._depth_m: float | None = None
        self._is_outside = Latch()

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at the map."""
        if not isinstance(event, PositionReport):
            return
        depth = self._depth_m = max(area.depth_m(event.latitude, event.longitude) for area in self._areas)
        is_between = self._margin_m <= depth < self._good_from_m
        self._is_outside.want(None if is_between else depth < self._margin_m, now=now)

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, once it is known where we are."""
        if link != self.main or self._depth_m is None:
            return None
        return Opinion(not self._is_outside.is_set, {"kind": "position", "to_edge_m": round(self._depth_m, 1)})


def area_from(plain: list[Any]) -> Area:
    """An area from what a configuration says of it."""
    if isinstance(plain[0], list):
        return Polygon(tuple((latitude, longitude) for latitude, longitude in plain))
    return Circle(*plain)
