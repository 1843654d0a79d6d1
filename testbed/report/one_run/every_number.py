"""All numbers of result.json as tables, by the names that docs/metrics.md explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.cost_numbers import COST, RADIOS
from testbed.measure.numbers.flow_numbers import FLOWS
from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, LOST_IN_WINDOW, MEDIA
from testbed.measure.numbers.nat_numbers import NATS
from testbed.measure.numbers.path_numbers import PATHS
from testbed.measure.numbers.signalling_numbers import SIGNALLING
from testbed.measure.numbers.standby_numbers import SILENCES, STANDBY, SWITCHES
from testbed.report.pages.pages import PlainTable
from testbed.report.terminal import DIRECTIONS, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testbed.measure.numbers.number import Number

_SEVERAL = 2


def media_table(result: dict[str, Any]) -> PlainTable:
    """Return what `media` holds: a row for each number, a column for each direction, and what it is."""
    columns = {name: dict(_flat(result["media"][name])) for name in DIRECTIONS}
    names = dict.fromkeys(name for column in columns.values() for name in column)
    rows = tuple(
        (name, *(_cell(column.get(name)) for column in columns.values()), *_about(name, MEDIA)) for name in names
    )
    return PlainTable("Media, as in result.json", ("number", *DIRECTIONS.values(), "unit", "what"), rows)


def signalling_table(result: dict[str, Any]) -> PlainTable:
    """Return what `signalling` holds."""
    rows = tuple(
        (name, _cell(value), *_about(name, SIGNALLING))
        for name, value in _flat(result["signalling"])
        if value is not None or name in SIGNALLING  # a part that there is nothing to tell of, such as the question
    )
    return PlainTable("Signalling, as in result.json", ("number", "value", "unit", "what"), rows)


def users_table(result: dict[str, Any], document: dict[str, Any]) -> PlainTable | None:
    """Return the numbers that the user brought, with what the manifest says of them; None without any."""
    numbers = result.get("numbers")
    if not numbers:
        return None
    said = {one.get("key"): one for one in document.get("numbers") or () if isinstance(one, dict)}
    rows = tuple(
        (name, _cell(value), *(str(said.get(name.partition(".")[0], {}).get(what, "")) for what in ("unit", "about")))
        for name, value in _flat(numbers)
    )
    return PlainTable("Numbers of yours", ("number", "value", "unit", "what"), rows)


def cost_table(result: dict[str, Any]) -> PlainTable:
    """Return what `cost` holds: of the call, and of each radio."""
    rows = tuple((name, _cell(value), *_about_cost(name)) for name, value in _flat(result["cost"]))
    return PlainTable("Cost, as in result.json", ("number", "value", "unit", "what"), rows)


def _about_cost(name: str) -> tuple[str, str]:
    where, _, rest = name.partition(".")
    row = RADIOS.get(rest.partition(".")[2]) if where == "radios" else COST.get(name)
    return ("", "") if row is None else (row.unit, row.about)


def nats_tables(result: dict[str, Any]) -> tuple[PlainTable, ...]:
    """Return what `nats` holds: a row for each link; none where nothing was translated."""
    nats = result.get("nats")
    if not nats:
        return ()
    heads = ("link", *(one.about for one in NATS.values()))
    rows = tuple((link, *(_cell(row.read(one)) for row in NATS.values())) for link, one in nats.items())
    return (PlainTable("NAT, as in result.json", heads, rows),)


def traffic_tables(result: dict[str, Any]) -> tuple[PlainTable, ...]:
    """Return what `traffic` holds: a row for each flow; none where nothing went beside the call."""
    flows = result.get("traffic")
    return (_listed("Traffic beside the call, as in result.json", flows, FLOWS),) if flows else ()


def standby_tables(result: dict[str, Any]) -> tuple[PlainTable, ...]:
    """Return what `standby` holds: its numbers, when each end switched, the silences; none where nothing is told."""
    standby = result.get("standby")
    if standby is None:
        return ()
    numbers = tuple((one.key, _cell(one.read(standby)), one.unit, one.about) for one in STANDBY.values())
    return (
        PlainTable("What stood by, as in result.json", ("number", "value", "unit", "what"), numbers),
        _listed("When each end switched, and why", standby["switches"], SWITCHES),
        _listed("Silences that ends took for a break", standby["silences"], SILENCES),
    )


def _listed(title: str, entries: list[dict[str, Any]], rows: Mapping[str, Number[Any]]) -> PlainTable:
    heads = tuple(one.about if not one.unit else f"{one.about} [{one.unit}]" for one in rows.values())
    return PlainTable(title, heads, tuple(tuple(_cell(row.read(one)) for row in rows.values()) for one in entries))


def _about(name: str, rows: Mapping[str, Number[Any]]) -> tuple[str, str]:
    """Return unit and meaning of a number; nothing of what the register has no row for: lists whose names vary."""
    where, _, rest = name.partition(".")
    link, _, key = rest.partition(".")
    row = PATHS.get(key) if where == "paths" and link else rows.get(name)
    return ("", "") if row is None else (row.unit, row.about)


def handovers_table(result: dict[str, Any]) -> PlainTable | None:
    """Return the handovers of a run that had several, a row for each; None of any other run."""
    handovers = result.get("handovers") or []
    if len(handovers) < _SEVERAL:
        return None
    fields = [one.key for one in (GAP, INTERRUPTION, LOST_IN_WINDOW)]
    columns = (
        "",
        *("trigger [s]", "from", "to", "delay [ms]"),
        *(f"{field} {where}" for where in DIRECTIONS.values() for field in fields),
    )
    rows = tuple(
        (
            str(order),
            *(number(one["trigger_s"], 3), _cell(one["old_path"]), _cell(one["new_path"]), number(one["delay_ms"])),
            *(_cell(one["media"][name].get(field)) for name in DIRECTIONS for field in fields),
        )
        for order, one in enumerate(handovers, start=1)
    )
    return PlainTable("The handovers of this run", columns, rows)


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield numbers with the names of all that they are within: delay_ms.mean; of lists, with their places from 1."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value, start=1)
        for key, part in parts:
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _cell(value: object) -> str:
    return number(None) if value is None else str(value)
