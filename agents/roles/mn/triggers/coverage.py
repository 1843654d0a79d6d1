"""Where a network can be received: circles and polygons on the ground, and how far inside of them one is.

Degrees (WGS 84) become metres on a plane that touches the earth where one stands: over the few kilometres of a radio
cell that is exact to a fraction of a metre, and GPS itself is not.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, radians
from typing import NamedTuple

# Of a degree of latitude: the earth's mean radius, 6371.0 km (IUGG).
METRES_PER_DEGREE = 111_194.9

Point = tuple[float, float]


class Circle(NamedTuple):
    """All within `radius_m` of a place."""

    latitude: float
    longitude: float
    radius_m: float

    def depth_m(self, latitude: float, longitude: float) -> float:
        """How far inside it is; outside it is negative."""
        return self.radius_m - hypot(*_plane(self.latitude, self.longitude, latitude, longitude))


class Polygon(NamedTuple):
    """All within corners, in order around it."""

    corners: tuple[Point, ...]

    def depth_m(self, latitude: float, longitude: float) -> float:
        """How far inside it is; outside it is negative."""
        ring = [_plane(*corner, latitude, longitude) for corner in self.corners]
        edges = list(pairwise([*ring, ring[0]]))
        distance = min(_distance(start, end) for start, end in edges)
        # A ray to the east crosses the border an odd number of times from inside.
        crossings = sum((y1 > 0) != (y2 > 0) and x1 - y1 * (x2 - x1) / (y2 - y1) > 0 for (x1, y1), (x2, y2) in edges)
        return distance if crossings % 2 else -distance


Area = Circle | Polygon


def _plane(latitude: float, longitude: float, here_latitude: float, here_longitude: float) -> Point:
    """A place in metres east and north of here."""
    east = ((longitude - here_longitude + 180) % 360 - 180) * cos(radians(here_latitude))
    return east * METRES_PER_DEGREE, (latitude - here_latitude) * METRES_PER_DEGREE


def _distance(start: Point, end: Point) -> float:
    """From the origin to the nearest point of an edge."""
    (x1, y1), (x2, y2) = start, end
    length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = min(1.0, max(0.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length2)) if length2 else 0.0
    return hypot(x1 + share * (x2 - x1), y1 + share * (y2 - y1))
