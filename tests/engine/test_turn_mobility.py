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
