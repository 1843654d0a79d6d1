"""`report.html`: the page of one run, made from its folder alone. The same folder gives the same bytes.

What could not be read is said in the page instead of what it would have shown: a run that failed has a page too.
"""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from testbed.measure import RunFolderError
from testbed.measure.folder.run_folder import others_of
from testbed.measure.listening.speech import excerpt
from testbed.report.one_run import distributions, every_number, lanes, plain_tables
from testbed.report.one_run.chart_messages import messages_of
from testbed.report.one_run.drawing import draw
from testbed.report.one_run.ladder import event_text
from testbed.report.one_run.verdict import judge
from testbed.report.pages.pages import PlainTable, Plot, render
from testbed.report.pages.palette import path_colours
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.measure import MeasuredRun
    from testbed.measure.listening.speech import RunSpeech
    from testbed.measure.result.story import Story

PAGE = "report.html"
ROLES = {"cn": "correspondent", "mn": "mobile node"}
MOST_FILES = 200
"""Files that the page names; a run folder has a few dozen."""

_SHAPING = {
    "delay": {"delay_ms": "delay [ms]", "jitter_ms": "jitter [ms]"},
    "loss": {"loss_percent": "loss [%]"},
    "rate": {"rate_kbit_s": "rate [kbit/s]"},
}


@dataclass(frozen=True, slots=True)
class Sound:
    """What the listener of a direction heard around the handover: a WAV file in base64, and which stretch it is."""

    says: str
    wav: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase of the handover on its own axis: where it stands, in per cent of the whole, and how long it took."""

    name: str
    left: float
    width: float
    ms: float


def write_page(run: MeasuredRun) -> Path:
    """Write the page into the run folder and return its path; `RunFolderError` where there is no manifest to read."""
    text = page(run)
    path = run.folder / PAGE
    path.write_text(text, encoding="utf-8")
    return path


def page(run: MeasuredRun) -> str:
    """Return the page of a run; `RunFolderError` where there is no manifest to read."""
    document = run.document
    result, story, unread = None, None, []
    try:
        result = run.result
        story = run.story
    except RunFolderError as error:
        unread.append(f"{error.path.name}: {error.what}")
    failure = _failure(document)
    warnings = tuple(_list(document, "warnings"))
    axis = None if story is None else lanes.TimeAxis.of_run(story)
    return render(
        "run.html.j2",
        [] if story is None or axis is None else list(_plots(story, axis)),
        facts=_facts(document),
        is_reproducible=document.get("reproducible") is True,
        axis=axis,
        verdict=judge(result, warnings, failure),
        failure=failure,
        unread=unread,
        directions=DIRECTIONS,
        sounds={} if story is None else sounds(run.speech),
        links=() if story is None else tuple(link.link for link in story.links),
        path_colours=() if story is None else tuple(path_colours([link.link for link in story.links]).values()),
        bars=() if story is None else bars(plain_tables.phases(story)),
        phases_table=None
        if result is None or result["handover"] is None
        else plain_tables.phases_table(result["handover"]),
        handovers=None if result is None else every_number.handovers_table(result),
        standby=() if result is None else every_number.standby_tables(result),
        own_numbers=None if result is None else every_number.users_table(result, document),
        numbers=()
        if result is None
        else (
            every_number.media_table(result),
            every_number.signalling_table(result),
            every_number.cost_table(result),
            *every_number.nats_tables(result),
            *every_number.traffic_tables(result),
        ),
        drawing=None if story is None else draw(story.chart, len(story.links)),
        messages=() if story is None else tuple(messages_of(story.chart)),
        events=None if story is None else _events(story),
        command=shlex.join(["testbed", *_list(document, "command")]),
        scenario=_scenario(document, "text"),
        identity=tuple(_identity(document)),
        files=tuple(_files(run.folder)),
    )


def sounds(speech: RunSpeech) -> dict[str, Sound]:
    """Return what can be heard of each direction."""
    found = {}
    for name, one in speech.directions.items():
        if one is not None:
            part = excerpt(one)
            says = f"{part.length_s:.1f} s, from {(part.start_ns - speech.start_ns) / 1e9:.2f} s of the scenario on"
            found[name] = Sound(says, base64.b64encode(part.wav).decode("ascii"))
    return found


def _facts(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the run was, in a few words; the manifest may be anything, and lack everything."""
    reproducible = "reproducible" if document.get("reproducible") is True else "not reproducible"
    return (
        ("scheme", _text(document, "scheme")),
        ("scenario", _scenario(document, "name") or NOT_MEASURED),
        ("failure script", _text(document, "failure_script")),
        ("seed", _text(document, "seed")),
        ("engine", f"{_text(document, 'engine')}, {reproducible}"),
        *((ROLES[role], name) for role, name in others_of(document).items()),
    )


