"""ICE in the lab: Debian's rtpengine as the peer, what Wireshark reads of it, what a stranger gets."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import call, needs_uml, result_of
from .strangers import with_stranger
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml
HOME, MN, CN, STRANGER = "10.10.0.2", {"wifi": "10.1.0.2", "umts": "10.2.0.2"}, "10.20.0.2", "10.66.0.2"

#: Of RTP and RTCP as peers may learn of them (RFC 8445 5.1.2.1, 7.1.1).
RANKS = {(110 << 24) + (65535 << 8) + 256 - component for component in (1, 2)}


def made(folder: Path, *arguments: str, scenario: str = "wifi-to-umts") -> Path:
    done = call("run", scenario, "--scheme", "ice-restart", "--engine", "uml", "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("ice") / "run")


def told(folder: Path, event: str) -> list[dict[str, Any]]:
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    return [one for one in events if one["source"] == "mn" and one["event"] == event]


def first_s(capture: Path, wanted: str) -> float:
    return min(float(time) for (time,) in fields(capture, wanted, "frame.time_epoch"))


def test_the_call_goes_on_over_umts_and_nothing_is_lost(run: Path) -> None:
    result = result_of(run)
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["lost"], media["duplicates"]) == (0, 0), way
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=30)
    assert result["cost"]["tunnel_bytes_per_packet"] == 0
    assert result["warnings"] == []
    assert [one["address"] for one in told(run, "ice_selected")] == [MN["wifi"], MN["umts"]]
    assert told(run, "ice_refused") == []


def test_speech_goes_over_the_old_pair_until_the_new_one_is_nominated(run: Path) -> None:
    nominated = first_s(
        run / "captures" / "mn-umts.pcap", "stun.type == 0x0001 && stun.att.type == 0x0025 && udp.srcport == 20002"
    )
    first = first_s(run / "captures" / "mn-umts.pcap", f"udp.srcport == 20002 && !stun && ip.src == {MN['umts']}")
    last = max(
        float(time)
        for (time,) in fields(
            run / "captures" / "mn-wifi.pcap",
            f"udp.srcport == 20000 && !stun && ip.src == {MN['wifi']}",
            "frame.time_epoch",
        )
    )
    assert nominated + 0.2 < first < nominated + 0.35  # a round trip later
    assert last < first < last + 0.021


def test_wireshark_counts_the_same_messages_and_finds_all_of_them_right(run: Path) -> None:
    """Oracle: tshark's own dissector, which checks each FINGERPRINT."""
    seen: Counter[int] = Counter()
    size = 0
    for link, address in MN.items():
        capture = run / "captures" / f"mn-{link}.pcap"
        kinds = fields(capture, "stun", "stun.type", "udp.length", "stun.att.crc32.status")
        seen.update(int(kind, 16) for kind, *_ in kinds)
        size += sum(int(length) - 8 for _, length, _ in kinds)
        assert {status for *_, status in kinds} <= {"1", ""}
        assert fields(capture, "stun && _ws.malformed", "frame.number") == []
        asked = f"stun.type == 0x0001 && ip.src == {address}"
        for name, rank in fields(capture, asked, "stun.att.username", "stun.att.priority"):
            assert (name.count(":"), int(rank) in RANKS) == (1, True)
    assert seen.keys() == {0x0001, 0x0101}
    counted = result_of(run)["signalling"]["mobility"]
    assert counted == {"protocol": "ICE", "messages": seen.total(), "bytes": size}


def test_the_phases_are_from_the_trigger_to_the_nomination(run: Path) -> None:
    (handover,) = result_of(run)["handovers"]
    (done,), (trigger,) = told(run, "handover_done"), told(run, "trigger")
    assert handover["phases_ms"]["signalling"] / 1000 == pytest.approx(done["t_s"] - trigger["t_s"], abs=0.01)
    assert handover["signalling"]["mobility_messages"] > 12


def test_the_other_end_has_no_ice_and_the_phone_has_no_other_peer(run: Path) -> None:
    capture = run / "captures" / "cn-eth0.pcap"
    assert fields(capture, "stun", "frame.number") == []
    assert fields(capture, 'sip contains "ice-"', "frame.number") == []
    for link, address in MN.items():
        ends = fields(run / "captures" / f"mn-{link}.pcap", "udp && !sip && !icmp", "ip.src", "ip.dst")
        assert {tuple(one) for one in ends} <= {(address, HOME), (HOME, address)}


