"""Fast handovers of Mobile IPv6 in the lab: what routers send on and hold back, as Wireshark reads it; a stranger."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from .command import needs_uml, result_of
from .test_mobile_ipv6 import AGENT, CARE_OF, CN, HOME, made
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_uml

ROUTER = {"wifi": "2001:db8:a01::a01:1", "umts": "2001:db8:a02::a02:1"}
OWN = {"wifi": "02:00:00:00:00:01", "umts": "02:00:00:00:00:05"}


def told(folder: Path, *events: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines())
    return [one for one in lines if one["event"] in events]


@pytest.fixture(scope="module")
def faded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("predictive"), "fmipv6")


def test_nothing_is_lost_to_the_mn_and_it_waits_for_the_node_s_word(faded: Path) -> None:
    """What is held back until UMTS has brought the word comes late by that way, and is told so."""
    result = result_of(faded)
    to_mn, to_cn = result["media"]["to_mn"], result["media"]["to_cn"]
    assert (to_mn["lost"], to_cn["lost"]) == (0, to_cn["lost_in_window"])
    assert 5 <= to_cn["lost"] <= 9
    assert to_mn["path_step_ms"] == pytest.approx(117, abs=8)
    assert to_mn["gap_ms"] == pytest.approx(2 * to_mn["path_step_ms"], abs=25)
    assert to_mn["fixed_playout"]["200_ms"]["late"] > 0
    assert [one["lost"] for one in to_mn["paths"].values()] == [0, 0]
    (held,) = told(faded, "buffer_delivered")
    assert (held["source"], held["care_of"], held["overflowed"]) == ("access-router-umts", CARE_OF["umts"], 0)
    assert held["packets"] == pytest.approx(6, abs=1)
    assert [one["mode"] for one in told(faded, "redirecting")] == ["predictive"]
    assert told(faded, "discarded") == []
    assert result["signalling"]["mobility"] == {"protocol": "Fast Mobile IPv6", "messages": 12, "bytes": 688}
    assert result["warnings"] == []


def test_wireshark_reads_figure_2(faded: Path) -> None:
    """RFC 5568 6.1 to 6.4: the order, the ends, and what each says."""
    capture = faded / "run.pcapng"

    def at(interface: str, wanted: str, *names: str) -> list[list[str]]:
        return fields(capture, f'frame.interface_name == "{interface}" && {wanted}', *names)

    solicited = at("mn-wifi", "icmpv6.type == 154", "ipv6.src", "ipv6.dst", "ipv6.hlim", "icmpv6.fmip6.subtype",
                   "icmpv6.checksum.status")  # fmt: skip
    assert solicited == [
        [CARE_OF["wifi"], ROUTER["wifi"], "255", "2", "1"], ["fe80::ff:fe00:4", CARE_OF["wifi"], "255", "3", "1"],
    ]  # fmt: skip
    names = ("ipv6.src", "ipv6.dst", "ipv6.opt.mipv6.home_address", "mip6.fbu.a_flag", "mip6.fbu.h_flag",
             "mip6.acoa.acoa", "mip6.lla", "mip6.badff.spi")  # fmt: skip
    ((*update, number),) = at("mn-wifi", "mip6.mhtype == 8", *names, "mip6.fbu.seqnr")
    assert update == [
        CARE_OF["wifi"], ROUTER["wifi"], CARE_OF["wifi"], "1", "1", CARE_OF["umts"], OWN["umts"], "512",
    ]  # fmt: skip
    ((*initiate, asked),) = at(
        "umts-gw-core", "mip6.mhtype == 14", "ipv6.src", "ipv6.dst", "mip6.hi.s_flag", "mip6.hi.u_flag",
        "mip6.hi.code", "mip6.lla", "mip6.mhipv6ap.opt_code", "mip6.mhipv6ap.ipv6_address", "mip6.badff.spi",
        "mip6.hi.seqnr",
    )  # fmt: skip
    assert initiate == [
        ROUTER["wifi"], ROUTER["umts"], "0", "1", "0", OWN["umts"], "1,2", f"{CARE_OF['wifi']},{CARE_OF['umts']}",
        "768",
    ]  # fmt: skip
    (answered,) = at("umts-gw-core", "mip6.mhtype == 15", "ipv6.src", "mip6.hack.code", "mip6.hack.seqnr")
    assert answered == [ROUTER["umts"], "0", asked]
    for link in CARE_OF:
        (answer,) = at(f"mn-{link}", "mip6.mhtype == 9", "ipv6.src", "ipv6.dst", "mip6.fback.status",
                       "mip6.fback.seqnr", "mip6.badff.spi")  # fmt: skip
        assert answer == [ROUTER["wifi"], CARE_OF[link], "0", number, "512"]
    arrived = at("mn-umts", f"icmpv6.type == 136 && ipv6.src == {CARE_OF['umts']}", "ipv6.dst", "ipv6.hlim",
                 "icmpv6.nd.na.target_address", "icmpv6.nd.na.flag.o", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.r",
                 "icmpv6.opt.linkaddr")  # fmt: skip
    assert [ROUTER["umts"], "255", CARE_OF["umts"], "0", "0", "0", OWN["umts"]] in [
        [one.replace("False", "0") for one in line] for line in arrived
    ]


def test_what_is_sent_on_is_in_a_tunnel_within_a_tunnel(faded: Path) -> None:
    """Oracle: tshark's own list of the headers, outermost first."""
    by = '(frame.interface_name == "mn-umts") && rtp && !icmpv6'
    seen = {tuple(line) for line in fields(faded / "run.pcapng", by, "ipv6.src", "ipv6.dst", "ipv6.nxt")}
    old, own = CARE_OF["wifi"], CARE_OF["umts"]
    assert seen == {
        (f"{ROUTER['wifi']},{AGENT},{CN}", f"{own},{old},{HOME}", "41,41,17"),
        (f"{own},{HOME}", f"{AGENT},{CN}", "41,17"), (f"{AGENT},{CN}", f"{own},{HOME}", "41,17"),
    }  # fmt: skip


