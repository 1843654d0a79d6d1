"""Mobile IPv4 with foreign agents in the lab: the routers' kernels, what Wireshark reads, and what is measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import call, needs_uml, result_of
from .strangers import with_stranger
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

HOME, HOME_AGENT, CN = "10.10.0.254", "10.10.0.2", "10.20.0.2"
AGENTS = {"wifi": "10.1.0.1", "umts": "10.2.0.1"}
CARE_OF = {"wifi": "10.0.1.2", "umts": "10.0.2.2"}

# Wireshark's PI_WARN, of epan/proto.h.
WARNING = 0x600000


def made(folder: Path, *options: str, scenario: Path | str = "wifi-to-umts", engine: str = "uml") -> Path:
    done = call("run", scenario, "--scheme", "mipv4-fa", "--out", folder / "run", "--engine", engine, *options)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("visited"))


@needs_uml
def test_a_handover_loses_what_mobile_ip_loses_and_the_air_carries_no_tunnel(moved: Path) -> None:
    result = result_of(moved)
    to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
    assert (to_mn["lost"], to_cn["lost"]) == (0, to_cn["lost_in_window"])
    assert 5 <= to_cn["lost"] <= 7
    assert to_mn["gap_ms"] == pytest.approx(to_mn["path_step_ms"], abs=25)
    assert result["cost"]["tunnel_bytes_per_packet"] == 0.0
    (handover,) = result["handovers"]
    assert [handover[name] for name in ("outcome", "old_path", "new_path")] == ["done", "wifi", "umts"]
    for media in (to_mn, to_cn):
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]


@needs_uml
def test_wireshark_reads_advertisements_solicitations_and_registrations(moved: Path) -> None:
    """RFC 5944 2.1, 2.2, 3.3, RFC 3024 3.2: without an error in any."""
    capture = moved / "run.pcapng"
    names = ("ip.src", "ip.dst", "ip.ttl", "icmp.mip.seq", "icmp.mip.life", "icmp.mip.coa", "icmp.mip.prefixlength")
    for link, agent in AGENTS.items():
        at = f'frame.interface_name == "mn-{link}"'
        heard = fields(capture, f"icmp.type == 9 && icmp.checksum.status == 1 && {at}", *names)
        assert {tuple(one[:1] + one[2:3] + one[4:]) for one in heard} == {(agent, "1", "1800", CARE_OF[link], "24")}
        assert {one[1] for one in heard} == {"224.0.0.1", HOME}
        numbers = [int(one[3]) for one in heard]
        assert numbers == list(range(len(numbers)))
        asked = fields(capture, f"icmp.type == 10 && {at}", "ip.src", "ip.dst", "ip.ttl")
        assert asked == [[HOME, "224.0.0.11", "1"]]
        said = fields(
            capture, f"mip && {at}", "ip.src", "ip.dst", "ip.ttl", "mip.type", "mip.coa", "mip.code", "mip.d", "mip.t"
        )
        assert said == [
            [HOME, agent, "255", "1", CARE_OF[link], "", "0", "1"], [agent, HOME, "255", "3", "", "0", "", ""],
        ]  # fmt: skip
        passed_on = fields(capture, f'mip && frame.interface_name == "{link}-gw-core"', "ip.src", "ip.dst", "mip.type")
        assert passed_on == [[CARE_OF[link], HOME_AGENT, "1"], [HOME_AGENT, CARE_OF[link], "3"]]
    # A note that a TTL is 1 is no fault, nor is a comment of ours.
    faults = f"_ws.malformed || _ws.expert.severity >= {WARNING}"
    assert fields(capture, f"(mip || icmp) && ({faults})", "frame.number") == []


@needs_uml
def test_nobody_on_a_foreign_link_is_asked_for_or_told_the_home_address(moved: Path) -> None:
    """RFC 5944 4.6."""
    air = 'frame.interface_name in {"mn-wifi", "mn-umts", "wifi-gw-air", "umts-gw-air"}'
    by_arp = f"arp && (arp.src.proto_ipv4 == {HOME} || arp.dst.proto_ipv4 == {HOME})"
    assert fields(moved / "run.pcapng", f"{by_arp} && {air}", "frame.number") == []
    assert fields(moved / "run.pcapng", f"{by_arp} && frame.interface_name == home-eth0", "frame.number") != []


@needs_uml
def test_speech_is_bare_at_the_node_and_in_a_tunnel_between_the_agents(moved: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first."""
    late, at = "rtp && frame.time_relative > 20", 'frame.interface_name == "{}"'.format
    capture, own = moved / "run.pcapng", CARE_OF["umts"]
    assert {tuple(one) for one in fields(capture, f"{late} && {at('mn-umts')}", "ip.src", "ip.dst")} == {
        (HOME, CN), (CN, HOME),
    }  # fmt: skip
    assert {tuple(one) for one in fields(capture, f"{late} && {at('umts-gw-core')}", "ip.src", "ip.dst")} == {
        (f"{own},{HOME}", f"{HOME_AGENT},{CN}"), (f"{HOME_AGENT},{CN}", f"{own},{HOME}"),
    }  # fmt: skip


