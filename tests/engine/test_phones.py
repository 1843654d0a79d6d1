"""Phones that others wrote, as correspondents: the call, its handover by re-INVITE, and who hangs up."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agents.sip.message.message import Request

from .command import DATA, call, run_scenario
from .sip_packets import sip_messages
from .tshark import fields

PHONES = ("baresip", "linphone", "sipp")
OLD_ADDRESS, NEW_ADDRESS = "10.1.0.2", "10.2.0.2"


class Called(NamedTuple):
    """A run with a phone that hangs up after the handover."""

    phone: str
    folder: Path
    result: dict[str, Any]


def byes(folder: Path) -> list[tuple[str, str]]:
    """From where to where BYE and its 200 arrived at the ends of the call, in order of each capture."""
    arrived = {"mn-wifi": OLD_ADDRESS, "mn-umts": NEW_ADDRESS, "cn-eth0": "10.20.0.2", "home-eth0": "10.10.0.2"}
    found = []
    for interface, address in arrived.items():
        for one in sip_messages(folder / "captures" / f"{interface}.pcap"):
            is_good = isinstance(one.message, Request) or one.message.status == 200
            if one.message.cseq.method == "BYE" and one.destination == address and is_good:
                found.append((one.source, one.destination))
    return found


@pytest.fixture(scope="module", params=PHONES)
def called(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Called:
    folder = tmp_path_factory.mktemp(request.param) / "run"
    script = DATA / "wifi-gone-cn-hangs-up.yaml"
    result = run_scenario("ideal", folder, "--scheme", "reinvite", "--failure", str(script), "--cn", request.param)
    return Called(request.param, folder, result)


def test_media_move_in_both_directions(called: Called) -> None:
    assert called.result["warnings"] == []
    for direction in ("to_mn", "to_cn"):
        media = called.result["media"][direction]
        assert media["paths"]["wifi"]["new"] > 40
        assert media["paths"]["umts"]["new"] > 40
        assert media["lost"] == media["lost_in_window"]
        assert media["gap_ms"] is not None


def test_link_carries_packets_when_it_is_said_to_be_attached(called: Called) -> None:
    (moved,) = (
        one for one in called.result["transactions"] if one["method"] == "INVITE" and one["interface"] == "mn-umts"
    )
    assert moved["retransmissions"] == 0
    assert called.result["handover"]["phases_ms"]["signalling"] < 100


def test_phone_hangs_up_at_the_new_address(called: Called) -> None:
    capture = called.folder / "captures" / "mn-umts.pcap"
    heard = fields(capture, 'sip.Method == "BYE"', "ip.src", "ip.dst", "sip.r-uri.user", "sip.r-uri.host")
    assert heard == [["10.20.0.2", NEW_ADDRESS, "mn", NEW_ADDRESS]]
    events = [json.loads(line) for line in (called.folder / "events.jsonl").read_text().splitlines()]
    (hung_up,) = (event["t_s"] for event in events if event["event"] == "hang_up" and event["source"] == "lab")
    (ended,) = (event["t_s"] for event in events if event["event"] == "call_ended" and event["source"] == "mn")
    assert 0 <= ended - hung_up < 0.2


def test_manifest_and_plan_say_who_was_called(called: Called) -> None:
    assert json.loads((called.folder / "manifest.json").read_text())["cn"] == called.phone
    (program,) = json.loads((called.folder / "plan.json").read_text())["programs"]
    for name in program["files"]:
        assert (called.folder / "logs" / "cn" / name).exists()
    assert (called.folder / "logs" / "cn.log").stat().st_size


def test_same_bytes_again(called: Called) -> None:
    done = call("verify", called.folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("phone", "side"), [*((phone, "cn") for phone in PHONES), ("sipp", "mn")])
def test_b2bua_hands_over_for_a_phone_that_knows_nothing_of_it(phone: str, side: str, tmp_path: Path) -> None:
    """And whoever hangs up then is heard by the other: the phone at the address that the B2BUA was called from last."""
    folder = tmp_path / "run"
    result = run_scenario(DATA / "phone.yaml", folder, "--cn", phone, "--hangs-up", side)
    assert result["warnings"] == []
    old, new, home, cn = OLD_ADDRESS, NEW_ADDRESS, "10.10.0.2", "10.20.0.2"
    ways = {"mn": [(new, home), (home, cn)], "cn": [(cn, home), (home, new)]}[side]
    assert set(byes(folder)) == {(end, other) for way in ways for end, other in (way, way[::-1])} | {
        (old, home), (home, old),  # of the dialog that was handed over, while both links worked
    }  # fmt: skip
    for direction in ("to_mn", "to_cn"):
        media = result["media"][direction]
        assert media["lost_in_window"] == 0
        assert media["interruption_ms"] == 0
        assert media["paths"]["umts"]["new"] > 40


def test_call_moves_through_a_proxy_that_stays_on_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    result = run_scenario(DATA / "through-kamailio.yaml", folder)
    assert result["warnings"] == []
    assert all(media["lost"] == media["lost_in_window"] for media in result["media"].values())
    columns = ("ip.src", "ip.dst", "sip.r-uri.host")
    at_mn = fields(folder / "captures" / "mn-umts.pcap", 'sip.Method == "BYE"', *columns)
    assert at_mn == [["10.10.0.2", NEW_ADDRESS, NEW_ADDRESS]]
    at_cn = fields(folder / "captures" / "cn-eth0.pcap", "sip", *columns[:2])
    assert {address for row in at_cn for address in row} == {"10.10.0.2", "10.20.0.2"}
    assert json.loads((folder / "manifest.json").read_text())["proxy"] == "kamailio"


def test_rtpengine_learns_the_new_address_and_the_caller_hangs_up_from_there(tmp_path: Path) -> None:
    """`media-handover`, with nothing of ours but the MN: Kamailio, rtpengine, baresip."""
    folder = tmp_path / "run"
    result = run_scenario(DATA / "relayed.yaml", folder)
    assert result["warnings"] == []
    for media in result["media"].values():
        assert media["lost_in_window"] == 0
        assert 0 < media["gap_ms"] < media["path_step_ms"] + 40  # two packet intervals, in which it begins
        assert 0 < media["interruption_ms"] < media["path_step_ms"] + 60  # nobody has heard the new path before
        assert media["paths"]["umts"]["new"] > 100
    # The media were there before SIP asked for them.
    assert result["handover"]["phases_ms"]["media"] < 0
    assert "Peer address changed to 10.2.0.2:" in (folder / "logs" / "rtpengine.log").read_text()
    columns = ("ip.src", "ip.dst", "sip.r-uri.host")
    at_mn = fields(folder / "captures" / "mn-umts.pcap", 'sip.Method == "BYE"', *columns)
    assert at_mn == [[NEW_ADDRESS, "10.10.0.2", "10.20.0.2"]]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [event.get("status") for event in events if event["event"] == "call_ended"] == [200]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["proxy"], manifest["roles"]["relay"]["interfaces"]["eth0"]["address"]) == ("kamailio", "10.10.0.2")


def test_proxy_has_no_place_beside_the_b2bua(tmp_path: Path) -> None:
    scenario = DATA / "through-kamailio.yaml"
    done = call("run", scenario, "--scheme", "handover-b2bua", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert (
        "through-kamailio.yaml:13: proxy: under handover-b2bua the B2BUA has the proxy's place in 'home'" in done.stderr
    )
