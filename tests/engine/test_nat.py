"""Calls from behind a NAT in the lab: the kernel's own translation, seen by Wireshark on both of its sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import DATA, call, result_of, run_scenario
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

WIFI_OUTSIDE, UMTS_OUTSIDE, CN, HOME = "10.0.1.2", "10.0.2.2", "10.20.0.2", "10.10.0.2"


def made(folder: Path, nat: str, *options: str) -> Path:
    """A run folder of the usual scenario, its losses left out, with these NATs."""
    scenario = folder.with_suffix(".yaml")
    text = SCENARIO.find("all-schemes").read_text()
    scenario.write_text(f"{text}\nnat: {{{nat}}}\n")
    done = call("run", scenario, "--no-page", "--out", folder, *options)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another port for each that is sent to, on both links."""
    nat = "wifi: symmetric, umts: carrier-symmetric"
    return made(tmp_path_factory.mktemp("nat") / "strict", nat, "--scheme", "handover-cn")


def assert_nothing_is_missed(result: dict[str, Any]) -> None:
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["lost_in_window"], media["interruption_ms"]) == (0, 0.0), way
        assert media["paths"]["wifi"]["new"] > 500
        assert media["paths"]["umts"]["new"] > 500
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    assert result["warnings"] == []


def test_a_fade_is_survived_behind_the_strictest(strict: Path) -> None:
    assert_nothing_is_missed(result_of(strict))


def test_outside_there_are_the_nat_s_addresses_alone(strict: Path) -> None:
    seen = {host for (host,) in fields(strict / "run.pcapng", 'frame.interface_name == "cn-eth0" && udp', "ip.src")}
    assert seen == {CN, WIFI_OUTSIDE, UMTS_OUTSIDE}


def test_it_counts_what_wireshark_sees_on_both_sides(strict: Path) -> None:
    """Oracle: ports of the phone's datagrams at the two interfaces of the router."""
    told = result_of(strict)["nats"]
    for link, router, inner, outside in (
        ("wifi", "wifi-gw", "10.1.0.2", WIFI_OUTSIDE), ("umts", "umts-gw", "10.2.0.2", UMTS_OUTSIDE),
    ):  # fmt: skip
        inside, out = (
            {port for (port,) in fields(strict / "run.pcapng", f'{at}-{end}" && udp && ip.src == {ip}', "udp.srcport")}
            for at in (f'frame.interface_name == "{router}',)
            for end, ip in (("air", inner), ("core", outside))
        )
        assert (told[link]["inner_ends"], told[link]["given_ends"]) == (len(inside), len(out))
        assert told[link]["refused"] == 0
        assert inside.isdisjoint(out)


def test_the_b2bua_bridges_though_the_correspondent_could(tmp_path: Path) -> None:
    """It is not the one whom the phone has proved anything to."""
    result = result_of(made(tmp_path / "run", "wifi: home-router, umts: carrier", "--scheme", "handover-b2bua"))
    assert_nothing_is_missed(result)


def test_the_kernel_s_helper_rewrites_what_sip_and_sdp_say(tmp_path: Path) -> None:
    nat = "wifi: home-router-sip, umts: home-router-sip"
    folder = made(tmp_path / "run", nat, "--scheme", "handover-cn")
    assert_nothing_is_missed(result_of(folder))
    told = ("sip.contact.host", "sip.Via.sent-by.address", "sdp.connection_info.address")
    invites = fields(folder / "run.pcapng", 'frame.interface_name == "cn-eth0" && sip.Method == "INVITE"', *told)
    assert set(map(tuple, invites)) == {(WIFI_OUTSIDE,) * 3, (UMTS_OUTSIDE,) * 3}


def test_a_tunnel_goes_through_it_and_so_do_its_numbers(tmp_path: Path) -> None:
    """Of what is in WireGuard's packets no byte can be read: they are known by their counters on both sides."""
    folder = made(tmp_path / "run", "wifi: home-router, umts: carrier-symmetric", "--scheme", "wireguard")
    result = result_of(folder)
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert media["lost_in_window"] == 0
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=25)
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
    assert not any("not captured" in one or "not read" in one for one in result["warnings"])


def test_a_mapping_that_is_shorter_than_the_call_is_kept(tmp_path: Path) -> None:
    """The correspondent hangs up after 80 seconds in which nothing but that was said by SIP."""
    (tmp_path / "short.yaml").write_text(
        "name: short\nabout: it forgets after 35 s\nmapping: address-and-port-dependent\n"
        "filtering: address-and-port-dependent\nports: 20000-20511\ntimeout: 35 s\n"
    )
    scenario = tmp_path / "long.yaml"
    scenario.write_text(SCENARIO.find("ideal").read_text().replace("duration: 6 s", "duration: 80 s")
                        + "\nnat: {wifi: ./short.yaml}\n")  # fmt: skip
    folder = tmp_path / "run"
    quiet = ("--scheme", "handover-cn", "--failure", str(DATA / "nothing.yaml"), "--hangs-up", "cn")
    result = run_scenario(scenario, folder, *quiet)
    (bye,) = [one for one in result["transactions"] if one["method"] == "BYE"]
    assert (bye["interface"], bye["status"], bye["retransmissions"]) == ("mn-wifi", 200, 0)
    told = result["nats"]["wifi"]
    seen = fields(folder / "run.pcapng", 'frame.interface_name == "mn-wifi" && stun && udp.port == 5060', "ip.len")
    assert (told["keep_alives"], told["keep_alive_bytes"]) == (len(seen), sum(int(size) for (size,) in seen))
    assert 4 <= len(seen) <= 6
    assert told["refused"] == 0


def test_by_the_engine_whose_kernel_loads_modules(tmp_path: Path) -> None:
    scenario = tmp_path / "short.yaml"
    text = (DATA / "short.yaml").read_text().replace("failure: ", f"failure: {DATA}/")
    scenario.write_text(f"{text}nat: {{wifi: symmetric, umts: home-router-sip}}\n")
    result = run_scenario(scenario, tmp_path / "run", "--engine", "vm")
    assert result["nats"]["wifi"]["given_ends"] > 0
    assert result["nats"]["umts"]["given_ends"] > 0
    assert result["media"]["to_mn"]["received"] > 200
