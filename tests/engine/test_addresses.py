"""Addresses that are given: by a DHCP server, by routers' advertisements. On the wire, and in the phases."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.engine.choose import make_engine
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan

from .command import DATA, call, run_scenario
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

# RFC 2132 9.6.
DISCOVER, OFFER, REQUEST, ACK = "1", "2", "3", "5"
# RFC 4861 4.
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = "133", "134"
ADDRESS = "2001:db8:a02::ff:fe00:5"
# RFC 4862 5.1: RetransTimer, for which one waits after the only solicitation.
DETECTION_MS = 1000


def event(folder: Path, name: str, **facts: str) -> dict[str, Any]:
    """The only such event of a run."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    (found,) = (one for one in events if one["event"] == name and facts.items() <= one.items())
    return dict(found)


def test_dhcp_is_on_the_wire_and_in_the_address_phase(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    result = run_scenario(DATA / "with-dhcp.yaml", folder)
    assert result["warnings"] == []
    seen = fields(folder / "captures" / "mn-umts.pcap", "dhcp", "dhcp.option.dhcp", "dhcp.ip.your", "frame.time_epoch")
    assert [kind for kind, _, _ in seen] == [DISCOVER, OFFER, REQUEST, ACK]
    assert [given for _, given, _ in seen][1::2] == ["10.2.0.2", "10.2.0.2"]
    took_ms = (float(seen[-1][2]) - float(seen[0][2])) * 1000
    address_ms = result["handover"]["phases_ms"]["address"]
    # Two round trips of UMTS, and what the programs need to start and to configure what they were given.
    assert 4 * 110 - 2 * 40 < took_ms < address_ms < took_ms + 150
    assert event(folder, "lease", link="umts")["t_s"] < event(folder, "address", link="umts")["t_s"]
    assert all(media["paths"]["umts"]["new"] > 40 for media in result["media"].values())
    done = call("verify", folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_dhcp_server_that_dies_fails_the_run(tmp_path: Path) -> None:
    plan = compile_plan(load_experiment(str(DATA / "with-dhcp.yaml")))
    plan["timeline"].insert(0, {"at_s": 0.5, "do": "kill", "agent": "dnsmasq-umts"})
    place = asyncio.run(make_engine("vm").prepare(plan, print))
    asyncio.run(place.run(plan, tmp_path / "run", lambda _: None))
    outcome = json.loads((tmp_path / "run" / "outcome.json").read_text())
    assert outcome["failure"].startswith("dnsmasq-umts (dnsmasq-base): dnsmasq was killed by signal 9")


@pytest.fixture(scope="module")
def detected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """The same call over IPv6 with each detection of duplicates: {it: (folder, result)}."""
    folder = tmp_path_factory.mktemp("over-ipv6")
    return {
        dad: (folder / dad, run_scenario(DATA / "over-ipv6.yaml", folder / dad, "--dad", dad))
        for dad in ("on", "off", "optimistic")
    }


def test_detection_costs_its_second(detected: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    address_ms = {dad: result["handover"]["phases_ms"]["address"] for dad, (_, result) in detected.items()}
    # Solicitation and advertisement take a round trip of UMTS; its jitter is what may differ besides.
    assert 2 * (110 - 20) < address_ms["off"] < 2 * (110 + 20) + 40
    assert address_ms["on"] - address_ms["off"] == pytest.approx(DETECTION_MS, abs=50)
    assert address_ms["optimistic"] == pytest.approx(address_ms["off"], abs=50)
    for _, result in detected.values():
        assert result["warnings"] == []
        assert all(media["paths"]["umts"]["new"] > 40 for media in result["media"].values())


@pytest.mark.parametrize(("dad", "asked"), [("on", True), ("off", False), ("optimistic", True)])
def test_address_is_made_of_what_a_router_advertised(
    detected: dict[str, tuple[Path, dict[str, Any]]], dad: str, asked: bool
) -> None:
    folder, _ = detected[dad]
    capture = folder / "captures" / "mn-umts.pcap"
    kinds = [kind for (kind,) in fields(capture, "icmpv6.type in {133,134}", "icmpv6.type")]
    assert kinds[:2] == [ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT]
    (prefix,) = {one for (one,) in fields(capture, "icmpv6.type == 134", "icmpv6.opt.prefix")}
    assert prefix == "2001:db8:a02::"
    # RFC 4862 5.4.2: for a duplicate it is asked from the unspecified address.
    probes = fields(
        capture, f"icmpv6.type == 135 && ipv6.src == :: && icmpv6.nd.ns.target_address == {ADDRESS}", "frame.number"
    )
    assert len(probes) == int(asked)
    assert event(folder, "address", link="umts")["address"] == ADDRESS


def test_speech_flows_between_ipv6_addresses(detected: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    folder, _ = detected["on"]
    ends = {
        tuple(row) for row in fields(folder / "captures" / "cn-eth0.pcap", "udp.length == 180", "ipv6.src", "ipv6.dst")
    }
    assert {ADDRESS, "2001:db8:a01::ff:fe00:1"} == {end for pair in ends for end in pair} - {"2001:db8:a14::a14:2"}
