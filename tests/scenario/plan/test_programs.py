"""What is made for each program that we ship from its file and its templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from xml.etree import ElementTree

import pytest

from agents.rtp.coding.codec import MuLaw
from testbed.engine.guest.recipes import WITH_FOREIGN, recipe_for
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.loaded_program import able, load_program
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.places import PROGRAM

if TYPE_CHECKING:
    from testbed.lab.plan import Foreign, Plan
    from testbed.scenario.kinds.scenario import Side

PHONES = able("cn")


def planned(*, cn: str | None = None, mn: str | None = None, scheme: str = "reinvite", side: str = "mn") -> Plan:
    return compile_plan(load_experiment("all-schemes", scheme=scheme, cn=cn, mn=mn, hangs_up=cast("Side", side)))


def program(plan: Plan, name: str) -> Foreign:
    return next(one for one in plan["programs"] if one["name"] == name)


def test_there_are_phones_for_each_end_of_the_call() -> None:
    assert PHONES == ["baresip", "linphone", "sipp"]
    assert able("mn") == ["baresip", "linphone"]


@pytest.mark.parametrize("name", PHONES)
def test_phone_takes_the_place_of_our_correspondent(name: str) -> None:
    plan = planned(cn=name)
    (phone,) = plan["programs"]
    everything = " ".join([*phone["command"], *phone["files"].values()])
    assert (phone["name"], phone["node"], phone["file"]) == ("cn", "cn", f"{name}.yaml")
    assert phone["ready"]["udp"] == [5060]
    assert all(word in everything for word in ("10.20.0.2", "5060", "30000"))
    assert "{{" not in everything
    assert "{%" not in everything
    assert [one["name"] for one in plan["agents"]] == ["mn"]
    assert plan["agents"][-1] == planned()["agents"][-1]


def test_programs_that_we_ship_are_all_in_one_image() -> None:
    found = [load_program(PROGRAM.find(name)).settings.packages for name in PROGRAM.shipped()]
    assert recipe_for(package for packages in found for package in packages) is WITH_FOREIGN


@pytest.mark.parametrize("name", PHONES)
def test_each_character_of_a_file_is_a_byte(name: str) -> None:
    for content in program(planned(cn=name), "cn")["files"].values():
        content.encode("latin-1")


def test_baresip_has_the_sound_that_works() -> None:
    config = program(planned(cn="baresip"), "cn")["files"]["config"].splitlines()
    assert {"ausrc_srate 48000", "ausrc_channels 2", "rtp_ports 30000-30100"} <= set(config)


@pytest.mark.parametrize("name", able("mn"))
def test_phone_as_the_mobile_node_is_told_to_call_and_to_hang_up(name: str) -> None:
    plan = planned(mn=name)
    phone = program(plan, "mn")
    assert phone["is_mobile"]
    assert "sip:cn@10.20.0.2:5060" in phone["call"]["types"]
    assert [one["name"] for one in plan["agents"]] == ["cn"]
    told = [(one["do"], one["at_s"]) for one in plan["timeline"] if one["do"] in {"call", "hang_up", "end"}]
    assert told == [("call", 1.0), ("hang_up", 31.0), ("end", 35.0)]
    assert plan["connections"] == {
        "prefers": ["wifi", "umts"], "default_routes": True, "drops_addresses": True, "falls_back": True,
    }  # fmt: skip
    secret = "".join(phone["files"].values())
    assert "mobile-secret" in secret
    assert "10.10.0.2" not in secret


@pytest.mark.parametrize("name", able("mn"))
def test_phone_as_the_mobile_node_calls_through_its_home_network_where_the_scheme_has_one(name: str) -> None:
    plan = planned(mn=name, scheme="handover-b2bua")
    assert "10.10.0.2" in "".join(program(plan, "mn")["files"].values())
    assert not plan["connections"]["falls_back"]


def test_who_cannot_take_sha_256_is_asked_by_md5_alone() -> None:
    asked = {name: planned(mn=name)["agents"][0]["config"]["digest"] for name in able("mn")}
    assert asked == {"baresip": ["MD5"], "linphone": ["SHA-256", "MD5"]}
    assert "digest" not in planned()["agents"][0]["config"]


def test_nothing_is_done_to_the_routes_of_our_own_mobile_node() -> None:
    assert planned(cn="baresip")["connections"] == {
        "prefers": ["wifi", "umts"], "default_routes": False, "drops_addresses": False, "falls_back": False,
    }  # fmt: skip


def test_rtpengine_relays_from_its_node_and_is_told_what_to_do_on_loopback_alone() -> None:
    relay = program(planned(scheme="media-handover"), "rtpengine")
    assert {"--interface=10.10.0.2", "--listen-ng=127.0.0.1:2223", "--port-min=30000"} <= set(relay["command"])
    assert "--port-max=30100" in relay["command"]
    assert relay["ready"]["udp"] == [2223]


def kamailio(scenario: str, **options: str) -> str:
    plan = compile_plan(load_experiment(scenario, **options))  # type: ignore[arg-type]
    return program(plan, "kamailio")["files"]["kamailio.cfg"]


def test_kamailio_has_the_media_relayed_and_learned_where_it_is_told() -> None:
    relayed = kamailio("all-schemes", scheme="media-handover")
    plain = kamailio("tests/engine/data/through-kamailio.yaml")
    assert 'modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:2223")' in relayed
    assert 'rtpengine_manage("media-handover ' in relayed
    checked = kamailio("all-schemes", scheme="ice-restart")
    assert 'rtpengine_manage("asymmetric replace-origin ICE=$var(ice)")' in checked
    assert "media-handover" not in checked
    assert "rtpengine" not in plain
    for config in (relayed, plain):
        assert "listen=udp:10.10.0.2:5060\n" in config
        assert config.count("{") == config.count("}")
        routes = set(re.findall(r"^(?:onreply_)?route\[(\w+)\]", config, re.MULTILINE))
        used = re.findall(r"route\((\w+)\)|t_on_reply\(\"(\w+)\"\)", config)
        assert routes == {name for names in used for name in names if name}


def script(side: str) -> ElementTree.Element:
    """SIPp's script, as it reads it."""
    text = program(planned(cn="sipp", side=side), "cn")["files"]["scenario.xml"]
    return ElementTree.fromstring(text)  # noqa: S314 - our own


@pytest.mark.parametrize("side", ["mn", "cn"])
def test_sipps_script_jumps_to_labels_that_there_are(side: str) -> None:
    steps = list(script(side))
    labels = [step.get("id") for step in steps if step.tag == "label"]
    jumps = {step.get(name) for step in steps for name in ("next", "ontimeout")} - {None}
    assert len(labels) == len(set(labels))
    assert jumps <= set(labels)


def test_sipp_hangs_up_when_the_scenario_does() -> None:
    values = [one.get("value") for one in script("cn").iter("add")]
    assert "30000000" in values
    assert any("BYE [$target]" in (one.text or "") for one in script("cn").iter("send"))
    assert not any("BYE [$target]" in (one.text or "") for one in script("mn").iter("send"))


def test_sipps_tone_is_whole_packets_and_loud() -> None:
    speech = program(planned(cn="sipp"), "cn")["files"]["tone.ulaw"].encode("latin-1")
    assert len(speech) % 160 == 0
    samples = memoryview(MuLaw().decode(speech)).cast("h")
    assert max(samples) > 7000
    assert abs(sum(samples)) < len(samples) * 20
