"""Proxy Mobile IPv6 in the lab: the gateways' kernels, the messages as Wireshark reads them, and what is measured."""

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

HOME, ANCHOR, CN = "2001:db8:a0a::a0a:fe", "2001:db8:a0a::a0a:2", "2001:db8:a14::a14:2"
GATEWAYS = {"wifi": "2001:db8:a00:100::a00:102", "umts": "2001:db8:a00:200::a00:202"}
STATIONS = {"wifi": "020000000001", "umts": "020000000005"}
TECHNOLOGIES = {"wifi": "4", "umts": "7"}
UPDATE, ACKNOWLEDGEMENT = "mip6.mhtype == 5", "mip6.mhtype == 6"


def over_ip6(folder: Path) -> Path:
    """The usual call over IPv6, with static addresses."""
    text = SCENARIO.find("wifi-to-umts").read_text()
    assert text.count("\nseed: 1\n") == 1
    scenario = folder / "six.yaml"
    scenario.write_text(text.replace("\nseed: 1\n", "\nseed: 1\nip: 6\n"))
    return scenario


def made(folder: Path, scheme: str, *options: str, scenario: Path | None = None) -> Path:
    options = ("--out", str(folder / "run"), "--engine", "uml", "--scheme", scheme, *options)
    done = call("run", scenario or over_ip6(folder), *options)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("known"), "pmipv6")


def test_a_handover_loses_nothing_either_way_and_the_air_carries_no_tunnel(known: Path) -> None:
    result = result_of(known)
    for media in result["media"].values():
        assert media["lost"] == 0
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=25)
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
    assert result["cost"]["tunnel_bytes_per_packet"] == 0.0
    (handover,) = result["handovers"]
    assert [handover[name] for name in ("outcome", "old_path", "new_path")] == ["done", "wifi", "umts"]
    # An update and its answer at each gateway, and the update of one that the node has left: that is not answered.
    assert result["signalling"]["mobility"] == {"protocol": "Proxy Mobile IPv6", "messages": 5, "bytes": 520}
    assert handover["signalling"]["mobility_messages"] == 3


def test_wireshark_reads_updates_and_answers_as_they_are_meant(known: Path) -> None:
    """RFC 5213 8.1 to 8.8, RFC 4283, RFC 4285: on the way between gateway and anchor, without an error in any."""
    capture = known / "run.pcapng"
    about = ("mip6.mnid.identifier", "mip6.hi", "mip6.att", "mip6.mnlli.lli", "mip6.auth.mobility_spi")
    for number, (link, own) in enumerate(GATEWAYS.items()):
        at = f'frame.interface_name == "{link}-gw-core"'
        said = ["mn@home.example", "2", TECHNOLOGIES[link], STATIONS[link], str(512 + number)]
        (update, *left) = fields(
            capture, f"{at} && {UPDATE}", "ipv6.src", "ipv6.dst", "mip6.bu.a_flag", "mip6.bu.p_flag",
            "mip6.bu.lifetime", "mip6.nemo.mnp.mnp", "mip6.nemo.mnp.pfl", *about,
        )  # fmt: skip
        assert update == [own, ANCHOR, "1", "1", "75", "::", "0", *said]
        assert [[one[4], one[5], one[8]] for one in left] == ([["0", HOME, "4"]] if link == "wifi" else [])
        (answer,) = fields(
            capture, f"{at} && {ACKNOWLEDGEMENT}", "ipv6.src", "ipv6.dst", "mip6.ba.status", "mip6.ba.p_flag",
            "mip6.ba.lifetime", "mip6.nemo.mnp.mnp", "mip6.nemo.mnp.pfl", *about,
        )  # fmt: skip
        assert answer == [ANCHOR, own, "0", "1", "75", HOME, "128", *said]
    assert fields(capture, "mipv6 && (_ws.malformed || _ws.expert)", "frame.number") == []


def test_what_the_node_says_on_its_links_are_words_that_wireshark_knows(known: Path) -> None:
    """The address is there (RFC 4861 4.4), whose it is (4.2), and nobody listens to its group any more (RFC 2710)."""
    capture = known / "run.pcapng"
    kinds = {
        (kind, link)
        for kind, target, group, link in fields(
            capture, 'icmpv6.type in {132, 134, 136} && frame.interface_name in {"mn-wifi", "mn-umts"}',
            "icmpv6.type", "icmpv6.nd.na.target_address", "icmpv6.mld.multicast_address", "frame.interface_name",
        )
        if target in {HOME, ""} and (kind != "132" or group == "ff02::1:ff0a:fe")
    }  # fmt: skip
    assert kinds == {("136", "mn-wifi"), ("134", "mn-wifi"), ("136", "mn-umts"), ("134", "mn-umts"), ("132", "mn-wifi")}


