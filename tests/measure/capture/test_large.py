"""Large files are read in pieces: wherever they are cut, the result is the same; hostile ones end soon, in little."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.measure import measure_capture
from testbed.measure.capture import capture, pcap, pcapng
from testbed.measure.capture.capture import Columns, release, windows
from testbed.measure.capture.capture_bytes import load
from testbed.measure.capture.record_chain import ALIKE, LONG_RUN, Layout, Stop, walk
from testbed.measure.wire import grouping, packets
from testbed.measure.wire.grouping import group_rows
from tests.measure import frames
from tests.measure.frames import Frame
from tests.measure.result.test_tshark import noisy_call

from .damage import ETHERNET, SAMPLES, some_frames

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is taken in pieces is taken in pieces of a few packets."""
    for module, name, size in (
        (pcap, "WINDOW", 3),
        (pcapng, "WINDOW", 3),
        (packets, "CHUNK", 5),
        (grouping, "_CHUNK", 7),
        (capture, "_WINDOW", 4096),
        (capture, "_LARGE", 0),
    ):
        monkeypatch.setattr(module, name, size)


EXPECTED: dict[str, dict[str, Any]] = {}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The samples, and a longer call with losses, and what each gives when it is read at once."""
    folder = tmp_path_factory.mktemp("files")
    found = {kind: folder / kind for kind in SAMPLES}
    for kind, path in found.items():
        path.write_bytes(SAMPLES[kind])
    call = noisy_call(5, loss=0.05, jitter_ms=30)
    found["call"] = frames.write_pcap(folder / "call", call)
    found["call-ng"] = frames.write_pcapng(folder / "call-ng", ["a"], [*call, *some_frames(ETHERNET)[:1]])
    EXPECTED.update({name: measure_capture(path) for name, path in found.items()})
    return found


@pytest.mark.parametrize("name", [*SAMPLES, "call", "call-ng"])
@pytest.mark.usefixtures("small_pieces")
def test_in_small_pieces_the_result_is_the_same(name: str, files: dict[str, Path]) -> None:
    assert measure_capture(files[name]) == EXPECTED[name]


LAYOUT = Layout(order="<", length_at=0, key_at=0, overhead=8, header=8, smallest=0, largest=1000, stop_word=None)
RUNS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1, 2, ALIKE, ALIKE + 2, LONG_RUN, 300])), max_size=12)


@given(RUNS, st.integers(1, 400), st.integers(0, 20))
@settings(deadline=None)
def test_a_chain_is_walked_record_by_record_or_in_leaps_or_with_pauses(
    runs: list[tuple[int, int]], most: int, cut: int
) -> None:
    sizes = [size for size, count in runs for _ in range(count)]
    content = b"".join(struct.pack("<II", size, 7) + bytes(size) for size in sizes)
    content = content[: max(len(content) - cut, 0)]
    wanted, at = [], 0
    for size in sizes:
        if at + 8 + size <= len(content):
            wanted.append(at)
        at += 8 + size
    data = np.frombuffer(content, dtype=np.uint8)
    found: list[int] = []
    position, stop = 0, Stop.PAUSE
    while stop is Stop.PAUSE:
        part = walk(data, position, LAYOUT, most)
        found += part.offsets.tolist()
        position, stop = part.position, part.stop
    assert found == wanted
    assert stop is (Stop.END if position == len(content) else Stop.CUT)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40), st.integers(1, 9))
def test_groups_are_numbered_by_their_first_rows_in_any_chunks(rows: list[tuple[int, int]], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "_CHUNK", chunk)
        columns = np.array(rows, dtype=np.int64).reshape(-1, 2).T
        ids, firsts = group_rows(*columns)
    keys = list(dict.fromkeys(rows))
    assert ids.tolist() == [keys.index(row) for row in rows]
    assert firsts.tolist() == [rows.index(key) for key in keys]


def test_columns_keep_what_was_added() -> None:
    columns = Columns({"a": np.int32, "b": np.bool_})
    for start in range(0, 1000, 100):
        columns.add(a=np.arange(start, start + 100), b=np.ones(100, dtype=np.bool_))
    taken = columns.take()
    assert taken["a"].tolist() == list(range(1000))
    assert taken["a"].dtype == np.int32
    assert taken["b"].all()


@pytest.mark.usefixtures("small_pieces")
def test_what_was_let_go_of_can_be_read_again_and_takes_no_memory(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "a").write_bytes(content)
    data = load(tmp_path / "a")

    def resident() -> int:
        with open("/proc/self/smaps", encoding="utf-8") as maps:  # noqa: PTH123 - no file of ours
            lines = iter(maps.read().partition(str(tmp_path / "a"))[2].splitlines())
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))

    assert data.tobytes() == content
    assert resident() == len(content) // 1024
    release(data, 0, len(data))
    assert resident() == 0
    places = np.arange(0, len(content), 1000)
    assert np.concatenate([data[places[some]] for some in windows(data, places)]).tolist() == list(content[::1000])
    assert resident() <= 64


# -- hostile files -----------------------------------------------------------------------------------------------------


def changed(kind: str, at: int, value: bytes) -> bytes:
    content = SAMPLES[kind]
    return content[:at] + value + content[at + len(value) :]


PACKET = some_frames(ETHERNET)[-1].data
SECOND = 24 + 16 + len(some_frames(ETHERNET)[0].data)
HUGE = b"\xff\xff\xff\xff"
ONE = frames.enhanced(Frame(1, PACKET))
PIECES = [frames.section(), frames.interface("a"), ONE]

REFUSED = {
    "nothing in it": (b"", "is empty"),
    "another magic": (b"\xde\xad\xbe\xef" * 99, "is not a pcap or pcapng file"),
    "cut in the file's header": (SAMPLES["pcap"][:20], "ends inside the pcap file header"),
    "a first packet of 4 GB": (changed("pcap", 24 + 8, HUGE), "the first packet says it is 4294967295 bytes long"),
    "a section of 4 GB": (changed("pcapng", 4, HUGE), "the section header at byte 0 says it is 4294967295"),
    "a first block of 4 GB": (changed("pcapng", 28 + 4, b"\xfc\xff\xff\xff"), "impossible block length"),
    "sections without end": (frames.section() * 50_000, "more than 10000 sections"),
    "noise": (np.random.default_rng(1).bytes(1_000_000), "is not a pcap or pcapng file"),
}
PARTIAL = {
    "cut in a packet": (SAMPLES["pcap"][:-5], "cut off in packet"),
    "cut in a block": (b"".join(PIECES * 1 + [ONE[:-6]]), "cut off at byte"),
    "a second packet of 4 GB": (changed("pcap", SECOND + 8, HUGE), "damaged at packet 2"),
    "noise after a good packet": (SAMPLES["pcap"][:SECOND] + HUGE * 100_000, "damaged at packet 2"),
    "times that cannot be": (
        b"".join([*PIECES[:2], *(frames.enhanced(Frame(0, PACKET), ticks=2**64 - 1 - n) for n in range(9))]),
        "9 packets without a usable time",
    ),
    "interfaces that are not there": (
        b"".join([*PIECES, *(frames.enhanced(Frame(1, PACKET, interface=n)) for n in (1, 2**31, 2**32 - 1))]),
        "3 packets of an unknown interface",
    ),
}
WHOLE = {
    "a snapshot length of 4 GB": changed("pcap", 16, HUGE),
    "many interfaces": b"".join(
        [PIECES[0], *(frames.interface(f"{n}", resolution=n % 256, offset_s=n) for n in range(20_000)), ONE * 999]
    ),
    "many options": b"".join(
        [PIECES[0], frames.block(1, struct.pack("<HHI", 1, 0, 0) + frames.option(2, bytes(60_000)) * 200), ONE]
    ),
    "packets of 0 bytes": SAMPLES["pcap"][:24] + bytes(16) * 500_000,
    "lengths in turns": SAMPLES["pcap"][:24]
    + b"".join(struct.pack("<IIII", 1, 1, size, size) + bytes(size) for size in (0, 1)) * 200_000,
}


def measured_with_little(path: Path, content: bytes) -> tuple[int, str, list[str]]:
    """Exit status, standard output and lines of standard error of `testbed measure` with 1 GB of address space.

    And a minute of processor time: what ends soon does so on a busy machine too.
    """
    path.write_bytes(content)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    done = subprocess.run(
        [sys.executable, "-c", "from testbed.cli import main; main()", "measure", str(path), "--json"],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_capture_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    content, why = REFUSED[name]
    status, out, (line,) = measured_with_little(tmp_path / "x", content)
    assert (status, out) == (2, "")
    assert line.startswith(f"error: {tmp_path / 'x'}: ")
    assert why in line


@pytest.mark.parametrize("name", PARTIAL)
def test_what_is_damaged_further_on_gives_what_is_before_and_says_so(name: str, tmp_path: Path) -> None:
    content, why = PARTIAL[name]
    status, out, said = measured_with_little(tmp_path / "x", content)
    assert (status, said) == (0, [])
    assert why in out.partition('"warnings"')[2]


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_only_strange_is_measured(name: str, tmp_path: Path) -> None:
    status, out, said = measured_with_little(tmp_path / "x", WHOLE[name])
    assert (status, said) == (0, [])
    assert out.endswith('"warnings": []\n}\n')
