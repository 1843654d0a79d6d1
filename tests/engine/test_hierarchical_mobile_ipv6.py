"""Hierarchical Mobile IPv6 in the lab: what a home that is far costs with and without it, as Wireshark reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .command import call, needs_uml, result_of
from .test_fast_mobile_ipv6 import told
from .test_mobile_ipv6 import AGENT, CARE_OF, CN, HOME, over_ip6
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml

POINT, REGIONAL = "2001:db8:a00:100::a00:101", "2001:db8:a00:100:0:ff:fe00:1"
HOME_MS = 50


def far(folder: Path) -> Path:
    """The usual call over IPv6, with a home network that is far."""
    scenario = over_ip6(folder)
    scenario.write_text(scenario.read_text() + f"delay: {{home: {HOME_MS} ms}}\n")
    return scenario


def made(folder: Path, scheme: str, *options: str) -> Path:
    done = call("run", far(folder), "--out", folder / "run", "--engine", "uml", "--scheme", scheme, *options)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def faded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("hierarchy"), "hmipv6")


def test_a_move_takes_as_long_as_if_home_were_near(faded: Path, tmp_path: Path) -> None:
    """A round trip to the home agent more, and what is lost from the phone meanwhile, is what Mobile IPv6 takes."""
    hierarchical, plain = result_of(faded), result_of(made(tmp_path, "mipv6"))
    took_ms = {}
    for name, result in (("hmipv6", hierarchical), ("mipv6", plain)):
        to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
        assert (to_mn["lost"], to_cn["lost"], result["warnings"]) == (0, to_cn["lost_in_window"], [])
        assert to_cn["paths"]["wifi"]["packets"] + to_cn["paths"]["umts"]["packets"] == to_cn["received"]
        took_ms[name] = result["handovers"][0]["signalling"]["delay_ms"]
    assert took_ms["hmipv6"] == pytest.approx(215, abs=20)
    assert took_ms["mipv6"] - took_ms["hmipv6"] == pytest.approx(2 * HOME_MS, abs=25)
    lost = {name: one["media"]["to_cn"]["lost"] for name, one in (("hmipv6", hierarchical), ("mipv6", plain))}
    assert 4 <= lost["hmipv6"] <= 7
    assert lost["mipv6"] - lost["hmipv6"] == pytest.approx(2 * HOME_MS / 20, abs=2)


def test_what_it_costs_is_a_second_tunnel_and_one_update_more_at_the_beginning(faded: Path) -> None:
    result = result_of(faded)
    assert result["cost"]["tunnel_bytes_per_packet"] == 80.0
    assert result["signalling"]["mobility"] == {"protocol": "Hierarchical Mobile IPv6", "messages": 6, "bytes": 384}
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert (handover["signalling"]["mobility_messages"], handover["signalling"]["mobility_bytes"]) == (2, 128)
    assert told(faded, "discarded", "registration_refused", "registration_at_home_refused") == []


def test_wireshark_reads_the_updates_as_they_are_meant(faded: Path) -> None:
    """RFC 5380 4, 6.1: M and A here, H and A at home, whose are the addresses; and at home there is one of a call."""
    capture = faded / "run.pcapng"
    names = (
        "ipv6.src", "ipv6.dst", "ipv6.opt.mipv6.home_address", "mip6.bu.a_flag", "mip6.bu.h_flag", "mip6.bu.m_flag",
        "mip6.bu.lifetime", "mip6.auth.mobility_spi",
    )  # fmt: skip
    for link, own in CARE_OF.items():
        local = f'mip6.bu.m_flag == 1 && frame.interface_name == "mn-{link}"'
        assert fields(capture, local, *names) == [[own, POINT, REGIONAL, "1", "0", "1", "75", "1024"]]
        answered = f'mip6.mhtype == 6 && ipv6.nxt == 43 && !(ipv6.nxt == 41) && frame.interface_name == "mn-{link}"'
        said = ("ipv6.src", "ipv6.dst", "ipv6.routing.mipv6.home_address", "mip6.ba.status", "mip6.auth.mobility_spi")
        assert fields(capture, answered, *said) == [[POINT, own, REGIONAL, "0", "1024"]]
    at_home = 'mip6.mhtype == 5 && frame.interface_name == "home-eth0"'
    assert fields(capture, at_home, *names) == [[REGIONAL, AGENT, HOME, "1", "1", "0", "74", "256"]]
    on_the_air = 'mip6.bu.h_flag == 1 && frame.interface_name == "mn-wifi"'
    assert fields(capture, on_the_air, "ipv6.src", "ipv6.dst") == [
        [f"{CARE_OF['wifi']},{REGIONAL}", f"{POINT},{AGENT}"],
    ]  # fmt: skip


def test_speech_is_in_two_tunnels_at_the_phone_and_in_one_at_home(faded: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first."""
    names, own = ("ipv6.src", "ipv6.dst", "ipv6.nxt"), CARE_OF["umts"]
    at_phone = {tuple(one) for one in fields(faded / "run.pcapng", 'rtp && frame.interface_name == "mn-umts"', *names)}
    assert at_phone == {
        (f"{POINT},{AGENT},{CN}", f"{own},{REGIONAL},{HOME}", "41,41,17"),
        (f"{own},{REGIONAL},{HOME}", f"{POINT},{AGENT},{CN}", "41,41,17"),
    }  # fmt: skip
    tunnelled = 'rtp && ipv6.nxt == 41 && frame.interface_name == "home-eth0"'
    assert {tuple(one) for one in fields(faded / "run.pcapng", tunnelled, *names)} == {
        (f"{AGENT},{CN}", f"{REGIONAL},{HOME}", "41,17"), (f"{REGIONAL},{HOME}", f"{AGENT},{CN}", "41,17"),
    }  # fmt: skip


def test_on_a_break_the_call_goes_on_and_the_home_agent_hears_nothing(tmp_path: Path) -> None:
    folder = made(tmp_path, "hmipv6", "--failure", "wifi-break")
    assert [(one["source"], one["care_of"]) for one in told(folder, "registered") if one["source"] != "mobility"] == [
        ("anchor-point", CARE_OF["wifi"]), ("home-agent", REGIONAL), ("anchor-point", CARE_OF["umts"]),
    ]  # fmt: skip
    media = result_of(folder)["media"]
    for one in media.values():
        assert one["paths"]["umts"]["packets"] > 500
        assert one["lost"] == one["lost_in_window"] < 115


def test_routers_that_advertise_themselves_say_where_the_anchor_point_is(tmp_path: Path) -> None:
    """RFC 5380 5, 7.1: a phone that makes its addresses of what routers say has the anchor point from them too."""
    folder = tmp_path / "run"
    done = call("run", "over-ipv6", "--scheme", "hmipv6", "--out", folder, "--engine", "uml")
    assert done.returncode == 0, done.stderr
    result = result_of(folder)
    assert (result["handovers"][0]["outcome"], result["media"]["to_mn"]["lost"], result["warnings"]) == ("done", 0, [])
    names = ("ipv6.hlim", "icmpv6.checksum.status", *(f"icmpv6.opt.map.{one}" for one in (
        "distance", "preference", "flag.r", "valid_lifetime", "global_address",
    )))  # fmt: skip
    for link in CARE_OF:
        said = fields(folder / "run.pcapng", f'icmpv6.opt.type == 23 && frame.interface_name == "mn-{link}"', *names)
        assert {tuple(one) for one in said} == {("255", "1", "2", "15", "0", "2592000", POINT)}
    assert told(folder, "discarded", "no_anchor_point", "anchor_point_not_here") == []
