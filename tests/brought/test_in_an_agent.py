"""A user's code in an agent: what it writes, raises, or never returns from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agents.loading import LoadingError, ModuleAt
from agents.roles.mn import schemes, triggers
from agents.roles.mn.brought import adopt
from tests.agents.world import World

if TYPE_CHECKING:
    from agents.roles.mn.triggers import Trigger

ROOT = Path(__file__).parents[2]
# As the lab starts an agent: file objects that nobody else keeps (lab/processes/spawn).
AGENT = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
sys.stdout, sys.stderr = open(1, "w"), open(2, "w", buffering=1)
from agents.io import brought_code
from agents.roles.mn.schemes import SCHEMES
brought_code.LOOK_EVERY_S = 0.05
order = {{"kind": "scheme", "name": "mine", "module": "mine.py", "attribute": "SCHEME"}}

def run(events):
    SCHEMES["mine"].loaded()(None).triggered(now=1.0)
    events.write('{{"event": "call_ended"}}\\n')
    events.flush()

brought_code.run_brought({{"brought": [order]}}, Path({folder!r}), run)
"""
MINE = """import os, sys, time
from agents.roles.mn.schemes import Scheme, SchemeRow
class Mine(Scheme):
    def triggered(self, *, now):
        {}
SCHEME = SchemeRow(api=1, about="mine", scheme=Mine)
"""


def agent(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.py").write_text(MINE.format(line), encoding="utf-8")
    argv = [sys.executable, "-c", AGENT.format(root=str(ROOT), folder=str(folder))]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "line", ["print('hello')", "os.write(1, b'hello')", "os.system('echo hello')", "sys.stdout.writelines(['hello'])"]
)
def test_what_it_writes_is_in_the_log_and_not_among_the_events(tmp_path: Path, line: str) -> None:
    done = agent(tmp_path, line)
    assert done.returncode == 0, done.stderr
    said = [json.loads(one) for one in done.stdout.splitlines()]
    assert said[-1] == {"event": "call_ended"}
    assert "hello" in done.stderr
    if "print" in line:
        assert said[0] == {"warning": "mine.py writes to standard output: that is in the agent's log"}


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("raise ValueError('no such thing')", "mine.py:5: ValueError: no such thing"),
        ("sys.exit(0)", "mine.py:5: SystemExit: 0"),
        ("self.enter('HERE')", "mine.py:5: AttributeError: 'NoneType' object has no attribute 'tell'"),
        ("while True: pass", "mine.py:5: TimeoutError: triggered() has not returned for 3 s"),
        ("time.sleep(1000)", "mine.py:5: TimeoutError: triggered() has not returned for 3 s"),
    ],
)
def test_its_fault_is_the_log_s_last_line(tmp_path: Path, line: str, last: str) -> None:
    done = agent(tmp_path, line)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == last
    assert not list(tmp_path.rglob("*.pyc"))


TRIGGER = """from agents.roles.mn.triggers import Opinion, Trigger, TriggerRow
class Mine(Trigger):
    def opinion(self, link):
        return {opinion}
    def get_timer(self):
        return {timer}
TRIGGER = TriggerRow(api=1, about="mine", trigger=Mine)
"""
SCHEME = """from agents.roles.mn.schemes import Scheme, SchemeRow
class Mine(Scheme):
    def get_timer(self):
        return {timer}
SCHEME = SchemeRow(api=1, about="mine", scheme=Mine)
"""
TEXT_NUMBERS = "give it text, numbers, lists or dicts of them"


def adopted_trigger(
    folder: Path, monkeypatch: pytest.MonkeyPatch, opinion: str = "None", timer: str = "None"
) -> Trigger:
    (folder / "mine.py").write_text(TRIGGER.format(opinion=opinion, timer=timer))
    monkeypatch.setattr(triggers, "TRIGGERS", dict(triggers.TRIGGERS))
    adopt("trigger", "mine", ModuleAt(str(folder), "mine.py", "TRIGGER"))
    return triggers.TRIGGERS["mine"].loaded()({}, "wifi")


@pytest.mark.parametrize(
    ("opinion", "what"),
    [
        ("'bad'", "'bad'; it should be Opinion(True or False, because), or None"),
        (
            "Opinion(None, {})",
            "is_good=None; it should be Opinion(True or False, because), or None",
        ),
        ("Opinion(True, {})", "because={}; it should be a dict, with the trigger's name as kind"),
        ("Opinion(True, {'kind': 'mine', 'of': {1}})", f"because with 'of': {{1}}; {TEXT_NUMBERS}"),
        ("Opinion(True, {'kind': 'mine', 1: 2})", f"because with 1: 2; {TEXT_NUMBERS}"),
    ],
)
def test_an_opinion_that_is_none_is_its_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opinion: str, what: str
) -> None:
    trigger = adopted_trigger(tmp_path, monkeypatch, opinion=opinion)
    with pytest.raises(LoadingError, match=re.escape(f"mine.py:3: opinion() answered {what}")):
        trigger.opinion("wifi")


@pytest.mark.parametrize(
    "opinion", ["None", "Opinion(False, {'kind': 'mine', 'levels': [-60.0, None], 'of': {'a': 'b'}})"]
)
def test_an_opinion_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opinion: str) -> None:
    found = adopted_trigger(tmp_path, monkeypatch, opinion=opinion).opinion("wifi")
    assert (found is None) == (opinion == "None")


@pytest.mark.parametrize("timer", ["'soon'", "True", "float('nan')", "[1.0]"])
def test_a_timer_that_is_none_is_its_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, timer: str) -> None:
    trigger = adopted_trigger(tmp_path, monkeypatch, timer=timer)
    with pytest.raises(LoadingError, match=r"mine\.py:5: get_timer\(\) answered .*; it should be a time in seconds"):
        trigger.get_timer()
    (tmp_path / "mine.py").write_text(SCHEME.format(timer=timer))
    monkeypatch.setattr(schemes, "SCHEMES", dict(schemes.SCHEMES))
    adopt("scheme", "mine", ModuleAt(str(tmp_path), "mine.py", "SCHEME"))
    scheme = schemes.SCHEMES["mine"].loaded()(World("reinvite").mn._call)
    with pytest.raises(LoadingError, match=r"mine\.py:3: get_timer\(\) answered "):
        scheme.get_timer()


def test_facts_that_are_not_json_are_refused_where_they_are_told() -> None:
    world = World("reinvite")
    with pytest.raises(TypeError, match=r"tell\('mine'\) got of=\{1\}; give it text"):
        world.mn._call.tell("mine", of={1})