def test_what_was_held_leaves_five_at_once_and_then_as_quickly_as_it_came(faded: Path) -> None:
    """5.4: the algorithm that each router has to have."""
    sent_on = f'frame.interface_name == "umts-gw-air" && rtp && !icmpv6 && ipv6.src == {ROUTER["wifi"]}'
    times = [float(at) for (at,) in fields(faded / "run.pcapng", sent_on, "frame.time_relative")]
    gaps_ms = [1000 * (later - at) for at, later in pairwise(times)]
    assert all(one < 0.1 for one in gaps_ms[:4])
    assert all(15 < one < 25 for one in gaps_ms[4:6])


def test_on_a_break_the_old_router_is_asked_over_the_new_link_and_it_is_mobile_ipv6(tmp_path: Path) -> None:
    """Figure 3; what the radio has lost nobody has."""
    folder = made(tmp_path, "fmipv6", "--failure", "wifi-break")
    assert [one["mode"] for one in told(folder, "redirecting")] == ["reactive"]
    assert [one["code"] for one in told(folder, "handover_initiated")] == [0]
    result = result_of(folder)
    assert result["media"]["to_mn"]["gap_ms"] == pytest.approx(1955, abs=60)
    assert result["handovers"][0]["outcome"] == "done"
    assert fields(folder / "run.pcapng", "mip6.mhtype == 14", "mip6.hi.code")[0] == ["1"]
    assert result["warnings"] == []


SMALL = '''"""A new router with room for three packets."""
from agents.roles.mn.schemes import Home, SchemeRow
from agents.roles.mn.schemes.unaware import Unaware

BELOW = {"protocol": "Fast Mobile IPv6", "ip": 6, "bindings": "one", "buffer_bytes": 1000}
FALLING = {"on": "signal", "below": "-60 dBm"}
SCHEME = SchemeRow(api=1, about="little room", scheme=Unaware, home=Home.AGENT, trigger=FALLING, attach="beforehand",
                   below=BELOW)
'''


def test_a_buffer_that_is_full_loses_the_rest_and_says_so(tmp_path: Path) -> None:
    small = tmp_path / "small.py"
    small.write_text(SMALL)
    folder = made(tmp_path, str(small))
    (held,) = told(folder, "buffer_delivered")
    assert held["packets"] == 3
    assert held["bytes"] <= 1000
    assert held["overflowed"] == result_of(folder)["media"]["to_mn"]["lost"] > 0


def test_to_and_fro_each_router_is_left_and_come_to_and_nothing_goes_round(tmp_path: Path) -> None:
    """5.6: who comes back within the ten seconds has nothing sent on; each handover holds back anew."""
    folder = made(tmp_path, "fmipv6", "--failure", "swaying-signal")
    result = result_of(folder)
    handovers = [(one["outcome"], one["new_path"]) for one in result["handovers"]]
    assert len(handovers) > 5
    assert handovers == [("done", ("umts", "wifi")[number % 2]) for number in range(len(handovers))]
    assert result["media"]["to_mn"]["lost"] == 0
    assert len(told(folder, "buffer_delivered")) == len(handovers)
    assert len(told(folder, "redirection_ended")) == len(handovers) - 1
    assert told(folder, "discarded") == []