def _text(document: dict[str, Any], name: str) -> str:
    return NOT_MEASURED if document.get(name) is None else str(document[name])


def _scenario(document: dict[str, Any], name: str) -> str | None:
    scenario = document.get("scenario")
    return str(scenario[name]) if isinstance(scenario, dict) and scenario.get(name) is not None else None


def _list(document: dict[str, Any], name: str) -> list[str]:
    found = document.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _failure(document: dict[str, Any]) -> str | None:
    """Return why a run failed; None where it did not."""
    if document.get("failure"):
        return str(document["failure"])
    return "it has not come to its end" if document.get("status") == "running" else None


def _plots(story: Story, axis: lanes.TimeAxis) -> Iterator[Plot]:
    """Yield all plots with the tables behind them."""
    yield Plot(
        "links",
        "Links, handover and signalling",
        f"Bars: a link is up. Hatched: gone, or without a carrier. Outline: not attached. Triangles: {_said(story)}.",
        lanes.links_lane(axis, story, plain_tables.phases(story)),
        (plain_tables.states_table(story.links),),
    )
    for name, heard in story.directions.items():
        where = DIRECTIONS[name]
        yield Plot(
            f"packets-{name}",
            f"Packets {where}",
            "What arrived over each path, and what was lost.",
            lanes.packets_lane(axis, heard),
            (plain_tables.packets_table(heard),),
        )
        yield Plot(
            f"delay-{name}",
            f"One-way delay {where}",
            "From the sender's capture to the receiver's, by path.",
            lanes.delay_lane(axis, heard),
            (plain_tables.delay_table(heard),),
        )
        yield Plot(
            f"playout-{name}",
            f"Playout {where}",
            "How much speech the receiver's buffer holds; bars are holes, with nothing to hear.",
            lanes.playout_lane(axis, heard),
            plain_tables.playout_tables(heard),
        )
    yield distributions.delay_distribution(story.directions)
    yield distributions.interarrival_distribution(story.directions)
    yield from _settings(story, axis)


def _said(story: Story) -> str:
    chart = story.chart
    return f"SIP messages, and those of {chart.protocol} above them" if chart.said else "SIP messages"


def _settings(story: Story, axis: lanes.TimeAxis) -> Iterator[Plot]:
    made = lanes.settings_lanes(axis, story.links)
    yield Plot(
        "set-signal", "Signal", "As the radios reported it.", made["signal"], (plain_tables.signal_table(story.links),)
    )
    for name, columns in _SHAPING.items():
        table = plain_tables.settings_table(f"{name.capitalize()} that the links were set to", story.links, columns)
        yield Plot(f"set-{name}", name.capitalize(), "Solid down, dashed up.", made[name], (table,))


def bars(phases: tuple[plain_tables.Phase, ...]) -> tuple[Bar, ...]:
    """Return the phases as bars below each other; one of negative length is as long to the left."""
    if not phases:
        return ()
    first = min(min(start, end) for _, start, end in phases)
    whole = max(max(start, end) for _, start, end in phases) - first or 1.0
    return tuple(
        Bar(name, 100 * (min(start, end) - first) / whole, 100 * abs(end - start) / whole, (end - start) * 1000)
        for name, start, end in phases
    )


def _events(story: Story) -> PlainTable:
    start_ns = story.chart.start_ns
    rows = tuple((plain_tables.seconds((one.time_ns - start_ns) / 1e9), event_text(one)) for one in story.events)
    return PlainTable("The timeline", ("at [s]", "what"), rows)


def _identity(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the run was made of: names, versions, digests."""
    for key in ("scheme", "seed", "failure_script", "trigger", "cn", "proxy", "engine", "clock", "plan_sha256"):
        if document.get(key) is not None:
            yield key.replace("_", " "), str(document[key])
    digest = _scenario(document, "sha256")
    if digest is not None:
        yield "scenario sha256", digest
    for part in ("engine_identity", "versions"):
        found = document.get(part)
        if isinstance(found, dict):
            yield from ((key.replace("_", " "), str(value)) for key, value in found.items())


def _files(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Yield name, address and size of the files beside the page."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    named = [path for path in paths if path != folder / PAGE]
    for path in named[:MOST_FILES]:
        name = path.relative_to(folder).as_posix()
        yield name, "./" + quote(name), path.stat().st_size
