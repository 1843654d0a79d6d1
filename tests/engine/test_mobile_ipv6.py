"""Mobile IPv6 in the lab: the kernel's tunnels, the messages as Wireshark reads them, and what is measured of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from testbed.scenario.reading.places import SCENARIO

from .command import call, needs_uml, result_of
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml

HOME, AGENT, CN = "2001:db8:a0a::a0a:fe", "2001:db8:a0a::a0a:2", "2001:db8:a14::a14:2"
CARE_OF = {"wifi": "2001:db8:a01::a01:2", "umts": "2001:db8:a02::a02:2"}
BINDING_UPDATE, BINDING_ACKNOWLEDGEMENT = "5", "6"
# The mobility headers of a binding with a correspondent, by their types: HoTI, CoTI, HoT, CoT, BU, BA.
ROUTE_OPTIMISATION = Counter({"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1})


def over_ip6(folder: Path) -> Path:
    """The usual call over IPv6, with static addresses."""
    text = SCENARIO.find("wifi-to-umts").read_text()
    assert text.count("\nseed: 1\n") == 1
    scenario = folder / "six.yaml"
    scenario.write_text(text.replace("\nseed: 1\n", "\nseed: 1\nip: 6\n"))
    return scenario


def made(folder: Path, scheme: str, *options: str) -> Path:
    done = call("run", over_ip6(folder), "--out", folder / "run", "--engine", "uml", "--scheme", scheme, *options)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tunnel"), "mipv6")


def test_a_handover_loses_nothing_to_the_mn_and_a_one_way_delay_from_it(plain: Path) -> None:
    result = result_of(plain)
    to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
    assert (to_mn["lost"], to_cn["lost"]) == (0, to_cn["lost_in_window"])
    assert 4 <= to_cn["lost"] <= 7
    assert to_mn["path_step_ms"] == pytest.approx(115, abs=5)
    assert to_mn["gap_ms"] == pytest.approx(to_mn["path_step_ms"], abs=25)
    assert to_mn["paths"]["wifi"]["packets"] + to_mn["paths"]["umts"]["packets"] == to_mn["received"]
    assert result["cost"]["tunnel_bytes_per_packet"] == 40.0
    assert result["handovers"][0]["outcome"] == "done"
    assert result["handovers"][0]["signalling"] == {
        "delay_ms": pytest.approx(215, abs=15), "messages": 0, "bytes": 0, "retransmissions": 0,
        "mobility_messages": 2, "mobility_bytes": 128,
    }  # fmt: skip
    assert result["signalling"]["mobility"] == {"protocol": "Mobile IPv6", "messages": 4, "bytes": 256}


def test_wireshark_reads_the_messages_as_they_are_meant(plain: Path) -> None:
    """RFC 6275 6.1.7, 6.1.8, 6.3, 6.4; RFC 4283; RFC 4285: addresses, flags, lifetime, options, answers."""
    names = (
        "ipv6.src", "ipv6.dst", "ipv6.opt.mipv6.home_address", "mip6.mhtype", "mip6.bu.a_flag", "mip6.bu.h_flag",
        "mip6.bu.lifetime", "mip6.acoa.acoa", "mip6.mnid.identifier", "mip6.auth.mobility_spi", "mip6.bu.seqnr",
    )  # fmt: skip
    for link, own in CARE_OF.items():
        at = f'mipv6 && frame.interface_name == "mn-{link}"'
        ((*update, sent),) = fields(plain / "run.pcapng", f"{at} && mip6.mhtype == {BINDING_UPDATE}", *names)
        assert update == [own, AGENT, HOME, BINDING_UPDATE, "1", "1", "75", own, "mn@home.example", "256"]
        (answer,) = fields(
            plain / "run.pcapng", f"{at} && mip6.mhtype == {BINDING_ACKNOWLEDGEMENT}",
            "ipv6.src", "ipv6.dst", "ipv6.routing.mipv6.home_address", "mip6.ba.status", "mip6.ba.lifetime",
            "mip6.ba.seqnr", "mip6.auth.mobility_spi",
        )  # fmt: skip
        assert answer == [AGENT, own, HOME, "0", "75", sent, "256"]


def test_what_is_around_a_packet_is_what_the_run_says(plain: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first; without RFC 2473's option between them."""
    by = '(frame.interface_name == "mn-umts") && rtp'
    seen = {tuple(line) for line in fields(plain / "run.pcapng", by, "ipv6.src", "ipv6.dst", "ipv6.nxt")}
    own = CARE_OF["umts"]
    assert seen == {(f"{own},{HOME}", f"{AGENT},{CN}", "41,17"), (f"{AGENT},{CN}", f"{own},{HOME}", "41,17")}


# -- with route optimisation -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def optimised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("direct"), "mipv6-ro")