def test_the_same_seed_has_the_same_captures(run: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "again")
    for capture in sorted((run / "captures").iterdir()):
        assert capture.read_bytes() == (again / "captures" / capture.name).read_bytes(), capture.name


def test_somebody_elses_phone_is_called_and_notices_nothing(tmp_path: Path) -> None:
    result = result_of(made(tmp_path / "run", "--cn", "baresip"))
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert result["media"]["to_cn"]["lost"] == result["media"]["to_mn"]["lost"] == 0


def test_it_goes_to_and_fro(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", scenario="ping-pong")
    moves = told(folder, "ice_selected")
    assert [one["address"] for one in moves] == [MN["wifi"], MN["umts"]] * (len(moves) // 2) + [MN["wifi"]] * (
        len(moves) % 2
    )
    assert len(moves) == len(told(folder, "handover_done")) + 1 > 10
    assert told(folder, "handover_failed") == []


def test_a_relay_that_dies_ends_the_speech_and_not_the_call_and_nobody_pretends(tmp_path: Path) -> None:
    text = SCENARIO.find("wifi-to-umts").read_text()
    scenario = tmp_path / "dead.yaml"
    scenario.write_text(f"{text}\nprograms: [{{at: 8 s, node: home, run: pkill -STOP rtpengine}}]\n")
    folder = made(tmp_path / "run", scenario=str(scenario))
    assert told(folder, "handover_done") == []
    assert told(folder, "handover_failed")[0]["status"] == 503
    assert len(told(folder, "ice_selected")) == 1
    assert [one["status"] for one in told(folder, "call_ended")] == [200]
    (handover,) = result_of(folder)["handovers"]
    assert handover["outcome"] == "refused"


#: Checks and speech to every port that the phone and the relay have, with a name and a password that are made up.
EVIL = '''"""Somebody who guesses."""
import hmac
import os
import socket
import struct
import time
import zlib

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("10.66.0.2", 20000))
print("listening", flush=True)


def attribute(number, value):
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


def check(name):
    body = attribute(6, name) + attribute(0x24, bytes(4)) + attribute(0x25, b"") + attribute(0x802A, b"\\xff" * 8)
    head = struct.pack("!HHI", 1, len(body) + 24, 0x2112A442) + os.urandom(12) + body
    data = head + struct.pack("!HH", 8, 20) + hmac.digest(b"guess", head, "sha1")
    data = data[:2] + struct.pack("!H", len(data) - 20 + 8) + data[4:]
    return data + struct.pack("!HHI", 0x8028, 4, zlib.crc32(data) ^ 0x5354554E)


speech = b"\\x80\\x00" + bytes(10) + b"*" * 160
targets = [("10.10.0.2", port) for port in range(30000, 30032)]
targets += [("10.1.0.2", 20000), ("10.1.0.2", 20001), ("10.2.0.2", 20002), ("10.2.0.2", 20003)]
for round in range(60):
    for target in targets:
        udp.sendto(check(b"gues:gues"), target)
        udp.sendto(speech, target)
    time.sleep(0.4)
while True:
    time.sleep(60)
'''


def test_a_stranger_who_guesses_is_refused_and_moves_nothing(tmp_path: Path) -> None:
    """He is heard, though: rtpengine passes on what comes to its ports from anywhere, as docs/rivals.md says."""
    scenario = with_stranger(tmp_path, SCENARIO.find("wifi-to-umts").read_text(), EVIL)
    folder = made(tmp_path / "run", scenario=str(scenario))
    capture = folder / "captures" / "attacker-eth0.pcap"
    assert len(fields(capture, f"stun && ip.src == {STRANGER}", "frame.number")) > 2000
    assert fields(capture, f"ip.dst == {STRANGER} && !icmp && stun.type.class == 2", "stun.type") == []
    ours = " || ".join(f"ip.src == {address}" for address in MN.values())
    codes = fields(
        capture, f"ip.dst == {STRANGER} && stun && !icmp && ({ours})", "stun.att.error.class", "stun.att.error"
    )
    assert {f"{hundreds}{int(rest):02}" for hundreds, rest in codes} == {"401"}
    (refused,) = told(folder, "ice_refused")
    assert refused["a_check,_by_401"] >= len(codes) > 100  # rtpengine passes on those that come to its other side
    assert fields(capture, f"ip.dst == {STRANGER} && udp && !stun && !icmp", "ip.src") == []
    (stray,) = told(folder, "stray_media")
    assert stray["packets"] > 100
    for media in result_of(folder)["media"].values():
        assert media["lost"] == 0
