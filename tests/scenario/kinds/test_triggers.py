"""Triggers in scenarios: what they need beside themselves, and what is said when it is not there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.cli.main import USERS_FAULT, main
from testbed.scenario.experiment.badness import bad_from
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.positions import Fix, fixes, parse_place
from testbed.scenario.plan.compile import compile_plan
from tests.scenario.files import SCENARIO_FILE, Files

if TYPE_CHECKING:
    from pathlib import Path

SIGNAL = "{on: signal, below: -60 dBm}"
LINE = 22
MAP = """name: mine
about: mine
networks:
  wifi:
    - {centre: 59.975 N 11.045 E, radius: 40 m}
    - {corners: [59 N 11 E, 59 N 11.1 E, 59.1 N 11.1 E]}
"""
TRACK = "# a walk\ntime_s,latitude,longitude\n0,59.975,11.045\n10,59.976,11.045\n"
GPX = """<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="59.975" lon="11.045"><ele>120</ele><time>2026-05-01T12:00:00Z</time></trkpt>
<trkpt lat="59.976" lon="11.045"><time>2026-05-01T12:00:10Z</time></trkpt>
</trkseg></trk></gpx>
"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A scenario whose handover-cn is triggered by position."""
    found = Files(tmp_path / "mine")
    found.change(SCENARIO_FILE, SIGNAL, "{on: position, coverage: map.yaml, margin: 5 m}")
    found.change(SCENARIO_FILE, "seed: 1", "seed: 1\ntrack: way.csv")
    found.write("map.yaml", MAP)
    found.write("way.csv", TRACK)
    found.write("way.gpx", GPX)
    return found


