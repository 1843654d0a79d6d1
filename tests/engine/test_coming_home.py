"""A mobile node that leaves its home network in a call, and comes back: both kernels, and who else is there."""

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

pytestmark = needs_uml

HOME, ROUTER, CARE_OF, PRINTER = "10.10.0.254", "10.10.0.1", "10.2.0.2", "10.10.0.66"
STATIONS = {"mn": "02:00:00:00:00:01", "home": "02:00:00:00:00:04"}
# The signal alone falls and comes back: all that can be heard on the WiFi is heard.
FAILURE = """name: out-and-back-by-signal
about: the signal is below what is wanted for a while, and the link as good as ever
steps:
  - {at: 8 s, over: 1 s, for: 8 s, link: wifi, signal: -90 dBm}
"""
# Somebody at home who wants something of the node all the time: ten times a second, and says when it had an answer.
ASKS = """import socket
import struct
import time

own = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
print("listening", flush=True)
for number in range(320):
    data = struct.pack("!BBHHH", 8, 0, 0, 7, number)
    total = sum(struct.unpack("!4H", data))
    total = (total & 0xFFFF) + (total >> 16)
    own.sendto(data[:2] + struct.pack("!H", 0xFFFF - total) + data[4:], ("10.10.0.254", 0))
    time.sleep(0.1)
while True:
    time.sleep(60)
"""


def made(folder: Path, *options: object, scenario: object = "from-home") -> Path:
    words = [one if isinstance(one, str) else str(one) for one in (scenario, *options)]
    done = call("run", *words, "--out", folder / "run", "--engine", "uml")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call with somebody at home who asks the node for answers."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "failure.yaml").write_text(FAILURE)
    scenario = with_stranger(folder, SCENARIO.find("from-home").read_text(), ASKS, node="printer")
    return made(folder, "--failure", folder / "failure.yaml", scenario=scenario)


def test_out_and_back_loses_nothing_of_what_is_sent_to_it(tmp_path: Path) -> None:
    result = result_of(made(tmp_path))
    out, again = result["handovers"]
    assert [(one["outcome"], one["old_path"], one["new_path"]) for one in (out, again)] == [
        ("done", "wifi", "umts"), ("done", "umts", "wifi"),
    ]  # fmt: skip
    to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
    # To the CN a one-way delay's worth each time: what the home agent gets by another way than the one that is bound.
    assert (to_mn["lost"], to_cn["lost"]) == (0, pytest.approx(13, abs=2))
    for media in (to_mn, to_cn):
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
        assert media["paths"]["wifi"]["delay_ms"]["mean"] < 5 < media["paths"]["umts"]["delay_ms"]["mean"]
    assert out["signalling"]["delay_ms"] == pytest.approx(240, abs=25)
    assert again["signalling"]["delay_ms"] < 20
    assert result["signalling"]["mobility"]["messages"] == 6


def test_registrations_are_those_of_the_rfc_as_wireshark_reads_them(back: Path) -> None:
    """3.6.1.1, 3.6.1.2: at home from and for the home address, for no time."""
    names = ("frame.interface_name", "ip.src", "ip.dst", "ip.ttl", "mip.life", "mip.coa", "mip.d")
    at = 'frame.interface_name in {"mn-wifi", "mn-umts"}'
    at_home = ["mn-wifi", HOME, ROUTER, "255", "0", HOME, "0"]
    assert fields(back / "run.pcapng", f"mip.type == 1 && {at}", *names) == [
        at_home, ["mn-umts", CARE_OF, ROUTER, "255", "300", CARE_OF, "1"], at_home,
    ]  # fmt: skip


def test_who_has_the_address_is_said_at_home_by_both(back: Path) -> None:
    """4.6: the order of the node's words and the home agent's, and in whose name the last one of these is."""
    said = fields(
        back / "run.pcapng", f"arp.isgratuitous && arp.src.proto_ipv4 == {HOME} && frame.interface_name == home-air",
        "eth.src", "arp.src.hw_mac",
    )  # fmt: skip
    mine, by_home, of_home = (
        [STATIONS["mn"], STATIONS["mn"]], [STATIONS["home"], STATIONS["mn"]], [STATIONS["home"]] * 2,
    )  # fmt: skip
    assert said == [mine, by_home, of_home, mine, by_home]


def test_while_it_is_away_it_answers_nobody_at_home_and_the_home_agent_does(back: Path) -> None:
    """4.6: though it can hear all of it."""
    moved = [one["t_s"] for one in events_of(back) if one["event"] in {"registering", "handover_done"}]
    left, gone, coming, came = moved[-4:]
    answers = f"arp.opcode == 2 && !arp.isgratuitous && arp.src.proto_ipv4 == {HOME}"
    by = [
        (float(at) - 1.0, who)
        for at, who in fields(
            back / "run.pcapng", f"{answers} && frame.interface_name in {{mn-wifi, home-air}}",
            "frame.time_relative", "arp.src.hw_mac",
        )
    ]  # fmt: skip
    assert [who for at, who in by if left < at < coming and who == STATIONS["mn"]] == []
    assert left < gone < coming < came


def test_somebody_at_home_reaches_it_wherever_it_is(back: Path) -> None:
    """Through the tunnel, with UMTS's round trip; and at home without anything."""
    at = "frame.interface_name == printer-wifi"
    asked, answered = (
        {one[0]: float(one[1]) - 1.0 for one in fields(
            back / "run.pcapng", f"icmp.type == {kind} && icmp.ident == 7 && {at}", "icmp.seq", "frame.time_relative"
        )}
        for kind in (8, 0)
    )  # fmt: skip
    took_s = {asked[one]: answered[one] - asked[one] for one in asked if one in answered}
    home, away = ([took for at, took in took_s.items() if low < at < high] for low, high in ((1, 8), (10, 15)))
    again = [took for at, took in took_s.items() if 19 < at < 29]
    assert max(*home, *again) < 0.02
    assert min(away) > 0.2
    assert [len(home), len(away), len(again)] == pytest.approx([70, 50, 100], abs=2)


def test_nothing_is_left_of_it_at_home(back: Path) -> None:
    """No tunnel: the last packets in one are those that were on their way when it came back."""
    came = next(one["t_s"] for one in reversed(events_of(back)) if one["event"] == "handover_done")
    last = max(
        float(at) - 1.0
        for (at,) in fields(
            back / "run.pcapng",
            "ip.proto == 4 && !(icmp.type == 3) && frame.interface_name == mn-umts",
            "frame.time_relative",
        )
    )
    assert last < came + 0.2
    bound = [one["bound"] for one in events_of(back) if one["event"] == "registered" and one["source"] == "home-agent"]
    assert bound == [[], [CARE_OF], []]
