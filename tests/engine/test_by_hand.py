"""A user at the prompt of a lab in wall-clock time: keys, Ctrl-C, a link taken away by hand, captures as they come."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from scapy.utils import PcapNgReader, RawPcapReader

from .command import TESTBED, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# By the wall clock, beside other tests.
LIMIT_S = 200.0
CTRL_C = b"\x03"


class Typist:
    """Somebody at a terminal who waits for what it shows, and types."""

    def __init__(self, *words: object) -> None:
        own, terminal = pty.openpty()
        self._own = own
        self.shown = ""
        self.process = subprocess.Popen(
            [str(TESTBED), *map(str, words)], stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)

    def wait_for(self, pattern: str) -> None:
        """Until what is shown since the last time has it."""
        limit, shown = time.monotonic() + LIMIT_S, ""
        while not re.search(pattern, shown, re.DOTALL):
            assert select.select([self._own], [], [], max(0.0, limit - time.monotonic()))[0], f"no {pattern}: {shown!r}"
            shown += os.read(self._own, 65536).decode(errors="replace")
        self.shown += shown

    def type(self, keys: str | bytes) -> None:
        os.write(self._own, keys if isinstance(keys, bytes) else keys.encode() + b"\r")

    def close(self) -> None:
        """Whatever has become of it."""
        self.process.kill()
        self.process.wait()
        os.close(self._own)

    def end(self) -> int:
        """Reads what is shown to the end."""
        try:
            while data := os.read(self._own, 65536):
                self.shown += data.decode(errors="replace")
        except OSError:  # the terminal has no user any more
            pass
        return self.process.wait(LIMIT_S)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """What the terminal showed, the run folder, and what was streamed."""
    folder = tmp_path_factory.mktemp("by-hand")
    run, streamed = folder / "run", folder / "streamed.pcapng"
    user = Typist("shell", "--out", run, "--live", streamed)
    try:
        user.wait_for("testbed> ")
        user.type("mn ping cn")
        user.wait_for("icmp_seq=2 .*ms")
        user.type(CTRL_C)
        user.wait_for("testbed> ")
        user.type("link wifi dwn")
        user.wait_for("it is: link wifi.umts down.up.*testbed> ")
        user.type("signal wifi -70")
        user.wait_for("handover done umts")
        user.type("link wifi down")
        user.wait_for("testbed> ")
        user.type("mn ip -brief link show mn-wifi")
        user.wait_for("mn-wifi.* LOWERLAYERDOWN .*testbed> ")
        user.type("exit")
        assert user.end() == 0, user.shown
        yield user.shown, run, streamed
    finally:
        user.close()


def test_what_was_done_by_hand_is_what_befell_the_call(session: tuple[str, Path, Path]) -> None:
    shown, run, _ = session
    result = result_of(run)
    assert "Mininet's prompt in 'multihomed', in wall-clock time" in shown
    assert "2 packets transmitted" in shown or "3 packets transmitted" in shown
    assert (result["handover"]["old_path"], result["handover"]["new_path"]) == ("wifi", "umts")
    assert result["engine"] == "wall-clock-vm"
    assert result["reproducible"] is False


def test_packets_come_out_as_they_are_captured(session: tuple[str, Path, Path]) -> None:
    _, run, streamed = session
    come: dict[str, list[bytes]] = {}
    with PcapNgReader(str(streamed)) as packets:
        for packet in packets:
            come.setdefault(packet.sniffed_on, []).append(bytes(packet))
    captured = {path.stem: packets_of(path) for path in (run / "captures").iterdir()}
    assert sum(map(len, captured.values())) > 1000
    # Of several processors the stamps may be in another order than the packets.
    assert {name: sorted(one) for name, one in come.items()} == {name: one for name, one in captured.items() if one}


def packets_of(capture: Path) -> list[bytes]:
    """Sorted by their bytes."""
    with RawPcapReader(str(capture)) as packets:
        return sorted(data for data, _ in packets)