def complaint(files: Files, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        main(["run", str(files.scenario)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    (line,) = said.err.splitlines()
    return line.removeprefix(f"{files.folder}/")


def config(files: Files) -> dict[str, Any]:
    plan = compile_plan(load_experiment(str(files.scenario)))
    found: dict[str, Any] = next(one["config"]["trigger"] for one in plan["agents"] if one["name"] == "mn")
    return found


def test_the_agent_gets_the_areas_of_the_main_link(files: Files) -> None:
    assert config(files)["areas"] == [[59.975, 11.045, 40.0], [[59.0, 11.0], [59.0, 11.1], [59.1, 11.1]]]


@pytest.mark.parametrize("name", ["way.csv", "way.gpx"])
def test_the_receiver_says_where_it_is_once_a_second(files: Files, name: str) -> None:
    files.change(SCENARIO_FILE, "way.csv", name)
    steps = [step for step in compile_plan(load_experiment(str(files.scenario)))["timeline"] if step["do"] == "report"]
    assert [step["at_s"] for step in steps] == [float(second) for second in range(11)]
    assert steps[5] == {
        "at_s": 5.0, "do": "report", "agent": "mn",
        "report": {"report": "position", "latitude": 59.9755, "longitude": 11.045},
    }  # fmt: skip


def test_battery_levels_are_reports_too(files: Files) -> None:
    files.change(SCENARIO_FILE, "track: way.csv", "track: way.csv\nbattery: [{at: 3 s, level: 15 %}]")
    steps = [step for step in compile_plan(load_experiment(str(files.scenario)))["timeline"] if step["do"] == "report"]
    assert {"at_s": 3.0, "do": "report", "agent": "mn", "report": {"report": "battery", "level": 0.15}} in steps


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (SCENARIO_FILE, "track: way.csv", "", f"{SCENARIO_FILE}:{LINE}: the trigger 'position' needs to know where"
         " the MN goes; add a line 'track: …'"),
        (SCENARIO_FILE, "way.csv", "nosuch", f"{SCENARIO_FILE}:25: track: 'nosuch': there is no track of that name;"
         " possible are: leaving-home"),
        (SCENARIO_FILE, "map.yaml", "hous", f"{SCENARIO_FILE}:{LINE}: schemes.handover-cn.trigger.coverage: 'hous':"
         " there is no coverage map of that name; did you mean 'house'?"),
        (SCENARIO_FILE, "margin: 5 m", "margin: 5", f"{SCENARIO_FILE}:{LINE}: schemes.handover-cn.trigger.margin: 5 has"
         " no unit; a length is written like 40 m"),
        ("map.yaml", "  wifi:", "  wlan:", f"{SCENARIO_FILE}:{LINE}: coverage: the map 'mine' says nothing of the link"
         " 'wifi'; it has: wlan"),
        ("map.yaml", "59.975 N 11.045 E", "59.975 11.045", "map.yaml:5: networks.wifi.1.centre: '59.975 11.045' is no"
         " place; write it like 59.9139 N 10.7522 E"),
        ("map.yaml", "59 N 11 E", "99 N 11 E", "map.yaml:6: networks.wifi.2.corners.1: a latitude of 99 is not on"
         " earth; it is from -90 to 90"),
        ("map.yaml", ", radius: 40 m", "", "map.yaml:5: networks.wifi.1: an area is a circle, 'centre: …' and 'radius:"
         " …', or a polygon, 'corners: …'"),
        ("way.csv", "time_s", "time", "way.csv:2: 'time,latitude,longitude' is no heading; a track begins with:"
         " time_s,latitude,longitude"),
        ("way.csv", "10,59.976", "10;59.976", "way.csv:4: '10;59.976,11.045' is no point; write time_s, latitude,"
         " longitude as numbers, like 12.5,59.9139,10.7522"),
        ("way.csv", "10,59.976", "0,59.976", "way.csv:4: 0 s is not after the 0 s before; write points in the order of"
         " time"),
        ("way.csv", "10,59.976", "10,159.976", "way.csv:4: a latitude of 159.976 is not on earth; it is from -90 to"
         " 90"),
        ("way.csv", "10,59.976", "nan,59.976", "way.csv:4: 'nan,59.976,11.045' is no point; write time_s,"
         " latitude, longitude as numbers, like 12.5,59.9139,10.7522"),
        ("way.csv", "10,59.976", "3601,59.976", "way.csv:4: 3601 s is no time of a scenario; it is from 0 s to"
         " 3600 s"),
        ("way.csv", "10,59.976,11.045\n", "", "way.csv:3: has no way in it; a track needs two points or more"),
    ],
)  # fmt: skip
def test_mistakes(
    files: Files, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, expected: str
) -> None:
    files.change(file, old, new)
    assert complaint(files, capsys) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("</gpx>", "", "way.gpx:6: this is no XML: no element found; look at this line"),
        (' lon="11.045"><ele>', "><ele>", 'way.gpx:3: this point has no place; write <trkpt lat="…" lon="…">'),
        ("2026-05-01T12:00:10Z", "noon", "way.gpx:4: this point has no time; write <time>2026-01-01T12:00:00Z</time>"
         " into it"),
        ("<gpx", '<!DOCTYPE g [<!ENTITY a "aaaa">]><gpx', "way.gpx:2: entities are not for tracks; leave <!ENTITY …>"
         " out"),
        ("trkpt", "wpt", "way.gpx:3: this is no XML: mismatched tag; look at this line"),
    ],
)  # fmt: skip
def test_mistakes_in_gpx(files: Files, capsys: pytest.CaptureFixture[str], old: str, new: str, expected: str) -> None:
    files.change(SCENARIO_FILE, "way.csv", "way.gpx")
    files.change("way.gpx", old, new)
    assert complaint(files, capsys) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("{on: quality}", "schemes.handover-cn.trigger: it has no limit; add 'loss: …', 'jitter: …', 'delay: …' or"
         " 'uplink_loss: …'"),
        ("{on: policy, prefer: [wlan]}", "prefer: 'wlan' is none of the call's links; possible are: wifi, umts"),
        ("{on: policy, prefer: [wifi], there_from: {utms: -90 dBm}}",
         "there_from: 'utms' is none of the call's links; did you mean 'umts'?"),
        ("{on: source-quench, count: 0}", "schemes.handover-cn.trigger.count: 0 is too small; it should be 1 or more"),
        ("{on: any, of: [{on: link-down, stay: 1 s}]}",
         "schemes.handover-cn.trigger: 'stay' is for all of them together; write it beside 'of'"),
        ("{on: any, of: [{on: any, of: []}]}", "schemes.handover-cn.trigger.of.1: 'any' is not possible; possible are:"
         " link-down, signal, link-going-down, quality, position, source-quench, silence, policy"),
        ("{on: weighted, at_least: 60 %, of: [{weight: 50 %, trigger: {on: link-down}}]}",
         "schemes.handover-cn.trigger: all together have less weight than 'at_least' wants; it would never fire"),
    ],
)  # fmt: skip
def test_mistakes_in_triggers(tmp_path: Path, capsys: pytest.CaptureFixture[str], trigger: str, expected: str) -> None:
    files = Files(tmp_path / "mine")
    files.change(SCENARIO_FILE, SIGNAL, trigger)
    assert complaint(files, capsys) == f"{SCENARIO_FILE}:{LINE}: {expected}"


