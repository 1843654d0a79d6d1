"""What a user brings is looked at in a process of its own: what is wrong with it is told by file and line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agents.roles.mn.schemes import Home
from testbed.brought import BroughtError, asking, bring
from testbed.cli.main import USERS_FAULT, main
from testbed.scenario.experiment.experiment import load_experiment, own_setting
from testbed.scenario.kinds.chosen_scheme import SCHEME, find_scheme
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.errors import BadScenarioError

from .examples import example

GOOD = """from agents.roles.mn.schemes import Home, Scheme, SchemeRow
class Mine(Scheme):
    pass
SCHEME = SchemeRow(api=1, about="mine", scheme=Mine, home=Home.B2BUA, attach="beforehand")
"""
PARSE = "this is not Python 3.11, which runs it"
# As the Python here says it, which may have what the guest's has not.
NEWER = (
    "invalid syntax" if sys.version_info < (3, 12) else "Type statement is only supported in Python 3.12 and greater"
)


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_becomes_a_row(tmp_path: Path) -> None:
    chosen = find_scheme(str(write(tmp_path, GOOD)))
    assert (chosen.name, chosen.row.about, chosen.row.home) == ("mine", "mine", Home.B2BUA)
    assert "brought_mine" not in sys.modules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", f":1: {PARSE}: '(' was never closed"),
        ("type X = int", f":1: {PARSE}: {NEWER}"),
        ("import numpy\n", ":1: ModuleNotFoundError: No module named 'numpy'"),
        ("\n\n1 / 0\n", ":3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('bye')\n", ":2: SystemExit: bye"),
        ("print('nothing here')", ": defines no SCHEME; end it with SCHEME = SchemeRow(api=1, …)"),
        ("x = 1\nSCHEME = 3", ":2: SCHEME is no SchemeRow; write SCHEME = SchemeRow(api=1, …)"),
        (GOOD.replace("api=1", "api=2"), ":4: SCHEME is made for version 2 of the interface; this testbed has 1"),
        (GOOD.replace("scheme=Mine", "scheme=3"), ":4: SCHEME: scheme=3 is no class that inherits from Scheme"),
        (GOOD.replace("scheme=Mine", "scheme=dict"), ":4: SCHEME: scheme=dict is no class that inherits from Scheme"),
        (GOOD.replace("home=Home.B2BUA", "home=7"), ":4: SCHEME: home=7 is not possible; write Home.NOBODY, Home."),
        (GOOD.replace('about="mine"', "abuot=1"), ":4: TypeError: SchemeRow.__new__() got an unexpected keyword"),
        ("import os\nos._exit(4)\n", ": ended Python with status 4 when it was loaded; let it define things alone"),
    ],
)
def test_what_is_wrong_is_told_by_the_user_s_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BroughtError) as error:
        bring(str(path), SCHEME)
    assert str(error.value).startswith(f"{path}{said}")
    assert "\n" not in str(error.value)


def test_an_endless_loop_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LIMIT_S", 1.0)
    with pytest.raises(BroughtError, match="is not loaded after 1 s; let it define things, and do nothing else"):
        bring(str(write(tmp_path, "while True:\n    pass\n")), SCHEME)


def test_the_command_ends_with_2_and_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "1 / 0\n")
    with pytest.raises(SystemExit) as end:
        main(["run", "wifi-to-umts", "--scheme", str(path), "--out", str(tmp_path / "out")])
    assert end.value.code == USERS_FAULT
    assert capsys.readouterr().err == f"{path}:1: ZeroDivisionError: division by zero\n"
    assert not (tmp_path / "out").exists()


def test_what_the_row_needs_is_asked_of_the_topology(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A B2BUA without a node for it: the scenario's file and line, as for a scheme of ours."""
    write(tmp_path, GOOD)
    shipped = Path("topologies/scenarios/wifi-to-umts.yaml").read_text(encoding="utf-8")
    net = Path("topologies/multihomed.py").read_text(encoding="utf-8")
    (tmp_path / "net.py").write_text(net.replace('"home"', '"elsewhere"'), encoding="utf-8")
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(shipped.replace("topology: multihomed", "topology: net.py"), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["run", str(scenario), "--scheme", str(tmp_path / "mine.py"), "--out", str(tmp_path / "out")])
    assert "has no node 'home' for the B2BUA, without which there is no mine" in capsys.readouterr().err


def test_name_of_ours_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--scheme", str(write(tmp_path, GOOD, "reinvite.py"))])
    assert "the testbed has a scheme 'reinvite' of its own; give the file another name" in capsys.readouterr().err


