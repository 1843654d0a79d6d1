"""`trace`: what a recording of a link holds, and the same in another form."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from testbed.plain_text import say
from testbed.scenario.links.conversion import Conversion, written
from testbed.scenario.links.excerpt import TraceExcerpt
from testbed.scenario.links.forms import FORMS, Form, Stamped
from testbed.scenario.links.trace_facts import QuantityFacts, TraceFacts, facts_of
from testbed.scenario.links.trace_file import MAHIMAHI, OWN, TraceFile
from testbed.scenario.reading.units import LONG_TIME, Quantity

RATES = (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3), ("bit/s", 0.0))
SHOWN = {"delay": (1e3, "ms"), "jitter": (1e3, "ms"), "jitter_correlation": (1e3, "ms"), "loss": (100.0, "%"),
         "loss_burst": (1e3, "ms"), "duplicate": (100.0, "%"), "corrupt": (100.0, "%"),
         "signal": (1.0, "dBm")}  # fmt: skip


class Measure(click.ParamType[float]):
    """A quantity with its unit, as in files."""

    name = "TIME"

    def __init__(self, quantity: Quantity) -> None:
        self._quantity = quantity

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """In the base unit."""
        try:
            return value if isinstance(value, float) else self._quantity.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group()
def trace() -> None:
    """Look at recordings of links, cut them, and bring them into another form."""


def reading(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how a file is to be read."""
    time = Measure(LONG_TIME)
    for option in (
        click.option("--sort", is_flag=True, help="Put rows of a published file in the order of time."),
        click.option("--for", "lasts", type=time, help="Nothing of what comes later than so much after that."),
        click.option("--skip", type=time, default=0.0, help="Without so much of its beginning."),
        click.option("--stamped", type=click.Choice(["begin", "end"]), default="begin", show_default=True,
                     help="Whether a row's time is the begin or the end of what it tells."),
        click.option("--where", multiple=True, metavar="COLUMN=CELL", help="Only rows with this in that column."),
        click.option("--column", "columns", multiple=True, metavar="QUANTITY=COLUMN",
                     help="Which column is what, with its unit: rate='DL_bitrate [kbit/s]'."),
        click.option("--form", type=click.Choice(list(FORMS)), help="Take it for this, whatever it looks like."),
    ):  # fmt: skip
        command = option(command)
    return command


@trace.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, in base units: s, bit/s, shares of 1, dBm.")
@reading
def show(files: tuple[Path, ...], *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Tell what is in files of traces: how long they are, their rates, and when nothing passes."""
    if as_json:
        found = [as_object(file, facts_of(chosen(file, **options))) for file in files]
        say(json.dumps(found[0] if len(found) == 1 else found, indent=1, ensure_ascii=False))
        return
    for file in files:
        trace_file = chosen(file, **options)
        for line in told(file, facts_of(trace_file)):
            say(line)


@trace.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["mahimahi", "csv"]), required=True, help="The form that it gets.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The new file [default: here, FILE's name with another end]."
)
@click.option("--direction", type=click.Choice(["down", "up"]), help="Which direction is meant.")
@click.option(
    "--every", type=Measure(LONG_TIME), default=1.0, help="A rate for so much of a Mahimahi trace [default: 1 s]."
)
@reading
def convert(
    file: Path,
    to: str,
    out: Path | None,
    direction: Literal["down", "up"] | None,
    every: float,
    **options: Any,  # noqa: ANN401 - click's options
) -> None:
    """Write the trace in FILE in another form, or a part of it, and say what is lost by that."""
    trace_file = chosen(file, **options)
    if not every:
        raise click.UsageError("--every is the time for which one rate stands; write it like: --every 1s")
    path = out or Path(f"{file.name.split('.')[0]}.{(direction or 'mahimahi') if to == 'mahimahi' else 'csv'}")
    conversion = Conversion(trace_file)
    lines = conversion.to_mahimahi(direction) if to == "mahimahi" else conversion.to_csv(every, direction)
    try:
        count = written(lines, path)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; name another one with --out") from None
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}; name another one with --out") from None
    say(f"{path}: {count} lines")
    for loss in conversion.losses:
        say(f"  lost: {loss}")


def chosen(
    file: Path,
    *,
    form: str | None,
    columns: tuple[str, ...],
    where: tuple[str, ...],
    stamped: Stamped,
    skip: float,
    lasts: float | None,
    sort: bool,
) -> TraceFile:
    """The file, to be read as options say."""
    if form is not None and columns:
        raise click.UsageError("--form says which column is what; leave --column out, or --form")
    if lasts == 0:
        raise click.UsageError("nothing is left of a trace in 0 s; write it like: --for 30s")
    excerpt, cells = TraceExcerpt(skip, lasts), pairs("--where", where)
    if columns:
        return TraceFile(file, Form(pairs("--column", columns), stamped, cells), excerpt, sort)
    known = TraceFile(file, None, excerpt, sort)
    name = form or known.kind
    if name in {MAHIMAHI, OWN}:
        if cells or sort or stamped == "end":
            raise click.UsageError(f"{file} has neither form nor columns; leave --where, --stamped and --sort out")
        return known
    own = FORMS[name].form
    return TraceFile(file, Form(own.columns, own.stamped, cells), excerpt, sort, name)


def pairs(option: str, words: tuple[str, ...]) -> dict[str, str]:
    """What stands before and after the first '=' of each word."""
    for word in words:
        if "=" not in word:
            raise click.UsageError(f"{option} {word!r} has no '='; write it like: {option} NAME=COLUMN")
    return {name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)}


def as_object(file: Path, facts: TraceFacts) -> dict[str, Any]:
    """The same as `told`, for programs."""
    return {"file": str(file), **asdict(facts)}


def told(file: Path, facts: TraceFacts) -> list[str]:
    """A few lines."""
    averaged = "" if facts.rows == facts.times else f" at {facts.times} times"
    what = "packets can leave" if facts.kind == MAHIMAHI else "rows"
    found = [f"{file}: {facts.kind}: {facts.rows} {what}{averaged}, {facts.lasts_s:.3f} s"]
    for name, one in facts.quantities.items():
        found.append(f"  {name:<11} {spread(name, one)}")
        if one.quiet.count:
            found.append(f"  {'':<11} {quiet(one)}")
    if facts.kind != MAHIMAHI:
        step = f"for {facts.longest_step_s:.3f} s at most, from {facts.longest_step_at_s:.3f} s on"
        found.append(f"  {'no row':<11} {step}")
    return found


def spread(name: str, one: QuantityFacts) -> str:
    """Mean, least and most."""
    if name.endswith("rate"):
        unit, size = next((unit, size) for unit, size in RATES if one.most >= size)
        size = size or 1.0
    else:
        factor, unit = SHOWN[name.rpartition(".")[2]]
        size = 1 / factor
    mean, least, most = (f"{value / size:.4g}" for value in (one.mean, one.least, one.most))
    return f"mean {mean} {unit}, from {least} to {most}"


def quiet(one: QuantityFacts) -> str:
    """When nothing passes."""
    stretches = f"{one.quiet.count} stretch{'es' if one.quiet.count > 1 else ''}"
    much = f"nothing passes for {one.quiet.total_s:.3f} s in {stretches}"
    return f"{much}, the longest {one.quiet.longest_s:.3f} s, from {one.quiet.longest_at_s:.3f} s on"