def test_with_route_optimisation_nothing_is_lost_either_way(optimised: Path) -> None:
    """What the old address still brings counts until the correspondent knows the new one."""
    result = result_of(optimised)
    for media in result["media"].values():
        assert (media["lost"], media["path_step_ms"]) == (0, pytest.approx(120, abs=15))
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
        assert [one["lost"] for one in media["paths"].values()] == [0, 0]
    # A header of 24 bytes each way; 40 from the home agent's answer to the correspondent's, a quarter of a second.
    assert 24.0 < result["cost"]["tunnel_bytes_per_packet"] < 24.2
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["new_path"]) == ("done", "umts")
    assert handover["signalling"]["mobility_messages"] == 8


def test_wireshark_reads_the_tests_and_their_tokens(optimised: Path) -> None:
    """RFC 6275 5.2.5: over the WiFi the home address's go by the tunnel, and each test has its question's cookie."""
    capture = optimised / "run.pcapng"
    for link, own in CARE_OF.items():
        at = f'mipv6 && frame.interface_name == "mn-{link}" && (ipv6.src == {CN} || ipv6.dst == {CN})'
        kinds = Counter(kind for (kind,) in fields(capture, at, "mip6.mhtype"))
        by_home = Counter({"1": 1, "3": 1})  # asked by the tunnel that is still in use, over the WiFi
        assert kinds == (ROUTE_OPTIMISATION + by_home if link == "wifi" else ROUTE_OPTIMISATION - by_home), link
        direct = f"{at} && !(ipv6.nxt == 41)"
        ((asked,),) = fields(capture, f"{direct} && mip6.mhtype == 2", "mip6.coti.cookie")
        ((answered, care_of_nonce),) = fields(
            capture, f"{direct} && mip6.mhtype == 4", "mip6.cot.cookie", "mip6.cot.nindex"
        )
        assert asked == answered
        ((*update, home_nonce, nonce),) = fields(
            capture, f"{direct} && mip6.mhtype == {BINDING_UPDATE}", "ipv6.src", "ipv6.dst",
            "ipv6.opt.mipv6.home_address", "mip6.bu.a_flag", "mip6.bu.h_flag", "mip6.bu.lifetime", "mip6.ni.hni",
            "mip6.ni.cni",
        )  # fmt: skip
        assert update == [own, CN, HOME, "1", "0", "105"]
        assert nonce == care_of_nonce
        assert home_nonce in {line[0] for line in fields(capture, "mip6.mhtype == 3 && mipv6", "mip6.hot.nindex")}
        ((*answer,),) = fields(
            capture, f"{direct} && mip6.mhtype == {BINDING_ACKNOWLEDGEMENT}", "ipv6.src", "ipv6.dst",
            "ipv6.routing.mipv6.home_address", "mip6.ba.status",
        )  # fmt: skip
        assert answer == [CN, own, HOME, "0"]


def test_speech_has_a_header_of_its_own_and_no_tunnel(optimised: Path) -> None:
    """Once both have moved: out with the home address option, back with a type 2 routing header."""
    late = 'rtp && frame.interface_name == "mn-umts" && frame.time_relative > 20'
    names = ("ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.opt.mipv6.home_address", "ipv6.routing.mipv6.home_address")
    own = CARE_OF["umts"]
    assert {tuple(line) for line in fields(optimised / "run.pcapng", late, *names)} == {
        (own, CN, "60", HOME, ""), (CN, own, "43", "", HOME),
    }  # fmt: skip


def test_on_a_break_the_correspondent_hears_of_it_two_round_trips_later_than_the_home_agent(tmp_path: Path) -> None:
    """The home address is tested once the home agent has answered, and the correspondent is told after that."""
    gaps = {}
    for scheme in ("mipv6", "mipv6-ro"):
        folder = tmp_path / scheme
        folder.mkdir()
        media = result_of(made(folder, scheme, "--failure", "wifi-break"))["media"]
        gaps[scheme] = {way: one["gap_ms"] for way, one in media.items()}
    assert gaps["mipv6-ro"]["to_mn"] - gaps["mipv6"]["to_mn"] == pytest.approx(450, abs=60)
    assert gaps["mipv6-ro"]["to_cn"] == pytest.approx(gaps["mipv6"]["to_cn"], abs=60)


def test_copies_over_two_bindings_lose_nothing_and_nobody_misses_anything(tmp_path: Path) -> None:
    """RFC 5648: two bindings for a second; that each gets a copy is ours."""
    folder = made(tmp_path, "mipv6-bicast")
    for way, media in result_of(folder)["media"].items():
        assert (media["lost"], media["interruption_ms"]) == (0, 0.0), way
        assert 40 < media["duplicates"] < 80
    updates = f"mipv6 && mip6.mhtype == {BINDING_UPDATE} && frame.interface_name == mn-umts"
    said = fields(folder / "run.pcapng", updates.replace("mn-umts", '"mn-umts"'), "mip6.acoa.acoa", "mip6.bu.lifetime")
    assert said == [[CARE_OF["umts"], "75"], [CARE_OF["wifi"], "0"]]
