"""What is made for each phone from its templates."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from agents.rtp.codec import MuLaw
from testbed.phones import baresip, kamailio, linphone, rtpengine, sipp
from testbed.phones.site import Site

SITE = Site("cn", "192.0.2.7", sip_port=5070, media_port=31000)
PHONES = {"baresip": baresip, "linphone": linphone, "sipp": sipp}


@pytest.mark.parametrize("name", PHONES)
def test_phone_listens_where_it_is_told(name: str) -> None:
    program = PHONES[name].program(SITE)
    everything = [*program["command"], *program["files"].values()]
    assert program["udp_ports"] == [5070]
    for word in ("192.0.2.7", "5070", "31000"):
        assert any(word in text for text in everything), word
    assert not any("{{" in text or "{%" in text for text in everything)


@pytest.mark.parametrize("name", PHONES)
def test_each_character_of_a_file_is_a_byte(name: str) -> None:
    for content in PHONES[name].program(SITE)["files"].values():
        content.encode("latin-1")


def test_baresip_has_the_sound_that_works() -> None:
    config = baresip.program(SITE)["files"]["config"].splitlines()
    assert {"ausrc_srate 48000", "ausrc_channels 2", "rtp_ports 31000-31100"} <= set(config)


def script(hang_up_after: float | None) -> ElementTree.Element:
    """SIPp's script, as it reads it."""
    text = sipp.program(replace(SITE, hang_up_after=hang_up_after))["files"]["scenario.xml"]
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_rtpengine_relays_from_the_site_and_is_told_what_to_do_on_loopback_alone() -> None:
    program = rtpengine.program(SITE)
    assert {"--interface=192.0.2.7", "--listen-ng=127.0.0.1:2223", "--port-min=31000"} <= set(program["command"])
    assert program["udp_ports"] == [2223]


def test_kamailio_has_the_media_relayed_and_learned_where_it_is_told() -> None:
    relayed = kamailio.proxy(SITE, is_relayed=True)["files"]["kamailio.cfg"]
    plain = kamailio.proxy(SITE)["files"]["kamailio.cfg"]
    assert 'modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:2223")' in relayed
    assert 'rtpengine_manage("media-handover ' in relayed
    assert "rtpengine" not in plain
    for config in (relayed, plain):
        assert "listen=udp:192.0.2.7:5070\n" in config
        assert config.count("{") == config.count("}")
        routes = set(re.findall(r"^(?:onreply_)?route\[(\w+)\]", config, re.MULTILINE))
        used = re.findall(r"route\((\w+)\)|t_on_reply\(\"(\w+)\"\)", config)
        assert routes == {name for names in used for name in names if name}


@pytest.mark.parametrize("hang_up_after", [None, 5.0])
def test_sipps_script_jumps_to_labels_that_there_are(hang_up_after: float | None) -> None:
    steps = list(script(hang_up_after))
    labels = [step.get("id") for step in steps if step.tag == "label"]
    jumps = {step.get(name) for step in steps for name in ("next", "ontimeout")} - {None}
    assert len(labels) == len(set(labels))
    assert jumps <= set(labels)


def test_sipp_hangs_up_when_the_scenario_does() -> None:
    values = [one.get("value") for one in script(5.25).iter("add")]
    assert "5250000" in values
    assert any("BYE [$target]" in (one.text or "") for one in script(5.25).iter("send"))
    assert not any("BYE [$target]" in (one.text or "") for one in script(None).iter("send"))


def test_sipps_tone_is_whole_packets_and_loud() -> None:
    speech = sipp.program(SITE)["files"]["tone.ulaw"].encode("latin-1")
    assert len(speech) % 160 == 0
    samples = memoryview(MuLaw().decode(speech)).cast("h")
    assert max(samples) > 7000
    assert abs(sum(samples)) < len(samples) * 20
