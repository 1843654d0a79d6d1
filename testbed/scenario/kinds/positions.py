"""Positions, and tracks of them: CSV as GPS loggers write it, or GPX. Degrees, WGS 84."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from testbed.scenario.reading.cells import number, rows
from testbed.scenario.reading.tree import bad, read_text
from testbed.scenario.reading.units import shown

COLUMNS = ["time_s", "latitude", "longitude"]
PLACE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([NS])\s+([0-9]+(?:\.[0-9]+)?)\s*([EW])")
# How often GPS receivers say where they are.
FIX_INTERVAL_S = 1.0


class Fix(NamedTuple):
    """Where one is at a time, in seconds of the scenario."""

    at: float
    latitude: float
    longitude: float


def parse_place(value: object) -> tuple[float, float]:
    """Latitude and longitude of "59.9139 N 10.7522 E"; raises ValueError that says what would be right."""
    match = PLACE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is no place; write it like 59.9139 N 10.7522 E")
    north, south, east, west = match.groups()
    return checked_place(float(north) * (1 if south == "N" else -1), float(east) * (1 if west == "E" else -1))


def checked_place(latitude: float, longitude: float) -> tuple[float, float]:
    """The same; raises ValueError where there is no such place."""
    if not (isfinite(latitude) and abs(latitude) <= 90):
        raise ValueError(f"a latitude of {latitude:g} is not on earth; it is from -90 to 90")
    if not (isfinite(longitude) and abs(longitude) <= 180):
        raise ValueError(f"a longitude of {longitude:g} is not on earth; it is from -180 to 180")
    return latitude, longitude


def load_track(path: Path) -> list[Fix]:
    """The points of a track, two at least, in the order of time; raises BadScenarioError with file and line.

    Times of a GPX file count from its first point.
    """
    text = read_text(path, kind="a track")
    found = list(gpx(path, text) if path.suffix.lower() == ".gpx" else comma_separated(path, text))
    for (_, before), (line, after) in pairwise(found):
        if after.at <= before.at:
            what = f"{after.at:g} s is not after the {before.at:g} s before; write points in the order of time"
            raise bad(path, line, what)
    if len(found) < 2:
        raise bad(path, found[-1][0] if found else 1, "has no way in it; a track needs two points or more")
    return [fix for _, fix in found]


def fixes(track: list[Fix]) -> Iterator[Fix]:
    """What a GPS receiver says on the way, once a second: straight lines from point to point."""
    times = [fix.at for fix in track]
    at = times[0]
    while at <= times[-1]:
        after = min(bisect_right(times, at), len(track) - 1)
        one, two = track[after - 1], track[after]
        share = (at - one.at) / (two.at - one.at)
        latitude = one.latitude + share * (two.latitude - one.latitude)
        longitude = one.longitude + share * (two.longitude - one.longitude)
        yield Fix(round(at, 6), round(latitude, 8), round(longitude, 8))
        at += FIX_INTERVAL_S


def comma_separated(path: Path, text: str) -> Iterator[tuple[int, Fix]]:
    """The points of a CSV file, each with its line. Lines that begin with # say something else."""
    told = rows(path, ("" if line.startswith("#") else line for line in text.split("\n")))
    line, heading = next(told, (1, []))
    if heading != COLUMNS:
        raise bad(path, line, f"{shown(','.join(heading))} is no heading; a track begins with: {','.join(COLUMNS)}")
    for line, row in told:
        try:
            at, latitude, longitude = (number(word) for word in row)
        except ValueError:
            said = shown(",".join(row))
            what = f"{said} is no point; write {', '.join(COLUMNS)} as numbers, like 12.5,59.9139,10.7522"
            raise bad(path, line, what) from None
        yield line, checked(path, line, at, latitude, longitude)


def checked(path: Path, line: int, at: float, latitude: float, longitude: float) -> Fix:
    """A point; raises BadScenarioError for one that can't be."""
    if not (isfinite(at) and 0 <= at <= 3600):
        raise bad(path, line, f"{at:g} s is no time of a scenario; it is from 0 s to 3600 s")
    try:
        return Fix(at, *checked_place(latitude, longitude))
    except ValueError as error:
        raise bad(path, line, str(error)) from None


def gpx(path: Path, text: str) -> Iterator[tuple[int, Fix]]:
    """The track points of a GPX file, each with its line. Entities, which could make it endless, are refused."""
    reader = GpxReader(path)
    try:
        reader.parse(text)
    except expat.ExpatError as error:
        raise bad(path, error.lineno, f"this is no XML: {expat.ErrorString(error.code)}; look at this line") from None
    if not reader.points:
        raise bad(path, 1, "has no track points; a GPX track has <trkpt lat=… lon=…><time>…</time></trkpt>")
    first = reader.points[0][1]
    for line, at, latitude, longitude in reader.points:
        yield line, checked(path, line, at - first, latitude, longitude)


class GpxReader:
    """Collects (line, seconds since 1970, latitude, longitude). A time without a zone is UTC, as GPX 1.1 says."""

    def __init__(self, path: Path) -> None:
        self.points: list[tuple[int, float, float, float]] = []
        self._path = path
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity
        self._point: tuple[int, float, float] | None = None
        self._time: list[str] = []
        self._in_time = False

    def parse(self, text: str) -> None:
        """Reads all of it; raises BadScenarioError, or ExpatError for what is no XML."""
        self._parser.Parse(text, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if name == "trkpt":
            try:
                self._point = line, number(attributes["lat"]), number(attributes["lon"])
            except (KeyError, ValueError):
                raise bad(self._path, line, 'this point has no place; write <trkpt lat="…" lon="…">') from None
            self._time = []
        self._in_time = name == "time" and self._point is not None

    def _text(self, text: str) -> None:
        if self._in_time:
            self._time.append(text)

    def _end(self, name: str) -> None:
        self._in_time = False
        if name != "trkpt" or self._point is None:
            return
        line, latitude, longitude = self._point
        try:
            found = datetime.fromisoformat("".join(self._time).strip())
            at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            what = "this point has no time; write <time>2026-01-01T12:00:00Z</time> into it"
            raise bad(self._path, line, what) from None
        self.points.append((line, at, latitude, longitude))
        self._point = None

    def _entity(self, *_: object) -> None:
        raise bad(self._path, self._parser.CurrentLineNumber, "entities are not for tracks; leave <!ENTITY …> out")