def test_costs_of_a_network_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = Files(tmp_path / "mine")
    files.change(SCENARIO_FILE, "seed: 1", "seed: 1\nnetworks: {utms: {cost: 5}}")
    assert complaint(files, capsys) == (
        f"{SCENARIO_FILE}:25: networks.utms: the topology has no access link of that name; did you mean 'umts'?"
    )


def test_a_trigger_of_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "triggers", "--trigger", "signl"])
    assert "'signl' is not among the triggers of this scenario; did you mean 'signal'?" in capsys.readouterr().err


def test_a_scenario_without_triggers_has_none_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["triggers", "wifi-to-umts"])
    assert end.value.code == USERS_FAULT
    assert "has no triggers to compare; add 'triggers: " in capsys.readouterr().err


def test_when_a_link_is_bad() -> None:
    """wifi-fade: losses grow from 0 to 20 % from second 15 to 18; the first tenth of a second with 5 % is 15.8."""
    fade = load_experiment("wifi-to-umts")
    assert bad_from(fade, "wifi") == 15.8
    assert bad_from(fade, "umts") is None
    assert bad_from(load_experiment("wifi-to-umts", failure="wifi-break"), "wifi") == 15.0


# -- Source Quench ----------------------------------------------------------------------------------------------------


def quenches(files: Files, line: str) -> list[float]:
    files.change(SCENARIO_FILE, "seed: 1", f"seed: 1\nquench: {line}")
    plan = compile_plan(load_experiment(str(files.scenario)))
    assert plan["packages"] == []
    return [step["at_s"] for step in plan["timeline"] if step["do"] == "quench"]


def test_the_router_asks_while_the_link_is_bad(tmp_path: Path) -> None:
    """wifi-fade: 0 to 20 % from second 15 to 18; the call ends at second 31."""
    found = quenches(Files(tmp_path / "mine"), "{loss: 10 %, every: 1 s}")
    assert found == [16.5 + number for number in range(15)]


def test_the_router_asks_when_the_link_has_become_slow(tmp_path: Path) -> None:
    """wifi-fade: the uplink from 15 to 1 Mbit/s, second 13 to 18; so it has 10 Mbit/s at 13 + 5/14 * 5."""
    assert quenches(Files(tmp_path / "mine"), "{rate: 10 Mbit/s}")[0] == 14.8


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{every: 1 s}", "quench: it says not when; add 'loss: …' or 'rate: …'"),
        ("{loss: 1 %, every: 1 ms}", "quench.every: '1 ms' is too small; it should be 0.02 or more"),
        ("{loss: 1 %}\nip: 6", "quench: there is none in IPv6; leave it out, or write: ip: 4"),
    ],
)  # fmt: skip
def test_mistakes_about_quenches(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, expected: str) -> None:
    files = Files(tmp_path / "mine")
    files.change(SCENARIO_FILE, "seed: 1", f"seed: 1\nquench: {line}")
    assert complaint(files, capsys) == f"{SCENARIO_FILE}:25: {expected}"


# -- positions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [("59.9139 N 10.7522 E", (59.9139, 10.7522)), ("33.9 S 70.66 W", (-33.9, -70.66)), ("0 N 180 W", (0.0, -180.0))],
)
def test_places(text: str, place: tuple[float, float]) -> None:
    assert parse_place(text) == place


@given(st.lists(st.tuples(st.floats(0.1, 50.0), st.floats(-80, 80), st.floats(-170, 170)), min_size=2, max_size=8))
def test_fixes_are_on_the_way(points: list[tuple[float, float, float]]) -> None:
    """Every second from the first point's time on, never before or after the track, and never off it."""
    at, track = 0.0, []
    for wait, latitude, longitude in points:
        at += wait
        track.append(Fix(at, latitude, longitude))
    found = list(fixes(track))
    assert [fix.at for fix in found] == pytest.approx([track[0].at + n for n in range(len(found))], abs=1e-5)
    assert track[-1].at - 1.0 - 1e-5 <= found[-1].at <= track[-1].at + 1e-5
    for fix in found:
        near = [(a, b) for a, b in pairwise(track) if a.at - 1e-5 <= fix.at <= b.at + 1e-5]
        assert any(
            min(a.latitude, b.latitude) - 1e-6 <= fix.latitude <= max(a.latitude, b.latitude) + 1e-6 for a, b in near
        )