def test_scheme_of_a_scenario_is_carried_in_the_mn_s_order(tmp_path: Path) -> None:
    """Its path begins at the scenario's folder; the network, by which snapshots are named, knows nothing of it."""
    write(tmp_path, GOOD)
    text = Path("topologies/scenarios/wifi-to-umts.yaml").read_text(encoding="utf-8")
    text = text.replace("scheme: handover-cn", "scheme: ./mine.py").replace("  handover-cn:", "  ./mine.py:")
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(text, encoding="utf-8")
    experiment = load_experiment(str(scenario))
    plan = compile_plan(experiment)
    (mn,) = [agent for agent in plan["agents"] if agent["name"] == "mn"]
    assert (experiment.scheme, experiment.setting.trigger.on) == ("mine", "signal")
    assert mn["files"] == {"mine.py": GOOD}
    order = {"kind": "scheme", "name": "mine", "module": "mine.py", "attribute": "SCHEME"}
    assert mn["config"]["brought"] == [order]
    assert plan["network"] == compile_plan(load_experiment("wifi-to-umts"))["network"]
    assert [agent["name"] for agent in plan["agents"]] == ["cn", "b2bua", "mn"]


def test_scheme_and_trigger_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "my_package", "", "__init__.py")
    write(tmp_path / "my_package", "from my_package.base import Mine\n" + GOOD.partition("SCHEME")[0].partition(
        "class")[0] + "SCHEME = SchemeRow(1, 'ours', Mine)\n", "hasty.py")  # fmt: skip
    write(tmp_path / "my_package", GOOD.partition("SCHEME")[0], "base.py")
    info = tmp_path / "my_package-1.dist-info"
    write(info, "Metadata-Version: 2.1\nName: my-package\nVersion: 1\n", "METADATA")
    write(info, "[sip_handover_testbed.schemes]\nswift = my_package.hasty:SCHEME\n", "entry_points.txt")
    monkeypatch.syspath_prepend(tmp_path)
    chosen = find_scheme("swift")
    assert chosen.row.about == "ours"
    assert chosen.brought is not None
    assert set(chosen.brought.files) == {"my_package/__init__.py", "my_package/base.py", "my_package/hasty.py"}
    assert "my_package" not in sys.modules


TRIGGER = "    trigger: {on: signal, below: -60 dBm}"


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("{on: ./drop.py}", "schemes.reinvite-soft.trigger.by is missing; add a line 'by: …'"),
        ("{on: ./drop.py, by: 3}", "schemes.reinvite-soft.trigger.by: 3 has no unit; a difference of signals is"),
        ("{on: ./drop.py, by: 3 dB, wihtin: 1 s}", "schemes.reinvite-soft.trigger.wihtin is unknown; did you mean 'wi"),
        ("{on: ./dorp.py, by: 3 dB}", "dorp.py: cannot be read: No such file or directory; name a Python file"),
    ],
)
def test_parameters_of_a_user_s_trigger_are_checked(
    tmp_path: Path, trigger: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    example("triggers.md", tmp_path)
    text = Path("topologies/scenarios/wifi-to-umts.yaml").read_text(encoding="utf-8")
    (tmp_path / "s.yaml").write_text(text.replace(TRIGGER, f"    trigger: {trigger}", 1), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["run", str(tmp_path / "s.yaml"), "--scheme", "reinvite-soft"])
    err = capsys.readouterr().err
    assert end.value.code == USERS_FAULT
    assert said in err
    assert err.startswith(f"{tmp_path / 's.yaml'}:22: schemes.reinvite-soft.trigger.")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("trigger={'on': 'signl', 'below': '-60 dBm'}", "trigger: 'signl' is not possible; did you mean 'signal'?"),
        ("trigger={'on': 'signal', 'below': -60}", "trigger.below: -60 has no unit; a signal strength is written"),
        ("trigger={'on': 'signal'}", "trigger.below is missing; add a line 'below: …'"),
        ("attach='before'", "attach: 'before' is not possible; did you mean 'beforehand'?"),
    ],
)
def test_how_its_row_says_that_it_is_done_is_checked(tmp_path: Path, setting: str, said: str) -> None:
    path = write(tmp_path, GOOD.replace('attach="beforehand"', setting))
    with pytest.raises(BadScenarioError) as errors:
        own_setting(find_scheme(str(path)), tmp_path / "s.yaml")
    assert str(errors.value.errors[0]).startswith(f"{path}:4: SCHEME: {said}")


def test_a_scheme_that_a_scenario_names_and_is_not_there_is_told_by_its_line(tmp_path: Path) -> None:
    text = Path("topologies/scenarios/wifi-to-umts.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, text.replace("  reinvite-soft:", "  ./fast.py:", 1), "s.yaml")
    line = next(number for number, one in enumerate(path.read_text().splitlines(), 1) if "./fast.py:" in one)
    with pytest.raises(BadScenarioError) as errors:
        load_experiment(str(path), scheme="./fast.py")
    said = f"{path}:{line}: schemes../fast.py: {tmp_path / 'fast.py'}: cannot be read: No such file or directory"
    assert str(errors.value.errors[0]).startswith(said)
