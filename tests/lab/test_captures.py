"""A capture that cannot go on is told of at once, and the others go on."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

from testbed.lab.captures import capture

if TYPE_CHECKING:
    from testbed.lab.packet_ring import Ring


class FakeRing:
    """A ring that has something to write each time, at which it fails or not."""

    crc = 7

    def __init__(self, name: str, errors: list[str]) -> None:
        self.name = name
        self._errors = errors
        self._read, write = os.pipe()
        os.close(write)  # readable from now on

    def fileno(self) -> int:
        return self._read

    def try_to_fill_file(self) -> str:
        return self._errors.pop(0) if self._errors else ""

    def close(self) -> int:
        os.close(self._read)
        return 3


class Told(io.StringIO):
    """What is told; the first thing told ends the run, as the lab does it."""

    def __init__(self, until: int) -> None:
        super().__init__()
        self._until = until

    def flush(self) -> None:
        if self._until >= 0:
            os.close(self._until)
            self._until = -1


def told_by(*rings: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - stands for Ring
    """The lines of a run that lasts until something is told."""
    read, write = os.pipe()
    told = Told(write)
    stand_ins: list[Ring] = [*rings]
    capture(stand_ins, read, told)
    os.close(read)
    return [json.loads(line) for line in told.getvalue().splitlines()]


def test_a_full_disk_is_told_while_the_run_goes_on_and_again_at_the_end() -> None:
    lines = told_by(FakeRing("mn-wifi", []), FakeRing("cn-eth0", ["", "No space left on device"]))
    assert [(line["name"], line["error"], line["dropped"]) for line in lines] == [
        ("cn-eth0", "No space left on device", 0),
        ("mn-wifi", "", 3),
        ("cn-eth0", "No space left on device", 3),
    ]
    assert {line["crc"] for line in lines} == {7}
