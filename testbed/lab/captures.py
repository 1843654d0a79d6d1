"""Captures: one process for all interfaces, nanosecond stamps, and the kernel's word on what was dropped."""

import json
import os
import selectors
import signal
import time
from pathlib import Path
from typing import TextIO

from testbed.lab.network import Interface
from testbed.lab.packet_ring import RETIRE_MS, Ring
from testbed.lab.spaces import Spaces

STOP_LIMIT_S = 60.0
# What is in a block that the kernel has not handed over yet would be lost, and nobody would count it.
FLUSH_S = 1.5 * RETIRE_MS / 1000
# Agents come first: what they do is measured, and packets wait in their rings.
NICE = 19


class CapturingError(Exception):
    """A capture could not be started."""


class Captures:
    """All captures of a run."""

    def __init__(self, net: Spaces, interfaces: list[Interface], folder: Path, monitors: tuple[str, ...] = ()) -> None:
        """Starts them, also on `monitors`, interfaces of no node; all have begun. Raises CapturingError."""
        folder.mkdir(parents=True, exist_ok=True)
        nodes = {interface.name: net[interface.node] for interface in interfaces}
        self._names = [*nodes, *monitors]
        rings = []
        for name in self._names:
            try:
                rings.append(Ring(name, nodes.get(name), folder / f"{name}.pcap"))
            except OSError as error:
                raise CapturingError(f"no capture on {name}: {error.strerror}") from error
        out_read, out_write = os.pipe()
        in_read, in_write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(in_write)
            become_capturer(rings, in_read, out_write)
        os.close(in_read)
        os.close(out_write)
        self._told, self._until = os.fdopen(out_read), in_write
        for ring in rings:
            ring.leave()
        self.crcs: dict[str, int] = {}
        """Once they have ended: what the file of each that is whole should have as its CRC-32, by the file's name."""

    def fileno(self) -> int:
        """Readable before they are stopped only when one of them has ended early."""
        return self._told.fileno()

    def stop(self) -> tuple[list[str], list[str]]:
        """Ends them; returns what failed (captures that are not whole) and warnings (one that dropped packets)."""
        time.sleep(FLUSH_S)
        os.close(self._until)
        with self._told as told:
            ends = {line["name"]: line for line in map(json.loads, told)}
        os.waitpid(self._pid, 0)
        early: dict[str, list[str]] = {}
        warnings = []
        for name in self._names:
            end = ends.get(name, {"error": "its process died"})
            if end["error"]:
                early.setdefault(end["error"], []).append(name)
                continue
            self.crcs[f"{name}.pcap"] = end["crc"]
            if end["dropped"]:
                warnings.append(f"the capture on {name} dropped {end['dropped']} packets")
        return [f"the capture on {', '.join(names)} ended early: {error}" for error, names in early.items()], warnings


def become_capturer(rings: list[Ring], until: int, tell: int) -> None:
    """In the child: captures until the input ends, then says how each capture ended. Never returns."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the lab has the last word
        os.nice(NICE)
        with os.fdopen(tell, "w") as told:
            capture(rings, until, told)
        status = 0
    finally:
        os._exit(status)


def capture(rings: list[Ring], until: int, told: TextIO) -> None:
    """Fills the files until `until` ends; tells for each ring its name, what it dropped, and what went wrong.

    One with which something goes wrong is told of at once, and again with the others.
    """

    def tell(ring: Ring, error: str, dropped: int = 0) -> None:
        told.write(json.dumps({"name": ring.name, "dropped": dropped, "error": error, "crc": ring.crc}) + "\n")
        told.flush()

    errors: dict[str, str] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(until, selectors.EVENT_READ, None)
        for ring in rings:
            selector.register(ring, selectors.EVENT_READ, ring)
        is_over = False
        while not is_over:
            for key, _ in selector.select():
                if key.data is None:
                    is_over = True
                elif error := key.data.try_to_fill_file():
                    errors[key.data.name] = error
                    selector.unregister(key.data)
                    tell(key.data, error)
    for ring in rings:
        error = errors.get(ring.name) or ring.try_to_fill_file()
        tell(ring, error, ring.close())
