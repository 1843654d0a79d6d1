"""run.pcapng: what Wireshark sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import CAPTURES, read_names
from testbed.report.one_run.run_capture import comment, write_run_capture
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.result import tshark

if TYPE_CHECKING:
    from pathlib import Path

ENDS = (("10.0.0.1", 5), ("10.0.0.2", 6))


def event(at_ms: float, source: str, name: str, **details: object) -> dict[str, object]:
    time_ns = START_NS + round(at_ms * MS)
    return {"time_ns": time_ns, "t_s": at_ms / 1000, "source": source, "event": name, **details}


def captures(folder: Path, times_ms: dict[str, list[float]]) -> RunCaptures:
    (folder / CAPTURES).mkdir()
    for name, times in times_ms.items():
        packets = [Frame(START_NS + round(at * MS), frames.udp(*ENDS, f"{name} {at}".encode())) for at in times]
        frames.write_pcap(folder / CAPTURES / f"{name}.pcap", packets)
    return RunCaptures(folder)


def fields(path: Path, *names: str) -> list[list[str]]:
    """Return these fields of every packet, as tshark sees them."""
    wanted = [part for name in names for part in ("-e", name)]
    text = tshark.run("tshark", "-r", str(path), "-T", "fields", "-E", "aggregator=|", *wanted)
    return [line.split("\t") for line in text.splitlines()]


def test_interfaces_are_merged_in_order_of_time_with_their_names(tmp_path: Path) -> None:
    out = tmp_path / "run.pcapng"
    files = captures(tmp_path, {"mn-wifi": [0, 2.000001, 5], "mn-umts": [5, 6], "cn-eth0": [1, 5]})
    assert write_run_capture(files, [], out) == ()
    assert fields(out, "frame.interface_name", "frame.interface_description", "frame.time_epoch") == [
        ["mn-wifi", "node mn, link wifi", "1767225600.000000000"],
        ["cn-eth0", "node cn, link eth0", "1767225600.001000000"],
        ["mn-wifi", "node mn, link wifi", "1767225600.002000001"],
        ["cn-eth0", "node cn, link eth0", "1767225600.005000000"],
        ["mn-umts", "node mn, link umts", "1767225600.005000000"],
        ["mn-wifi", "node mn, link wifi", "1767225600.005000000"],
        ["mn-umts", "node mn, link umts", "1767225600.006000000"],
    ]
    text = tshark.run("capinfos", "-I", "-t", "-c", str(out))
    assert "Number of packets:   7" in text
    assert text.count("Time precision = nanoseconds (9)") == 3


def test_events_stand_at_the_next_packet_of_their_node(tmp_path: Path) -> None:
    out = tmp_path / "run.pcapng"
    files = captures(tmp_path, {"core-eth0": [0, 1.5, 9], "mn-wifi": [1, 3], "mn-umts": [4], "cn-eth0": [2, 5]})
    write_run_capture(
        files,
        [
            event(2.5, "cn", "duplicating", to="umts"),
            event(1.2, "mn", "trigger", kind="signal", link="wifi"),
            event(1.3, "lab", "signal", dbm=-87.5),
            event(3, "mn", "exactly then"),
            event(8, "mn", "after the last of its node"),
        ],
        out,
    )
    assert [row for row in fields(out, "frame.number", "frame.interface_name", "frame.comment") if row[2]] == [
        [
            "5",
            "mn-wifi",
            "t=0.001200 s mn: trigger kind=signal link=wifi|t=0.001300 s lab: signal dbm=-87.5|"
            "t=0.003000 s mn: exactly then",
        ],
        ["7", "cn-eth0", "t=0.002500 s cn: duplicating to=umts"],
        ["8", "core-eth0", "t=0.008000 s mn: after the last of its node"],
    ]


def test_events_of_a_node_without_packets_stand_at_any(tmp_path: Path) -> None:
    out = tmp_path / "run.pcapng"
    write_run_capture(captures(tmp_path, {"r1-eth0": [0, 2]}), [event(1, "mn", "x")], out)
    assert fields(out, "frame.comment") == [[""], ["t=0.001000 s mn: x"]]


def test_comments_are_one_line_of_limited_length() -> None:
    assert comment({"time_ns": 1, "source": "mn", "event": "x", "why": "y"}) == "mn: x why=y"
    assert len(comment(event(0, "mn", "x", text="y" * 100_000))) == 2000


def test_the_same_run_gives_the_same_bytes_and_the_reader_gets_them_back(tmp_path: Path) -> None:
    one = synthetic.handover_cn_run().write(tmp_path / "one")
    two = synthetic.handover_cn_run().write(tmp_path / "two")
    assert (one / "run.pcapng").read_bytes() == (two / "run.pcapng").read_bytes()
    merged = read_capture(one / "run.pcapng")
    assert merged.warnings == ()
    assert (merged.time_ns[1:] >= merged.time_ns[:-1]).all()
    for number, interface in enumerate(merged.interfaces):
        part = read_capture(one / "captures" / f"{interface.name}.pcap")
        rows = (merged.interface == number).nonzero()[0]
        assert merged.time_ns[rows].tolist() == part.time_ns.tolist()
        assert [merged.packet(row) for row in rows[:50]] == [part.packet(row) for row in range(min(50, len(part)))]


def test_addresses_have_names_in_wireshark(tmp_path: Path) -> None:
    folder, out = synthetic.handover_cn_run().write(tmp_path / "run"), tmp_path / "named.pcapng"
    names = {**read_names(folder), "2001:db8::1": "a-router", "no address": "nobody"}
    write_run_capture(RunCaptures(folder), [], out, names=names)
    text = tshark.run(
        "tshark", "-r", str(out), "-N", "n", "-Y", "udp", "-T", "fields", "-e", "ip.src_host", "-e", "ip.dst_host"
    )
    assert {*text.splitlines()} == {"mn-wifi\tcn", "mn-umts\tcn", "cn\tmn-wifi", "cn\tmn-umts"}
    counts = tshark.run("capinfos", "-n", "-I", str(out))
    assert "Number of resolved IPv4 addresses in file: 3" in counts
    assert "Number of resolved IPv6 addresses in file: 1" in counts
    merged, plain = read_capture(out), read_capture(folder / "run.pcapng")
    assert merged.warnings == ()
    assert merged.time_ns.tolist() == plain.time_ns.tolist()
    assert [merged.packet(row) for row in range(50)] == [plain.packet(row) for row in range(50)]


def test_the_file_says_which_run_it_is_and_when_scenario_time_begins(tmp_path: Path) -> None:
    out = tmp_path / "run.pcapng"
    files = captures(tmp_path, {"mn-wifi": [250.5, 300]})
    write_run_capture(files, [event(400, "mn", "later"), event(100, "mn", "near")], out, title="a run, seed 1")
    comments = tshark.run("capinfos", "-k", str(out))
    assert "a run, seed 1" in comments
    assert "scenario time (t in the packet comments) is the relative time +0.250500 s" in comments


def test_snapped_packets_keep_their_length_on_the_wire(tmp_path: Path) -> None:
    files = captures(tmp_path, {})
    frames.write_pcap(tmp_path / CAPTURES / "a.pcap", [Frame(START_NS, b"x" * 61, wire=1500)])
    write_run_capture(files, [], tmp_path / "run.pcapng")
    assert fields(tmp_path / "run.pcapng", "frame.cap_len", "frame.len") == [["61", "1500"]]


def test_captures_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    files = captures(tmp_path, {"mn-wifi": [0, 1], "cn-eth0": [0, 1]})
    path = tmp_path / CAPTURES / "cn-eth0.pcap"
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / CAPTURES / "x.pcap").write_bytes(b"")
    frames.write_pcapng(tmp_path / CAPTURES / "y.pcap", ["a", "b"], [])
    warnings = write_run_capture(files, [event(0, "mn", "x")], tmp_path / "run.pcapng")
    assert warnings[0].startswith("capture cn-eth0: cut off in packet 2")
    assert warnings[1].startswith("capture x: is empty")
    assert warnings[2].startswith("capture y: holds several interfaces")
    assert len(fields(tmp_path / "run.pcapng", "frame.number")) == 3


def test_a_run_without_packets_is_an_empty_capture(tmp_path: Path) -> None:
    write_run_capture(captures(tmp_path, {"mn-wifi": []}), [event(0, "mn", "x")], tmp_path / "run.pcapng")
    assert fields(tmp_path / "run.pcapng", "frame.number") == []
    write_run_capture(RunCaptures(tmp_path / "nothing"), [], tmp_path / "none.pcapng")
    assert len(read_capture(tmp_path / "none.pcapng")) == 0


def test_the_handover_invite_is_found_by_wireshark_on_the_new_link(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    text = tshark.run(
        "tshark", "-r", str(folder / "run.pcapng"), "-Y", 'sip.Method == "INVITE" && frame.interface_name == "mn-umts"',
        "-T", "fields", "-e", "frame.time_epoch", "-e", "sip.Call-ID",
    )  # fmt: skip
    assert text.split() == ["1767225606.004000000", "b@mn"]
