"""An allocation that moves, in the lab: Debian's coturn, what Wireshark reads of it, what a thief of tickets gets."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import call, needs_uml, result_of
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml
HOME, MN, CN, THIEF = "10.10.0.2", {"wifi": "10.1.0.2", "umts": "10.2.0.2"}, "10.20.0.2", "10.66.0.2"
ALLOCATE, REFRESH, PERMIT, BIND, SUCCESS, REFUSED = 0x003, 0x004, 0x008, 0x009, 0x100, 0x110


def made(folder: Path, *arguments: str, scenario: str = "wifi-to-umts") -> Path:
    done = call("run", scenario, "--scheme", "turn-mobility", "--engine", "uml", "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("turn") / "run")


def told(folder: Path, event: str) -> list[dict[str, Any]]:
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    return [one for one in events if one["source"] == "mn" and one["event"] == event]


def test_the_call_goes_on_over_umts_and_nothing_is_lost(run: Path) -> None:
    result = result_of(run)
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["lost"], media["duplicates"]) == (0, 0), way
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=25)
        assert sum(one["packets"] for one in media["paths"].values()) == media["received"]
        assert media["paths"]["umts"]["packets"] > 900
    assert result["cost"]["tunnel_bytes_per_packet"] == pytest.approx(4.0, abs=0.1)
    assert result["warnings"] == []


def test_what_moved_it_is_one_round_trip_of_a_refresh_and_sip_follows(run: Path) -> None:
    (handover,) = result_of(run)["handovers"]
    assert handover["phases_ms"]["signalling"] == pytest.approx(220, abs=40)
    assert handover["phases_ms"]["media"] == pytest.approx(0, abs=40)
    signalling = handover["signalling"]
    assert (signalling["messages"], signalling["retransmissions"]) == (3, 0)
    (moved,) = told(run, "relay_moved")
    assert (moved["address"], moved["answered"]) == (MN["umts"], False)  # coturn 4.6.1: its answer is no message


def test_wireshark_counts_the_same_messages(run: Path) -> None:
    """Oracle: tshark's own dissector; an answer that it does not know is the one of 24 bytes."""
    seen: Counter[int] = Counter()
    size = odd = 0
    for link in MN:
        capture = run / "captures" / f"mn-{link}.pcap"
        kinds = fields(
            capture, "stun.type && !(stun.type.method == 6) && !(stun.type.method == 7)", "stun.type", "udp.length"
        )
        seen.update(int(kind, 16) for kind, _ in kinds)
        size += sum(int(length) - 8 for _, length in kinds)
        odd += len(fields(capture, "udp.port == 3478 && udp.length == 32 && !stun", "frame.number"))
    both = 2  # one allocation for RTP, one for RTCP
    assert seen == {
        ALLOCATE: 2 * both, ALLOCATE | REFUSED: both, ALLOCATE | SUCCESS: both, PERMIT: both, PERMIT | SUCCESS: both,
        BIND: both, BIND | SUCCESS: both, REFRESH: 3 * both, REFRESH | SUCCESS: 2 * both,
    }  # fmt: skip
    assert odd == both
    counted = result_of(run)["signalling"]["mobility"]
    assert counted == {"protocol": "TURN", "messages": seen.total() + odd, "bytes": size + 24 * odd}


def test_speech_is_in_channels_on_the_radios_and_plain_behind_the_server(run: Path) -> None:
    for link, address in MN.items():
        capture = run / "captures" / f"mn-{link}.pcap"
        ends = {tuple(one) for one in fields(capture, "stun.channel", "ip.src", "ip.dst")}
        assert ends == {(address, HOME), (HOME, address)}
        assert fields(capture, f"ip.addr == {CN} && !sip && !icmp", "frame.number") == []
    at_cn = fields(run / "captures" / "cn-eth0.pcap", "udp && !sip && !stun.channel", "ip.src", "ip.dst")
    assert {tuple(one) for one in at_cn} == {(HOME, CN), (CN, HOME)}


def test_the_same_seed_has_the_same_captures(run: Path, tmp_path: Path) -> None:
    """coturn draws ports, nonces and tickets: of the kernel's randomness, which the seed makes."""
    again = made(tmp_path / "again")
    for capture in sorted((run / "captures").iterdir()):
        assert capture.read_bytes() == (again / "captures" / capture.name).read_bytes(), capture.name


def test_somebody_elses_phone_is_called_and_notices_nothing(tmp_path: Path) -> None:
    result = result_of(made(tmp_path / "run", "--cn", "baresip"))
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert result["media"]["to_cn"]["lost"] == result["media"]["to_mn"]["lost"] == 0


