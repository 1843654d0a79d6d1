"""Captures that are compressed, or come through a pipe, are measured as others are; what was lost of them is told."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from testbed.cli.main import USERS_FAULT, main
from testbed.measure import CaptureError, measure_capture, read_capture
from testbed.measure.capture import capture_bytes
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

A, B = ("192.0.2.10", 40000), ("198.51.100.20", 50000)
COUNT = 500


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    made = [Frame(START_NS + n * 20 * MS, frames.udp(A, B, frames.rtp(n))) for n in range(COUNT)]
    return frames.write_pcap(tmp_path / "a.pcap", made)


def zipped(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_gzip_gives_the_same(plain: Path, tmp_path: Path) -> None:
    whole = plain.read_bytes()
    for name, content in (
        ("one", gzip.compress(whole)),
        ("members", gzip.compress(whole[:1000]) + gzip.compress(whole[1000:])),
        ("padded", gzip.compress(whole) + bytes(512)),
    ):
        assert measure_capture(zipped(tmp_path / name, content)) == measure_capture(plain), name


def packets_and_warning(path: Path) -> tuple[int, str]:
    capture = read_capture(path)
    return len(capture), capture.warnings[0]


def test_of_damaged_gzip_what_was_there_is_measured(plain: Path, tmp_path: Path) -> None:
    good = gzip.compress(plain.read_bytes())
    packets, warning = packets_and_warning(zipped(tmp_path / "cut", good[: len(good) // 2]))
    assert 0 < packets < COUNT
    assert warning == f"compressed with gzip, and cut off at byte {len(good) // 2}: what was there was unpacked"
    flipped = bytearray(good)
    flipped[-6] ^= 1
    packets, warning = packets_and_warning(zipped(tmp_path / "flipped", bytes(flipped)))
    assert packets == COUNT, "what was unpacked before the checksum failed is there"
    assert "damaged after byte 0 (Error -3 while decompressing data: incorrect data check)" in warning
    packets, warning = packets_and_warning(zipped(tmp_path / "longer", good + b"more"))
    assert (packets, warning) == (COUNT, "compressed with gzip: 4 bytes behind it were left out")


def test_what_unpacks_without_end_ends(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_bytes, "LARGEST", 100_000)
    bomb = gzip.compress(plain.read_bytes() + bytes(1 << 24))
    _, warning = packets_and_warning(zipped(tmp_path / "bomb", bomb))
    assert warning == "compressed with gzip: more than 100000 bytes; what follows was left out"


def test_other_compressions_are_refused_by_name(plain: Path, tmp_path: Path) -> None:
    whole = plain.read_bytes()
    for content, what in (
        (bz2.compress(whole), "bunzip2"),
        (lzma.compress(whole), "unxz"),
        (b"\x28\xb5\x2f\xfd", "unzstd"),
    ):
        with pytest.raises(CaptureError, match=f"is compressed with .*{what}"):
            read_capture(zipped(tmp_path / "x", content))


def test_a_pipe_is_read_to_its_end(plain: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(gzip.compress(plain.read_bytes())))
    writer.start()
    assert measure_capture(pipe) == measure_capture(plain)
    writer.join()


def measured(*arguments: str, content: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", "from testbed.cli import main; main()", "measure", *arguments],
        check=False,
        capture_output=True,
        input=content,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_standard_input_is_a_dash(plain: Path) -> None:
    status, out, said = measured("-", "--json", content=plain.read_bytes())
    assert (status, json.loads(out), said) == (0, measure_capture(plain), "")
    assert measured("-") == (
        2,
        "",
        "error: -: is empty (0 bytes): nothing was captured, or the capture never started\n",
    )


def test_every_capture_in_a_folder_is_measured(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    zipped(folder / "b.pcap.gz", gzip.compress(plain.read_bytes()))
    (folder / "c.pcap").write_bytes(plain.read_bytes())
    (folder / "README").write_text("what these are")
    os.mkfifo(folder / "pipe")
    main(["measure", str(folder), "--json"])
    result = json.loads(capsys.readouterr().out)
    alone: dict[str, Any] = measure_capture(plain)
    assert result == [
        {"file": str(folder / "b.pcap.gz"), **alone},
        {"file": str(folder / "c.pcap"), **alone},
        {"file": str(folder / "README"), "left_out": "is no capture"},
    ]


def test_one_that_cannot_be_read_keeps_nobody_from_the_others(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "a.pcap").write_bytes(plain.read_bytes()[:20])
    (folder / "b.pcap").write_bytes(plain.read_bytes())
    with pytest.raises(SystemExit) as end:
        main(["measure", str(folder)])
    out = capsys.readouterr().out
    assert end.value.code == USERS_FAULT
    assert f"error: {folder}/a.pcap: ends inside the pcap file header (20 of 24 bytes)" in " ".join(out.split())
    assert "198.51.100.20:50000" in out