@needs_uml
def test_an_access_point_whose_line_is_dead_is_noticed_by_advertisements_alone(tmp_path: Path) -> None:
    """Carrier and signal are there; a lifetime of 3 s, less what had gone of it. `mipv4` stays for good."""
    folder = made(tmp_path, "--failure", "wifi-line-dies", scenario="all-schemes")
    result = result_of(folder)
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["kind"]) == ("done", "agent-lost")
    assert 2000 < result["handover"]["phases_ms"]["detect"] < 3000
    media = result["media"]["to_mn"]
    assert media["gap_ms"] == pytest.approx(result["handover"]["phases_ms"]["detect"] + 240, abs=60)
    done = call(
        "run", "all-schemes", "--scheme", "mipv4", "--failure", "wifi-line-dies", "--out", tmp_path / "without",
        "--engine", "uml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert result_of(tmp_path / "without")["handovers"] == []


@needs_uml
def test_on_a_break_the_kernel_is_quicker_than_a_lifetime(tmp_path: Path) -> None:
    folder = made(tmp_path, "--failure", "wifi-break", scenario="all-schemes")
    assert result_of(folder)["handovers"][0]["kind"] == "link-down"
    assert [one for one in events_of(folder) if one["event"] == "agent_lost"] == []


@needs_uml
def test_a_phone_that_knows_nothing_of_it_keeps_its_call(tmp_path: Path) -> None:
    result = result_of(made(tmp_path, "--mn", "baresip"))
    assert result["handovers"][0]["outcome"] == "done"
    assert (result["media"]["to_mn"]["lost"], result["media"]["to_cn"]["lost"]) == (0, pytest.approx(6, abs=2))


@needs_uml
def test_a_call_that_goes_to_and_fro_loses_nothing_of_what_it_is_sent(tmp_path: Path) -> None:
    result = result_of(made(tmp_path, "--failure", "ping-pong"))
    assert len(result["handovers"]) > 3
    assert {one["outcome"] for one in result["handovers"]} == {"done"}
    assert result["media"]["to_mn"]["lost"] == 0


# On the same WiFi: an agent of his own, the agent's own words changed, and a request that he has heard.
EVIL = """import socket
import struct
import time

AGENT, HOME, ROUTER = "10.1.0.1", "10.10.0.254", bytes((2, 0, 0, 0, 0, 4))
aton = socket.inet_aton
own = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
own.bind(("neighbour-wifi", 0))
station = own.getsockname()[4]
print("listening", flush=True)
time.sleep(6)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", 0xFFFF - ((total & 0xFFFF) + (total >> 16)))


def ip(source, target, hops, protocol, payload):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, hops, protocol, 0) + aton(source) + aton(target)
    return head[:10] + checksum(head) + head[12:] + payload


def frame(to, packet):
    own.send(to + station + struct.pack("!H", 0x0800) + packet)


def advertise(source, number, care_of):
    said = bytes((9, 0, 0, 0, 1, 2, 0, 3)) + aton(source) + bytes(4)
    said += bytes((16, 10)) + struct.pack("!HHH", number, 1800, 0x1100) + aton(care_of) + bytes((19, 1, 24, 0))
    said = said[:2] + checksum(said) + said[4:]
    frame(bytes((1, 0, 0x5E, 0, 0, 1)), ip(source, "224.0.0.1", 1, 1, said))


for number in range(5):
    advertise("10.1.0.66", number, "10.66.0.2")
    advertise(AGENT, number, "10.66.0.2")
    request = struct.pack("!BBH", 1, 2, 300) + aton(HOME) + aton("10.10.0.2") + aton("10.0.1.2")
    request += struct.pack("!Q", int((time.time() + 2208988800) * 2**32))
    request += bytes((32, 20, 0, 0, 1, 0)) + bytes(16)
    udp = struct.pack("!HHHH", 434, 434, 8 + len(request), 0) + request
    frame(ROUTER, ip(HOME, AGENT, 255, 17, udp))
    time.sleep(1)
while True:
    time.sleep(60)
"""


@needs_uml
def test_a_stranger_on_the_link_who_says_that_he_is_an_agent_gets_nothing(tmp_path: Path) -> None:
    """While the agent is there; and a request that he cannot sign binds nothing (131)."""
    text = SCENARIO.find("wifi-to-umts").read_text().replace("topology: multihomed", "topology: with-attacker")
    folder = made(tmp_path, scenario=with_stranger(tmp_path, text, EVIL, node="neighbour"))
    events = events_of(folder)
    doubted = [one["remote"] for one in events if one["event"] == "discarded" and one["source"] == "mobility"]
    assert doubted == [AGENTS["wifi"]] * 5
    refused = [(one["source"], one["code"]) for one in events if one["event"] == "registration_refused"]
    assert refused == [("home-agent", 131)] * 5
    assert [one["care_of"] for one in events if one["event"] == "registered"] == [
        CARE_OF["wifi"], CARE_OF["wifi"], CARE_OF["umts"], CARE_OF["umts"],
    ]  # fmt: skip
    media = result_of(folder)["media"]
    assert (media["to_mn"]["lost"], media["to_cn"]["lost"]) == (0, pytest.approx(6, abs=1))