def test_it_goes_to_and_fro_with_the_ticket_of_each_answer(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", scenario="ping-pong")
    moves = told(folder, "relay_moved")
    assert [one["address"] for one in moves] == [MN["umts"], MN["wifi"]] * (len(moves) // 2)
    assert len(moves) == len(told(folder, "handover_done")) > 10
    assert told(folder, "relay_lost") == told(folder, "relay_refused") == []
    assert result_of(folder)["media"]["to_mn"]["lost"] == 0


def test_a_server_that_falls_silent_takes_the_speech_until_the_handover_and_not_the_call(tmp_path: Path) -> None:
    text = SCENARIO.find("wifi-to-umts").read_text()
    scenario = tmp_path / "silent.yaml"
    scenario.write_text(f"{text}\nprograms: [{{at: 8 s, node: home, run: pkill -STOP turnserver}}]\n")
    result = result_of(folder := made(tmp_path / "run", scenario=str(scenario)))
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert result["media"]["to_mn"]["paths"]["umts"]["packets"] > 700
    assert fields(folder / "captures" / "mn-umts.pcap", f"ip.src == {CN} && udp && !sip", "frame.number") != []


TAP = '''"""Hears in the core what tickets are given, and how they are shown."""
import socket

tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
print("listening", flush=True)
seen = set()
while True:
    data = tap.recv(65536)
    message = data[28:]
    if data[9] == 17 and message[4:8] == bytes.fromhex("2112a442") and message not in seen:
        kind, at = message[:2].hex(), 20
        while at + 4 <= len(message):
            size = int.from_bytes(message[at + 2 : at + 4], "big")
            if message[at : at + 2] == bytes.fromhex("8030") and size:
                seen.add(message)
                with open("stolen", "a") as file:
                    print(kind, message[at + 4 : at + 4 + size].hex(), message.hex(), file=file)
            at += 4 + size + -size % 4
'''
EVIL = '''"""Would have the media: with the ticket, in every way that he can think of."""
import hashlib
import hmac
import os
import socket
import struct
import time

SERVER = ("10.10.0.2", 3478)
start = time.monotonic()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("10.66.0.2", 20000))
udp.settimeout(0.5)
print("listening", flush=True)


def stolen(kind):
    with open("../core-tap/stolen") as file:
        return [line.split()[1:] for line in file if line.startswith(kind)]


def attribute(number, value):
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


def ask(*attributes, key=None):
    body = b"".join(attributes)
    data = struct.pack("!HHI", 4, len(body) + (24 if key else 0), 0x2112A442) + os.urandom(12) + body
    if key:
        data += struct.pack("!HH", 8, 20) + hmac.digest(key, data, "sha1")
    udp.sendto(data, SERVER)
    try:
        return udp.recv(2048)
    except TimeoutError:
        return b""


def nonce_in(answer):
    at = answer.find(bytes.fromhex("0015"), 20)
    return b"none" if at < 0 else answer[at + 4 : at + 4 + int.from_bytes(answer[at + 2 : at + 4], "big")]


def show(ticket):
    """As somebody who knows everything but the password."""
    who = attribute(6, b"mn"), attribute(0x14, b"home.example"), attribute(0x15, nonce_in(ask(ticket)))
    ask(ticket, *who, key=hashlib.md5(b"mn:home.example:guess").digest())


time.sleep(6)
for fresh, _ in stolen("0103"):
    show(attribute(0x8030, bytes.fromhex(fresh)))
time.sleep(max(0, 16 - (time.monotonic() - start)))
for used, message in stolen("0004"):
    show(attribute(0x8030, bytes.fromhex(used)))
    udp.sendto(bytes.fromhex(message), SERVER)  # as the phone has signed it
    time.sleep(0.2)
for _ in range(20):
    udp.sendto(b"\\x40\\x00\\x00\\xac\\x80" + b"*" * 171, SERVER)
    time.sleep(0.02)
while True:
    time.sleep(60)
'''


def program(folder: Path, name: str, text: str) -> str:
    (folder / f"{name}.py").write_text(text)
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nabout: a stranger's\nroles: [node]\ncommand: [python3, {name}.py]\n"
        f"files: {{{name}.py: {name}.py}}\nready: {{says: listening}}\n"
    )
    return f"./{name}.yaml"


def test_a_thief_with_the_ticket_and_without_the_password_gets_nothing(tmp_path: Path) -> None:
    """RFC 8016 5: what it asks for, long-term credentials, is enough; also against who repeats what was signed."""
    tap, evil = program(tmp_path, "tap", TAP), program(tmp_path, "evil", EVIL)
    text = SCENARIO.find("wifi-to-umts").read_text().replace("topology: multihomed", "topology: with-attacker")
    scenario = tmp_path / "robbed.yaml"
    programs = f"[{{node: core, program: {tap}}}, {{node: attacker, program: {evil}}}]"
    scenario.write_text(f"{text}\nprograms: {programs}\n")
    folder = made(tmp_path / "run", scenario=str(scenario))
    capture = folder / "captures" / "attacker-eth0.pcap"
    stolen = (folder / "logs" / "core-tap" / "stolen").read_text().splitlines()
    assert len({line.split()[1] for line in stolen}) >= 4  # each allocation's first one, and its next
    codes = fields(capture, f"ip.dst == {THIEF} && stun", "stun.att.error.class", "stun.att.error")
    answers = Counter(f"{hundreds}{int(rest):02}" for hundreds, rest in codes)
    assert answers == {"401": 4, "404": answers["404"]}  # of each fresh one twice; used ones are of nothing any more
    assert answers["404"] >= 6
    assert fields(capture, f"ip.dst == {THIEF} && stun.type.class == 2", "stun.type") == []
    assert fields(capture, f"ip.dst == {THIEF} && stun.channel", "frame.number") == []
    assert fields(folder / "captures" / "cn-eth0.pcap", "frame contains 2a:2a:2a:2a:2a:2a:2a:2a", "ip.src") == []
    for media in result_of(folder)["media"].values():
        assert media["lost"] == 0
