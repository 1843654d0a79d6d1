"""Mobile IPv4 in the lab: the kernel's tunnels, the messages as Wireshark reads them, and what is measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .command import call, needs_uml, result_of
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

HOME, CARE_OF, AGENT, CN = "10.10.0.254", {"wifi": "10.1.0.2", "umts": "10.2.0.2"}, "10.10.0.2", "10.20.0.2"


def made(folder: Path, *arguments: str) -> Path:
    done = call("run", "wifi-to-umts", "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bicast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("mip") / "bicast", "--scheme", "mipv4-bicast", "--engine", "uml")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("mip") / "plain", "--scheme", "mipv4", "--engine", "uml")


def requests(folder: Path, interface: str) -> list[list[str]]:
    """Those that left by an interface: TTL, care-of address, lifetime, S bit; and then the codes of replies."""
    by = f'mip && frame.interface_name == "{interface}"'
    names = ("ip.ttl", "mip.type", "mip.coa", "mip.life", "mip.s", "mip.code")
    return [line for line in fields(folder / "run.pcapng", by, *names) if line[0] == "255"]


def test_simultaneous_bindings_lose_nothing_and_nobody_misses_anything(bicast: Path) -> None:
    result = result_of(bicast)
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["lost"], media["interruption_ms"]) == (0, 0.0), way
        assert 40 < media["duplicates"] < 80
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    assert all(one["released"] for one in handover["window_s"].values())


def test_wireshark_reads_the_registrations(bicast: Path) -> None:
    over_wifi, over_umts = (
        [(line[1], line[2], line[3], line[4]) for line in requests(bicast, f"mn-{link}") if line[1] == "1"]
        for link in CARE_OF
    )
    assert over_wifi == [("1", CARE_OF["wifi"], "300", "0")]
    assert over_umts == [("1", CARE_OF["umts"], "300", "1"), ("1", CARE_OF["wifi"], "0", "1")]


@needs_uml
def test_speech_in_tunnels_is_measured_on_the_way_that_the_tunnel_takes(plain: Path) -> None:
    """RFC 3024 4.3.2: what comes by the old tunnel once the new one is bound is dropped, a one-way delay's worth."""
    result = result_of(plain)
    to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
    assert (to_mn["lost"], to_cn["lost"]) == (0, to_cn["lost_in_window"])
    assert 5 <= to_cn["lost"] <= 7
    assert to_mn["path_step_ms"] == pytest.approx(115, abs=5)
    assert to_mn["gap_ms"] == pytest.approx(to_mn["path_step_ms"], abs=25)
    assert to_mn["paths"]["wifi"]["packets"] + to_mn["paths"]["umts"]["packets"] == to_mn["received"]
    assert result["cost"]["tunnel_bytes_per_packet"] == 20.0
    assert result["handovers"][0]["signalling"] | {"bytes": None} == {
        "delay_ms": pytest.approx(217, abs=5), "messages": 0, "bytes": None, "retransmissions": 0,
        "mobility_messages": 2, "mobility_bytes": 88,
    }  # fmt: skip
    assert result["signalling"]["mobility"] == {"protocol": "Mobile IPv4", "messages": 4, "bytes": 176}


@needs_uml
def test_what_is_around_a_packet_is_what_the_run_says(plain: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first."""
    by = '(frame.interface_name == "mn-umts") && rtp'
    seen = {tuple(line) for line in fields(plain / "run.pcapng", by, "ip.src", "ip.dst")}
    assert seen == {
        (f"{CARE_OF['umts']},{HOME}", f"{AGENT},{CN}"), (f"{AGENT},{CN}", f"{CARE_OF['umts']},{HOME}"),
    }  # fmt: skip


@needs_uml
def test_a_phone_that_knows_nothing_of_it_keeps_its_call(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", "--scheme", "mipv4", "--mn", "baresip", "--engine", "uml")
    result = result_of(folder)
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert result["media"]["to_mn"]["lost"] == 0
    assert result["media"]["to_cn"]["lost"] <= 8


@needs_uml
def test_two_tunnels_all_the_time_lose_nothing_when_one_link_breaks(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = call(
        "run", "all-schemes", "--scheme", "mipv4-always", "--failure", "wifi-break", "--out", folder, "--engine", "uml"
    )
    assert done.returncode == 0, done.stderr
    for media in result_of(folder)["media"].values():
        assert media["lost"] == 0
        assert media["copies"] > 600


@needs_uml
def test_a_home_agent_that_dies_fails_the_run_and_loses_nothing(tmp_path: Path) -> None:
    failure = tmp_path / "agent-dies.yaml"
    failure.write_text(
        "name: agent-dies\nabout: the home agent's process dies\nsteps:\n  - {at: 4 s, kill: home-agent}\n"
    )
    folder = tmp_path / "run"
    done = call("run", "wifi-to-umts", "--scheme", "mipv4", "--failure", failure, "--out", folder, "--engine", "uml")
    assert done.returncode == 1
    assert "agent home-agent was killed by signal 9" in done.stderr
    assert 100 < result_of(folder)["media"]["to_mn"]["received"] < 200
    other = call("run", "wifi-to-umts", "--scheme", "handover-cn", "--failure", failure, "--out", tmp_path / "other")
    assert other.returncode == 2
    assert "agent-dies.yaml:4: steps.1.kill: 'home-agent' is no agent of this run; possible are: mn, cn" in other.stderr
