"""The same plan and seed give the same bytes, whatever else the machine does; another seed gives others."""

import asyncio
import hashlib
import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed.engine.cache import cache_folder
from testbed.engine.guest.recipes import PLAIN
from testbed.engine.vm.image import root_image
from testbed.engine.vm.snapshot import booted

from .command import DATA, call, run_scenario

SHORT = DATA / "short.yaml"
BUSY_LIMIT_S = 300.0


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every capture and of the result."""
    files = [*sorted((folder / "captures").iterdir()), folder / "result.json"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def spin(until: float) -> None:
    """Keeps a processor busy."""
    while time.monotonic() < until:
        pass


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two processes that compute, for as long as it takes and not longer than five minutes."""
    until = time.monotonic() + BUSY_LIMIT_S
    loops = [multiprocessing.Process(target=spin, args=(until,)) for _ in range(2)]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.join()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a machine with little else to do."""
    folder = tmp_path_factory.mktemp("first") / "run"
    run_scenario(SHORT, folder, "--engine", "vm")
    return folder


async def copy_of_the_cache(folder: Path) -> dict[str, str]:
    """The environment of a command that has image and booted guest in a cache of its own, and nothing else."""
    boot = await booted(await root_image(PLAIN, print), print)
    for name in (f"root-{PLAIN.digest()[:12]}", boot.name):
        shutil.copytree(cache_folder() / name, folder / name)
    return {**os.environ, "TESTBED_CACHE": str(folder)}


def test_runs_on_a_busy_machine_give_the_same_bytes(first: Path, tmp_path: Path) -> None:
    """The emulator's threads are interrupted at every possible moment: more of them than there are processors.

    And so are those of the one that makes the guest ready anew for the last of the runs.
    """
    folders = [tmp_path / f"{number}" for number in range(3)]
    env = asyncio.run(copy_of_the_cache(tmp_path / "cache"))
    with busy_machine(), ThreadPoolExecutor(max_workers=len(folders)) as pool:
        others = pool.map(lambda folder: run_scenario(SHORT, folder, "--engine", "vm"), folders[:-1])
        anew = call("run", SHORT, "--engine", "vm", "--no-page", "--out", folders[-1], env=env)
        list(others)
    assert "building the network multihomed" in anew.stderr
    assert anew.returncode == 0, anew.stderr
    assert len(digests(first)) == 13
    for folder in folders:
        assert digests(folder) == digests(first)


def test_another_seed_gives_other_bytes(first: Path, tmp_path: Path) -> None:
    run_scenario(SHORT, tmp_path / "other", "--seed", "2", "--engine", "vm")
    assert digests(tmp_path / "other")["mn-wifi.pcap"] != digests(first)["mn-wifi.pcap"]


def test_verify_agrees(first: Path) -> None:
    done = call("verify", first)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the same: 12 captures and result.json, byte for byte\n"


def test_verify_names_the_first_packet_that_differs(first: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(first, folder)
    capture = folder / "captures" / "cn-eth0.pcap"
    data = bytearray(capture.read_bytes())
    data[24 + 16 + 30] ^= 0xFF  # a byte in the first packet: behind the file's and the packet's header
    capture.write_bytes(data)
    done = call("verify", folder)
    assert done.returncode == 1
    assert "captures/cn-eth0.pcap, packet 1 at 17672256" in done.stdout


def test_a_manifest_names_everything_that_decides_the_bytes(first: Path) -> None:
    manifest = json.loads((first / "manifest.json").read_text())
    assert manifest["reproducible"] is True
    identity = manifest["engine_identity"]
    assert all(len(identity[f"{part}_sha256"]) == 64 for part in ("image", "kernel", "initramfs", "guest_code"))
    assert identity["emulator"].startswith("QEMU")
    assert manifest["scenario"]["text"] == SHORT.read_text()