def test_speech_is_bare_at_the_node_and_in_a_tunnel_between_gateway_and_anchor(known: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first."""
    late = "rtp && frame.time_relative > 20"
    names = ("ipv6.src", "ipv6.dst", "ipv6.nxt")
    capture, own = known / "run.pcapng", GATEWAYS["umts"]
    at = 'frame.interface_name == "{}"'.format
    assert {tuple(line) for line in fields(capture, f"{late} && {at('mn-umts')}", *names)} == {
        (HOME, CN, "17"), (CN, HOME, "17"),
    }  # fmt: skip
    assert {tuple(line) for line in fields(capture, f"{late} && {at('umts-gw-core')}", *names)} == {
        (f"{own},{HOME}", f"{ANCHOR},{CN}", "41,17"), (f"{ANCHOR},{CN}", f"{own},{HOME}", "41,17"),
    }  # fmt: skip


def test_where_the_handoff_is_unknown_the_anchor_waits_a_second_and_a_half(tmp_path: Path) -> None:
    """MaxDelayBeforeNewBCEAssign: meanwhile what the node sends by the new link is dropped at its gateway."""
    media = result_of(made(tmp_path, "pmipv6-unknown"))["media"]
    assert (media["to_mn"]["lost"], media["to_mn"]["gap_ms"]) == (0, pytest.approx(115, abs=20))
    assert media["to_cn"]["gap_ms"] == pytest.approx(1500 + 115, abs=40)


def test_seen_on_a_break_it_costs_as_much_in_both_directions(tmp_path: Path) -> None:
    gaps = {}
    for scheme in ("pmipv6", "pmipv6-unknown"):
        folder = tmp_path / scheme
        folder.mkdir()
        media = result_of(made(folder, scheme, "--failure", "wifi-break"))["media"]
        gaps[scheme] = {way: one["gap_ms"] for way, one in media.items()}
    for way in ("to_mn", "to_cn"):
        assert gaps["pmipv6-unknown"][way] - gaps["pmipv6"][way] == pytest.approx(1500, abs=60), way


@pytest.mark.parametrize("failure", ["ping-pong"])
def test_a_call_that_goes_to_and_fro_keeps_its_address(tmp_path: Path, failure: str) -> None:
    result = result_of(made(tmp_path, "pmipv6", "--failure", failure))
    assert len(result["handovers"]) > 3
    assert {one["outcome"] for one in result["handovers"]} == {"done"}


NEXT_DOOR = '''"""On the same WiFi: says that it has the mobile node's address."""
import socket
import time

HOME = "2001:db8:a0a::a0a:fe"
print("listening", flush=True)
time.sleep(6)
own = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
own.bind(("neighbour-wifi", 0))
station = own.getsockname()[4]
said = bytes((136, 0, 0, 0, 0x20, 0, 0, 0)) + socket.inet_pton(socket.AF_INET6, HOME) + bytes((2, 1)) + station
raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
raw.setsockopt(socket.IPPROTO_IPV6, 18, 255)
index = socket.if_nametoindex("neighbour-wifi")
for _ in range(3):
    raw.sendto(said, ("ff02::1", 0, 0, index))
while True:
    time.sleep(60)
'''


def test_who_has_another_link_layer_address_is_not_the_node(tmp_path: Path) -> None:
    """RFC 5213 6.5, 6.6: as far as a gateway that hears the link alone can tell."""
    text = over_ip6(tmp_path).read_text().replace("topology: multihomed", "topology: with-attacker")
    scenario = with_stranger(tmp_path, text, NEXT_DOOR, node="neighbour")
    folder = made(tmp_path, "pmipv6", scenario=scenario)
    refused = [one for one in events_of(folder) if one["event"] == "discarded"]
    assert [(one["source"], one["reason"]) for one in refused] == [("access-router-wifi", "another's address")] * 3
    assert {way: media["lost"] for way, media in result_of(folder)["media"].items()} == {"to_mn": 0, "to_cn": 0}
