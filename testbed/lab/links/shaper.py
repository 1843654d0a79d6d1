"""Links to tc: commands go to one `tc -batch` for each air, which stays open, and the kernel's answer is compared."""

import json
import subprocess
from typing import Any, cast

from testbed.lab.network.packet_rules import refused_rules
from testbed.lab.plan import Pattern, Shape
from testbed.lab.spaces import Spaces

# tc prints probabilities, which the kernel keeps in 32 bits, with six digits; and times rounded down twice, to ticks of
# 64 ns and to µs.
RELATIVE_TOLERANCE = 1e-5
SHARE_TOLERANCE = 2**-32
TIME_TOLERANCE_S = 2e-6
TIMES = ("delay", "jitter")


class ShapeError(Exception):
    """The kernel did not take a link's shape, or says that it took another one."""


class Shaper:
    """Applies shapes. One `tc` process for each air, so that a change costs no new process."""

    def __init__(self, net: Spaces) -> None:
        self._net = net
        self._batches: dict[str, subprocess.Popen[str]] = {}

    def apply(self, shapes: list[Shape]) -> None:
        """Sends all the commands, then reads each device back; raises ShapeError with what differs."""
        for shape in shapes:
            self._order(shape, shape["command"])
        for shape in shapes:
            self._check(shape)

    def lose(self, pattern: Pattern) -> None:
        """Gives an air rules for packets to be lost; raises ShapeError where the kernel does not take them."""
        if said := refused_rules(self._net[pattern["air"]], pattern["rules"]):
            raise ShapeError(f"{pattern['air']}: nft refused the pattern of losses: {said}")

    def close(self) -> None:
        """Ends the `tc` processes."""
        for batch in self._batches.values():
            batch.communicate()

    def _order(self, shape: Shape, command: str) -> None:
        batch = self._batch(shape["air"])
        if batch.stdin is None or batch.stdout is None:
            raise ShapeError("tc has no input or output")
        try:
            batch.stdin.write(command + "\n")
            batch.stdin.flush()
        except BrokenPipeError:  # it ends with the first command that the kernel refuses, and says so
            raise ShapeError(f"tc refused what came before '{command}': {batch.stdout.read().strip()}") from None

    def _batch(self, air: str) -> subprocess.Popen[str]:
        if air not in self._batches:
            self._batches[air] = self._net[air].popen(
                ["tc", "-json", "-batch", "-"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        return self._batches[air]

    def _check(self, shape: Shape) -> None:
        self._order(shape, f"qdisc show dev {shape['device']}")
        output = self._batch(shape["air"]).stdout
        said = output.readline() if output is not None else ""
        try:
            qdiscs = cast(list[dict[str, Any]], json.loads(said))
        except ValueError as error:
            raise ShapeError(f"tc refused '{shape['command']}': {said.strip()}") from error
        (mine,) = [one for one in qdiscs if one.get("handle") == shape["handle"]] or [{}]
        options = mine.get("options", {}) if mine.get("kind") == "netem" else {}
        differing = difference(shape["expected"], options)
        if differing:
            raise ShapeError(f"{shape['device']}: the kernel differs from the profile in {differing}")


def difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """What differs between two nested dictionaries of numbers, or ""; keys that are not expected must be absent."""
    if set(expected) != set(found):
        return f"{sorted(expected)} expected, {sorted(found)} found"
    for key, value in expected.items():
        other = found[key]
        if isinstance(value, dict) and isinstance(other, dict):
            inner = difference(value, other)
            if inner:
                return f"{key}: {inner}"
        elif not is_same(key, value, other):
            return f"{key}: {value} expected, {other} found"
    return ""


def is_same(key: str, expected: object, found: object) -> bool:
    """Whether the kernel has taken a number: counts exactly, shares and times as exactly as tc prints them."""
    if not isinstance(expected, float) or not isinstance(found, int | float):
        return expected == found
    tolerance = TIME_TOLERANCE_S if key in TIMES else RELATIVE_TOLERANCE * abs(expected) + SHARE_TOLERANCE
    return abs(expected - found) <= tolerance
