"""`testbed check`: every kind is recognised by what is in it, and every mistake is said as a run would say it."""

from __future__ import annotations

from pathlib import Path

import pytest

import testbed
from testbed.cli.main import USERS_FAULT, main
from testbed.files import trial
from testbed.files.kinds import KINDS
from testbed.measure import measure_run, to_json
from testbed.scenario.reading.places import (
    COVERAGE,
    FAILURE,
    NAT,
    PROFILE,
    PROGRAM,
    ROOT,
    SCENARIO,
    TOPOLOGY,
    TRACK,
    FileKind,
)
from tests.brought.examples import example
from tests.measure import synthetic

DATA = ROOT / "tests" / "engine" / "data"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SCENARIO, "scenario"),
        (TOPOLOGY, "topology"),
        (PROFILE, "link profile"),
        (FAILURE, "failure script"),
        (PROGRAM, "program"),
        (COVERAGE, "coverage map"),
        (NAT, "kind of NAT"),
        (TRACK, "track"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_every_file_that_we_ship_is_recognised_and_ok(kind: FileKind, name: str) -> None:
    for word in kind.shipped():
        found = testbed.check(kind.find(word))
        assert (found.kind, found.mistakes) == (name, ()), word


def test_what_chance_does_on_a_link_is_told() -> None:
    assert testbed.check(DATA / "damaging.yaml").facts == (
        "down 2 Mbit/s, 20 ms, 5 % damaged", "up 1 Mbit/s, 20 ms, 2 % lost, 5 % doubled, 10 % damaged"
    )  # fmt: skip
    assert testbed.check(DATA / "managed.yaml").facts[0] == "down 2 Mbit/s, 20 ms, codel"


CSV, MAHIMAHI = "time [s], delay [ms]\n0, 20\n5, 90\n", "1\n2\n2\n30\n"
DRIVE = (
    "Timestamp,Longitude,Latitude,RSRP,DL_bitrate\n2019.12.14_10.16.30,-8.3,51.9,-99,7\n"
    "2019.12.14_10.16.31,-8.3,51.9,-99,0\n"
)
GPX = (
    '<gpx><trk><trkseg><trkpt lat="59" lon="10"><time>2026-01-01T00:00:00Z</time></trkpt>'
    '<trkpt lat="59.1" lon="10"><time>2026-01-01T00:00:09Z</time></trkpt></trkseg></trk></gpx>'
)


@pytest.mark.parametrize(
    ("name", "text", "kind", "facts"),
    [
        ("a.csv", CSV, "CSV trace", ["2 changes until 5 s"]),
        ("a.down", MAHIMAHI, "Mahimahi trace", ["4 packets in 30 ms"]),
        ("a.gpx", GPX, "track", ["2 points, from 0 s to 9 s"]),
        ("bus_1", "0.0\t4.0\n0.5\t3.0\n", "published trace", ["form pensieve", "2 rows in 0.5 s"]),
        ("a.csv", DRIVE, "published trace", ["form ucc", "2 rows in 2 s"]),
    ],
)
def test_traces_and_tracks_are_recognised_too(
    tmp_path: Path, name: str, text: str, kind: str, facts: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    found = testbed.check(tmp_path / name)
    assert (found.kind, found.facts, found.mistakes) == (kind, tuple(facts), ())


NUMBER = """from testbed.measure import UserNumber

def hole(run, direction):
    return 1

NUMBER = UserNumber(api=1, key="hole_ms", unit="ms", about="the longest hole", compute=hole)
"""


def test_what_a_user_brings_is_told_apart_by_what_it_defines(tmp_path: Path) -> None:
    (tmp_path / "hole.py").write_text(NUMBER)
    found = [
        testbed.check(path)
        for path in (example("schemes.md", tmp_path), example("triggers.md", tmp_path), tmp_path / "hole.py")
    ]
    assert [(one.kind, one.mistakes) for one in found] == [("scheme", ()), ("trigger", ()), ("number", ())]
    assert found[0].facts == (
        "two links for 500 ms", "in the home network: nobody",
        "unless a scenario says otherwise: trigger signal, attach beforehand",
    )  # fmt: skip
    assert found[1].facts == ("The signal has fallen `by` so much `within` so long", "parameters by, within")
    assert found[2].facts == ("hole_ms: the longest hole", "of each direction")


def test_scenario_whose_number_can_not_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "hole.py").write_text(NUMBER.replace("api=1", "api=2"))
    scenario = tmp_path / "mine.yaml"
    scenario.write_text((DATA / "short.yaml").read_text() + "numbers: [./hole.py]\n")
    (mistake,) = testbed.check(scenario).mistakes
    assert mistake.startswith(f"{tmp_path}/hole.py:6: NUMBER is made for version 2 of the interface; this testbed has")
    scenario.write_text(scenario.read_text().replace("./hole.py", "hole"))
    (mistake,) = testbed.check(scenario).mistakes
    assert ": numbers: hole: there is no such number; name a file, such as ./hole.py" in mistake


def test_run_folder_and_its_captures(tmp_path: Path) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    assert "no result.json" in testbed.check(folder).facts
    (folder / "result.json").write_text(to_json(measure_run(folder)))
    assert str(testbed.check(folder)).startswith(f"{folder}: a run folder: ok; none, seed 7, no status; 3 events")
    capture = testbed.check(folder / "captures" / "mn-wifi.pcap")
    assert (capture.kind, capture.is_ok) == ("capture", True)
    (folder / "result.json").write_text('{"schema_version": 1, "media": 3}')
    assert [one.split(": ")[0] for one in testbed.check(folder).mistakes] == [f"{folder}/result.json"]


SCENARIO_WITH_A_SLIP = (DATA / "short.yaml").read_text().replace("first_link", "frist_link")


@pytest.mark.parametrize(
    ("name", "text", "kind", "mistakes"),
    [
        ("a.yaml", SCENARIO_WITH_A_SLIP, "scenario", [":5: frist_link is unknown; did you mean 'first_link'?"]),
        ("a.yaml", "name: a\nabout: b\nsteps:\n  - {at: 3, link: wifi, gone: true}\n", "failure script",
         [":4: steps.1.at: 3 has no unit; a time is written like 75 ms"]),
        ("a.yaml", "name: a\nabout: b\nsteps: [a\n", "failure script",
         [":3: a bracket '[' opens here and is not closed; close it with ']'"]),
        ("a.csv", "time [s], dealy [ms]\n", "CSV trace",
         [":1: 'dealy' is nothing that a link has; did you mean 'delay'?"]),
        ("a.down", "1\nx\n", "Mahimahi trace",
         [":2: 'x' is no time in ms; a Mahimahi trace has one whole number in each line"]),
        ("a.py", "x = 1\n", "topology",
         [":1: there is no NETWORK here; topologies/multihomed.py shows how it should be"]),
        ("a.py", "def f(:\n", "topology",
         [":1: this is not Python: invalid syntax; look at this line and the one before"]),
        ("a.py", "SCHEME = 7\n", "scheme", [":1: SCHEME is no SchemeRow; write SCHEME = SchemeRow(api=1, …)"]),
        ("a.py", "from agents.roles.mn.schemes import SchemeRow\n", "scheme", [": defines no SCHEME; end it with"]),
        ("a.py", "x = 1 / 0\nTRIGGER = x\n", "trigger", [":1: ZeroDivisionError: division by zero"]),
        ("a.py", "import os\nos._exit(0)\nTRIGGER = 7\n", "trigger", [": ended Python with status 0 when it was load"]),
        ("a.py", "TRIGGER = 7\ndef f(:\n", "trigger", [":2: this is not Python 3.11, which runs it: invalid"]),
        ("a.py", f"print('hello')\n{NUMBER}", "number",
         [":1: PermissionError: writes 'hello' to standard output, which is the results'; use sys.stderr"]),
        ("a.py", "NUMBER: int = 7\n", "number", [":1: NUMBER is no UserNumber; write NUMBER = UserNumber(api=1, …)"]),
        ("a.yaml", "name: a\nabout: b\nroles: [cn]\ncommand: [./a]\nfiles: {a: not-there}\n", "program",
         [":5: files.a: "]),
        ("a.yaml", "name: a\nabout: b\nroles: [cn]\ncommand: [a]\npackages:\n- iperf3\n- Iperf_3\n", "program",
         [":7: packages.2: 'Iperf_3' is no name of a Debian package; use two or more of a-z, 0-9, '+', '-', '.'"]),
        ("a.pcap", "no capture", "capture", [": is not a pcap or pcapng file (it start"]),
    ],
)  # fmt: skip
def test_mistake_is_said_as_a_run_would_say_it(
    tmp_path: Path, name: str, text: str, kind: str, mistakes: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    found = testbed.check(tmp_path / name)
    assert found.kind == kind
    assert [
        one[: len(str(found.path)) + len(wanted)] for one, wanted in zip(found.mistakes, mistakes, strict=True)
    ] == [f"{found.path}{one}" for one in mistakes]


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where apt keeps its list of Debian's packages, in a cache that has nothing yet."""
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "apt-bookworm"


def has(debian: Path, *packages: str) -> None:
    """As if the list had been fetched."""
    (debian / "lists" / "partial").mkdir(parents=True)
    (debian / "status").touch()
    (debian / "sources.list").write_text("deb http://deb.debian.org/debian bookworm main\n")
    stanzas = [f"Package: {name}\nVersion: 1\nArchitecture: amd64\nProvides: netcat\n" for name in packages]
    where = debian / "lists" / "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
    where.write_text("\n".join([*stanzas, ""]))


WITH_PACKAGES = "programs:\n- {at: 1 s, node: mn, run: a, packages: [iperf3,\n  iperf33]}\n"


def test_package_that_debian_s_list_does_not_have_is_told_with_one_that_may_be_meant(
    debian: Path, tmp_path: Path
) -> None:
    has(debian, "iperf3", "g++", "netcat-openbsd", "netcat-traditional")
    program, scenario = tmp_path / "a.yaml", tmp_path / "b.yaml"
    program.write_text("name: a\nabout: b\nroles: [cn]\ncommand: [a]\npackages: [g++, g--,\n netcat, sdl]\n")
    none = "Debian 12 has no package"
    assert testbed.check(program).mistakes == (
        f"{program}:5: packages.2: {none} g--; look at https://packages.debian.org/bookworm/",
        f"{program}:6: packages.3: {none} netcat; did you mean 'netcat-openbsd'?",
        f"{program}:6: packages.4: {none} sdl; look at https://packages.debian.org/bookworm/",
    )
    text = SCENARIO.find("wifi-to-umts").read_text() + WITH_PACKAGES
    scenario.write_text(text)
    line = len(text.splitlines())
    (mistake,) = testbed.check(scenario).mistakes
    assert mistake == f"{scenario}:{line}: programs.1.packages.2: {none} iperf33; did you mean 'iperf3'?"
    scenario.write_text(text.replace("iperf33", "g++"))
    assert "packages iperf3, g++" in testbed.check(scenario).facts


def test_packages_that_can_not_be_looked_up_are_said_to_be_so(debian: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "b.yaml"
    scenario.write_text(SCENARIO.find("wifi-to-umts").read_text() + WITH_PACKAGES)
    assert "packages iperf3, iperf33, not looked up: a run will fetch Debian's list" in testbed.check(scenario).facts
    assert not debian.exists()


@pytest.mark.parametrize("forever", ["while True: pass", "import time; time.sleep(1000)"])
def test_topology_that_never_ends_is_ended_and_its_line_named(
    forever: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "COMPUTING_S", 2)
    monkeypatch.setattr(trial, "WAITING_S", 4)
    topology, scenario = tmp_path / "endless.py", tmp_path / "mine.yaml"
    topology.write_text(f"x = 1\n{forever}\n")
    scenario.write_text((DATA / "short.yaml").read_text().replace("multihomed", "endless.py"))
    for path in (topology, scenario):
        (mistake,) = testbed.check(path).mistakes
        assert mistake.startswith(f"{topology}:2: this does not end, in 2 s of computing or 4 s of waiting; a topology")


def test_scenario_whose_other_scheme_can_not_be_run_is_told_of_it() -> None:
    found = testbed.check(DATA / "through-kamailio.yaml")
    assert found.is_ok
    assert "warning: not with --scheme handover-b2bua: " in found.facts[-1]


def test_kind_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(CSV)
    assert testbed.check(tmp_path / "a.txt").kind is None
    assert testbed.check(tmp_path / "a.txt", "CSV trace").is_ok
    with pytest.raises(ValueError, match="there is no kind 'trace'; possible are: run folder, "):
        testbed.check(tmp_path / "a.txt", "trace")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"\n" * 1000, b"name: a\n", b"\xff" * 100])
def test_no_kind_fails_on_anything_but_a_mistake(kind: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    assert not testbed.check(tmp_path / "a", kind).is_ok


def test_all_files_are_looked_at_and_the_status_is_2_if_one_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("time [s], x [ms]\n")
    Path("b.csv").write_text(CSV)
    with pytest.raises(SystemExit) as end:
        main(["check", "a.csv", "missing.yaml", "b.csv"])
    said = capsys.readouterr()
    assert end.value.code == USERS_FAULT
    assert said.out.splitlines() == [
        "a.csv: a CSV trace: 1 mistake", "missing.yaml: not checked", "b.csv: a CSV trace: ok; 2 changes until 5 s",
    ]  # fmt: skip
    assert said.err.splitlines()[0].startswith("a.csv:1: 'x' is nothing that a link has")
    assert said.err.splitlines()[1].startswith("missing.yaml: cannot be read: No such file or directory")
    main(["check", "b.csv"])
