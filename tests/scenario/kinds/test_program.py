"""A program's file: what it may say, and each mistake with its line, before anything is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import main
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.loaded_program import load_program
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError
from tests.scenario.files import SCENARIO_FILE, Files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.plan import Foreign

PROGRAM = """\
name: mine
about: a phone of mine
roles: [cn, mn, node]
packages: [python3]
command: [./run.sh, --to, '{{ peer.address }}']
files:
  run.sh: run.sh
  etc/phone.conf: phone.conf.j2
  greeting: {text: 'from {{ user }}'}
ready: {udp: [sip_port, 7000], says: up, within: 5 s}
call: {types: ['dial {{ peer.user }}', go]}
hang_up: {signal: USR1}
stop: {runs: [touch, stop]}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A program with a file that is copied and a template beside it."""
    (tmp_path / "run.sh").write_bytes(b"#!/bin/sh\n# \xff\n")
    (tmp_path / "run.sh").chmod(0o755)
    config = "listen {{ address }}:{{ sip_port }}\n{% if home %}via {{ home.address }}{% endif %}\n"
    (tmp_path / "phone.conf.j2").write_text(config)
    (tmp_path / "mine.yaml").write_text(PROGRAM)
    return tmp_path / "mine.yaml"


def as_correspondent(path: Path) -> Foreign:
    (program,) = compile_plan(load_experiment("wifi-to-umts", scheme="reinvite", cn=str(path)))["programs"]
    return program


def test_program_is_filled_in_for_its_place(mine: Path) -> None:
    program = as_correspondent(mine)
    assert program["command"] == ["./run.sh", "--to", "10.1.0.2"]
    assert program["files"] == {
        "run.sh": "#!/bin/sh\n# \xff\n", "etc/phone.conf": "listen 10.20.0.2:5060\n\n", "greeting": "from cn",
    }  # fmt: skip
    assert program["executables"] == ["run.sh"]
    assert program["ready"] == {"udp": [5060, 7000], "says": "up", "within_s": 5.0}
    assert (program["call"], program["hang_up"], program["stop"]) == (
        {"types": "dial mn\ngo\n"}, {"signal": "USR1"}, {"runs": ["touch", "stop"]},
    )  # fmt: skip
    assert (program["file"], program["packages"]) == ("mine.yaml", ["python3"])


def test_plan_is_the_same_wherever_the_program_s_file_lies(mine: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    before = as_correspondent(mine)
    for name in ("mine.yaml", "run.sh", "phone.conf.j2"):
        mine.with_name(name).rename(elsewhere / name)
    assert as_correspondent(elsewhere / "mine.yaml") == before


def test_scenario_names_it_relative_to_itself(mine: Path, tmp_path: Path) -> None:
    files = Files(tmp_path / "mine")
    files.change(SCENARIO_FILE, "seed: 1", "seed: 1\ncn: ../mine.yaml\nprograms: [{node: home, program: ../mine.yaml}]")
    plan = compile_plan(load_experiment(str(files.scenario), scheme="reinvite"))
    assert [(one["name"], one["node"]) for one in plan["programs"]] == [("cn", "cn"), ("home-mine", "home")]
    assert plan["programs"][1]["files"]["etc/phone.conf"].startswith("listen 10.10.0.2:5060")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("about: a phone", "abuot: a phone", 2, "abuot is unknown; did you mean 'about'?"),
        ("[cn, mn, node]", "[cn, nn]", 3, "roles.2: 'nn' is not possible"),
        ("[python3]", "[Python_3]", 4, "packages.1: 'Python_3' is no name"),
        ("peer.address", "pear.address", 5, "command.3: there is no variable 'pear'; did you mean 'peer'?"),
        ("'{{ peer.address }}'", "'{{ peer.adress }}'", 5, "command.3: as cn in 'cn': 'dict object' has no attribute"),
        ("'{{ peer.address }}'", "'{{ peer'", 5, "command.3: "),
        ("run.sh: run.sh", "run.sh: ran.sh", 7, "files.run.sh: {folder}/ran.sh: there is no such file"),
        ("phone.conf.j2", "phon.conf.j2", 8, "files.etc/phone.conf: {folder}/phon.conf.j2: there is no such file"),
        ("etc/phone.conf", "../phone.conf", 6, "files: '../phone.conf' is outside of the program's folder"),
        ("7000", "70000", 10, "ready.udp: 70000 is no port"),
        ("5 s", "0 s", 10, "ready.within: nobody waits for 0 s"),
        ("types: ['dial {{ peer.user }}', go]", "types: [go], signal: INT", 11, "call: it is told in one way"),
        ("USR1", "SIGUSR1", 12, "hang_up.signal: 'SIGUSR1' is no signal; write it like TERM, INT or USR1"),
    ],
)
def test_mistake_is_told_with_its_line(mine: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in PROGRAM
    mine.write_text(PROGRAM.replace(old, new))
    with pytest.raises(BadScenarioError) as raised:
        as_correspondent(mine)
    expected = f"{mine}:{line}: {said}".replace("{folder}", str(mine.parent))
    assert str(raised.value).startswith(expected)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("one\ntwo {{ adress }}\n", 2, "there is no variable 'adress'; did you mean 'address'?"),
        ("one\n{% if %}\n", 2, "Expected an expression, got 'end of statement block'; write"),
        ("one\n\n{{ home.address }}\n", 3, "as cn in 'cn': 'None' has no attribute 'address'"),
    ],
)
def test_mistake_in_a_template_is_told_with_the_template_s_line(mine: Path, text: str, line: int, said: str) -> None:
    template = mine.with_name("phone.conf.j2")
    template.write_text(text)
    with pytest.raises(BadScenarioError, match=re.escape(f"{template}:{line}: {said}")):
        as_correspondent(mine)


def test_too_much_to_be_copied(mine: Path) -> None:
    mine.with_name("run.sh").write_bytes(bytes(5 * 1024 * 1024))
    with pytest.raises(BadScenarioError, match=r"mine.yaml:6: files: what is copied has more than 4 MiB together"):
        load_program(mine)


def test_program_in_a_role_that_it_cannot_play(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_text(PROGRAM.replace("[cn, mn, node]", "[node]"))
    with pytest.raises(SystemExit) as end:
        main(["run", "--cn", str(mine)])
    assert end.value.code == 2
    assert capsys.readouterr().err == f"{mine}: can't be the cn; its roles are: node\n"


def test_program_that_cannot_be_told_to_hang_up(mine: Path) -> None:
    mine.write_text(PROGRAM.replace("hang_up: {signal: USR1}\n", ""))
    load_experiment("wifi-to-umts", scheme="reinvite", cn=str(mine), hangs_up="mn")
    with pytest.raises(BadScenarioError, match="--hangs-up: 'mine' can't be told to hang up; add 'hang_up: …'"):
        load_experiment("wifi-to-umts", scheme="reinvite", cn=str(mine), hangs_up="cn")


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("{node: hom, program: kamailio}", "programs.1.node: the topology has no node 'hom'; did you mean 'home'?"),
        ("{node: home, program: kamailio}", "programs.1.program: kamailio: can't be the node"),
        ("{node: home, run: ls}", "programs.1: nobody knows when it is run; add 'at: …'"),
        ("{node: home}", "programs.1: it is a command or a program; write 'run: …' with 'at: …', or 'program: …'"),
        ("{node: home, at: 1 s, run: 'ls {{ addres.cn }}'}", "programs.1.run: there is no variable 'addres'"),
        ("{node: home, at: 1 s, run: 'ls \"x'}", "programs.1.run: a quotation mark is not closed"),
        ("{node: home, at: 1 s, run: ' '}", "programs.1.run: there is no command in it"),
    ],
)
def test_mistakes_about_what_runs_beside(tmp_path: Path, use: str, said: str) -> None:
    files = Files(tmp_path / "mine")
    files.change(SCENARIO_FILE, "seed: 1", f"seed: 1\nprograms:\n  - {use}")
    with pytest.raises(BadScenarioError, match=re.escape(f"{SCENARIO_FILE}:26: {said}")):
        load_experiment(str(files.scenario))
