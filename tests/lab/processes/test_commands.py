"""Commands of a scenario: which end of one is a warning."""

from __future__ import annotations

import select
import selectors
import subprocess
from typing import TYPE_CHECKING, Any, cast

import pytest

from testbed.lab.journal import Journal
from testbed.lab.processes.commands import Commands

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.spaces import NodeSpace


class Here:
    """A node that is this machine."""

    def popen(self, command: list[str], **how: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as Mininet's
        return subprocess.Popen(command, **how)


@pytest.mark.parametrize(
    ("script", "is_told", "complaint"),
    [
        ("echo well", False, ""),
        ("echo bad; exit 1", False, "'sh' in cn ended with status 1; the last line of logs/command1-cn.log: bad"),
        ("echo begun; exec sleep 60", True, ""),
        ("trap 'exit 0' TERM; echo begun; while true; do sleep 0.01; done", True, ""),
        ("trap 'exit 143' TERM; echo begun; while true; do sleep 0.01; done", True, ""),
        (
            "trap 'echo not finished; exit 1' TERM; echo begun; while true; do sleep 0.01; done", True,
            "'sh' in cn, told to end after 9 s, ended with status 1;"
            " the last line of logs/command1-cn.log: not finished",
        ),
    ],
)  # fmt: skip
def test_a_bad_end_is_a_warning_and_one_that_was_asked_for_is_none(
    tmp_path: Path, script: str, is_told: bool, complaint: str
) -> None:
    here = cast("dict[str, NodeSpace]", {"cn": Here()})
    commands = Commands(
        here, tmp_path, Journal(lambda _line: None), selectors.DefaultSelector(), lambda _after_s, _action: None
    )
    command = commands.start({
        "name": "command1-cn", "node": "cn", "command": ["sh", "-c", script], "for_s": 9.0, "place": "mine.yaml:7",
    })  # fmt: skip
    if is_told:
        while not command.log.read_text():
            select.select([], [], [], 0.01)
        command.stop()
    assert select.select([command], [], [], 10.0)[0]
    assert command.complaint() == (complaint and f"mine.yaml:7: {complaint}")
