"""What is around the mobile node beside its links: where it goes, where networks are, what they cost, its battery."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from testbed.scenario.kinds.positions import parse_place
from testbed.scenario.reading.document import Document, Name
from testbed.scenario.reading.units import BitsPerSecond, Metres, Seconds, Share, Watts


class NetworkFacts(Document):
    """What a network costs: `cost` a minute, in whatever money, and the power that its radio takes while it talks."""

    cost: Annotated[float, Field(ge=0, strict=False)] = 0.0
    power: Watts = 0.0


class BatteryLevel(Document):
    """From this time on the battery holds so much."""

    at: Seconds
    level: Share


class QuenchSetting(Document):
    """When the main link's router asks to send less: while the link has this loss or more, or this rate or less.

    In either direction, by the failure script; it asks once every `every`, as long as something arrives.
    """

    loss: Share | None = None
    rate: BitsPerSecond | None = None
    every: Annotated[Seconds, Field(ge=0.02)] = 0.2

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.loss is self.rate is None:
            raise ValueError("it says not when; add 'loss: …' or 'rate: …'")
        return self


Place = Annotated[tuple[float, float], BeforeValidator(parse_place)]
"""Latitude and longitude in degrees (WGS 84), written like 59.9139 N 10.7522 E."""


class Area(Document):
    """All within `radius` of `centre`; or all within `corners`, in order around it."""

    centre: Place | None = None
    radius: Metres | None = None
    corners: Annotated[list[Place], Field(min_length=3)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        is_circle = self.centre is not None and self.radius is not None
        if is_circle == (self.corners is not None) or (self.centre is None) != (self.radius is None):
            raise ValueError("an area is a circle, 'centre: …' and 'radius: …', or a polygon, 'corners: …'")
        return self

    def plain(self) -> list[Any]:
        """As the agents take it: [latitude, longitude, radius], or [[latitude, longitude], …]."""
        if self.corners is not None:
            return [list(corner) for corner in self.corners]
        return [*(self.centre or ()), self.radius]


class CoverageMap(Document):
    """Where which link can be received; several areas add up."""

    kind: ClassVar = "coverage map"

    name: Name
    about: str
    networks: dict[str, Annotated[list[Area], Field(min_length=1)]] = Field(min_length=1)
