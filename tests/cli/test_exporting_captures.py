"""`testbed export` of captures: streams, packets, SIP messages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import polars
import pytest

from testbed.cli.main import main
from testbed.measure.tables.columns_captures import OF_CAPTURES
from tests.documented import DOCS, OF, columns
from tests.measure import frames, synthetic
from tests.measure.bare import A, B, Bare
from tests.measure.sip_text import request, with_body

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    bare = Bare()
    bare.call(bye_ms=3000)
    bare.rtp(range(65530, 65530 + 50), 100, stamp=2**32 - 160)
    bare.rtp(range(52, 60), 2000, stamp=51 * 160)
    bare.rtp(range(65530, 65533), 2500, ssrc=7)
    made = sorted(bare.frames, key=lambda one: one.time_ns)
    (tmp_path / "captures").mkdir()
    return frames.write_pcap(tmp_path / "captures" / "call.pcap", made)


def export(*argv: object) -> int:
    try:
        main(["export", *map(str, argv)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def table(out: Path, *argv: object) -> list[dict[str, Any]]:
    assert export(*argv, "--out", out) == 0
    return polars.read_parquet(out).to_dicts()


def test_streams_are_as_measured(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = table(tmp_path / "out.parquet", capture)
    assert capsys.readouterr().out == f"{tmp_path / 'out.parquet'}: 2 rows of 1 capture\n"
    names = ("capture", "stream", "ssrc", "codec", "packets", "lost", "first_s", "dialogs", "call_ids", "interface")
    assert [first[name] for name in names] == [
        str(capture), 0, "0x11223344", "PCMU", 58, 8, 0.1, "1", "one", None,
    ]  # fmt: skip
    assert (second["stream"], second["ssrc"]) == (1, "0x00000007")


def test_packets_have_their_frames_and_numbers_without_wrap(capture: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "out.parquet", capture, "--table", "packets", "--to", "2.2")
    assert len(rows) == 58
    assert [rows[6][name] for name in ("frame", "at_s", "sequence", "rtp_timestamp", "duplicate")] == [
        11, 0.22, 0, 800, False,
    ]  # fmt: skip
    assert [one["extended_sequence"] - rows[0]["extended_sequence"] for one in rows] == [*range(50), *range(58, 66)]


def test_messages_are_in_order(capture: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "out.parquet", capture.parent, "--table", "messages", "--call-id", "one")
    assert [(one["frame"], one["method"], one["status"]) for one in rows] == [
        (1, "INVITE", None), (2, "INVITE", 180), (3, "INVITE", 200), (4, "ACK", None), (66, "BYE", None),
        (67, "BYE", 200),
    ]  # fmt: skip
    assert (rows[0]["from_uri"], rows[0]["sdp_direction"], rows[1]["sdp_direction"]) == (
        "sip:mn@example.net", "sendrecv", None,
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("name", OF_CAPTURES)
def test_the_same_capture_gives_the_same_bytes_with_the_documented_columns(
    capture: Path, tmp_path: Path, name: str, suffix: str
) -> None:
    outs = [tmp_path / f"{number}{suffix}" for number in (1, 2)]
    for out in outs:
        assert export(capture, "--table", name, "--out", out) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    read = polars.read_csv(outs[0]) if suffix == ".csv" else polars.read_parquet(outs[0])
    assert read.columns == [column.name for column in OF_CAPTURES[name].columns]
    assert columns(OF_CAPTURES[name], OF) in (DOCS / "results.md").read_text(), "python -m tests.documented"


def test_a_capture_without_anything_has_columns_and_no_rows(tmp_path: Path) -> None:
    empty = frames.write_pcap(tmp_path / "empty.pcap", [])
    for name in OF_CAPTURES:
        assert table(tmp_path / "out.parquet", empty, "--table", name) == []


def test_a_name_that_is_no_text_is_written_out(capture: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(capture.parent) + b"/\xff.pcap")
    capture.rename(odd)
    assert [one["capture"] for one in table(tmp_path / "out.parquet", odd)] == [f"{capture.parent}/\\udcff.pcap"] * 2


def test_a_damaged_capture_gives_what_is_whole_and_says_so(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture.write_bytes(capture.read_bytes()[:-7])
    assert len(table(tmp_path / "out.parquet", capture, "--table", "messages")) == 5
    assert capsys.readouterr().err.startswith(f"warning: {capture}: cut off in packet 67")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--table", "runs"),
            "captures have no table runs; possible are: streams, over_time, packets, keys, m",
        ),
        (("--call-id", "gone"), "no SIP message with Call-ID gone; there is one"),
        (("--from", "100"), "nothing is in the time asked for: the capture lasts 3.005 s"),
    ],
)
def test_what_cannot_be_had_is_one_line(
    capture: Path, tmp_path: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(capture, "--out", tmp_path / "out.csv", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_runs_and_captures_do_not_go_into_one_table(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = synthetic.handover_cn_run().write(tmp_path / "run")
    assert export(capture, run, "--out", tmp_path / "out.csv") == 2
    assert f"{run} is no capture: runs and captures have different tables." in capsys.readouterr().err
    assert export(run, "--table", "streams", "--out", tmp_path / "out.csv") == 2


def test_windows_of_streams_are_as_measured(capture: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "out.parquet", capture, "--table", "over_time")
    names = ("stream", "from_s", "to_s", "packets", "lost", "mos")
    assert [tuple(one[name] for name in names) for one in rows] == [
        (0, 0, 1, 45, 0, 4.36), (0, 1, 2, 5, 8, 1.0), (0, 2, 3, 8, 0, 1.13), (1, 2, 3, 3, 0, 4.36),
    ]  # fmt: skip


def test_keys_of_streams_and_of_info(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=("a=rtpmap:101 telephone-event/8000",))
    bare.press(100, 1, 800, 7)
    body = request("INFO", "one", 2, branch="z9", from_tag="a", to_tag="b", extra="c: application/dtmf\r\n")
    bare.send(900, (A[0], 5060), (B[0], 5060), with_body(body, b"#"))
    pressed = frames.write_pcap(tmp_path / "keys.pcap", bare.frames)
    names = ("stream", "dialog", "by", "digit", "at_s", "duration_ms")
    rows = table(tmp_path / "out.parquet", pressed, "--table", "keys")
    assert [tuple(one[name] for name in names) for one in rows] == [
        (0, None, "192.0.2.10:40000", "7", 0.1, 80), (None, 1, "caller", "#", 0.9, None),
    ]  # fmt: skip
