"""The message chart of hand-made runs: each message once, with when it left and when it arrived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import MeasuredRun, RunFolderError
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response
from tests.measure.wire.pieces import in_fragments, over_tcp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.measure.result.chart import Chart, Passage

HOME, THIRD, STRANGER = "10.10.0.2", "10.30.0.2", "192.0.2.9"
ADDRESSES = {**synthetic.ADDRESS, "home": HOME, "third": THIRD, "stranger": STRANGER}
INTERFACES = {"wifi": "mn-wifi", "umts": "mn-umts", "cn": "cn-eth0", "home": "home-eth0", "third": "third-eth0"}


def ms(chart: Chart, time_ns: int | None) -> float | None:
    return None if time_ns is None else (time_ns - chart.start_ns) / MS


def flow(chart: Chart) -> list[tuple[object, ...]]:
    """The messages as (when, from, to, what, how much later it arrived)."""
    return [
        (
            ms(chart, one.time_ns),
            chart.lifelines[one.sender].name,
            chart.lifelines[one.receiver].name,
            one.message.method if one.message.status is None else f"{one.message.status} {one.message.method}",
            transit(one),
        )
        for one in chart.passages
    ]


def transit(one: Passage) -> float | None:
    return None if one.left_ns is None or one.arrived_ns is None else (one.arrived_ns - one.left_ns) / MS


def media(chart: Chart) -> list[tuple[object, ...]]:
    return [
        (
            chart.lifelines[one.sender].name,
            chart.lifelines[one.receiver].name,
            ms(chart, one.first_ns),
            ms(chart, one.last_ns),
            one.packets,
            ms(chart, one.sent_until_ns),
        )
        for one in chart.flows
    ]


def plan(*hosts: str) -> dict[str, Any]:
    """A plan whose network has MN, CN and these hosts, each on a wire to a router, in no order of a chart."""
    wires = [
        {
            "a": {"address": "10.99.0.1/24", "name": f"core-{host}", "node": "core"},
            "b": {"address": f"{ADDRESSES[host]}/24", "name": INTERFACES[host], "node": host},
        }
        for host in ("cn", *hosts)
    ]
    links = [
        {"name": link, "node": {"address": f"{ADDRESSES[link]}/24", "name": INTERFACES[link], "node": "phone"}}
        for link in ("umts", "wifi")
    ]
    nodes = [{"name": name, "forwards": name == "core"} for name in ("cn", "core", *hosts, "phone")]
    return {"network": {"wires": wires, "access_links": links, "nodes": nodes}}


class Wire:
    """Single datagrams, seen wherever the test says."""

    def __init__(self) -> None:
        self.run = synthetic.Run("by hand")
        self.run.event(0, "lab", "start")
        self.captured: dict[str, list[Frame]] = {name: [] for name in INTERFACES.values()}

    def send(self, payload: bytes, source: str, destination: str, **seen_ms: float) -> None:
        """Shows a datagram at the interfaces of these hosts, at these times."""
        frame = frames.udp((ADDRESSES[source], 5060), (ADDRESSES[destination], 5060), payload)
        for host, at_ms in seen_ms.items():
            self.captured[INTERFACES[host]].append(Frame(START_NS + round(at_ms * MS), frame))

    def chart(self, folder: Path, *hosts: str) -> Chart:
        """Writes the run, with a plan that has these hosts beside MN and CN."""
        self.run.write(folder)
        (folder / "plan.json").write_text(json.dumps(plan(*hosts)))
        for name in ("wifi", "umts", "cn", *hosts):
            captured = sorted(self.captured[INTERFACES[name]], key=lambda frame: frame.time_ns)
            frames.write_pcap(folder / "captures" / f"{INTERFACES[name]}.pcap", captured)
        return MeasuredRun(folder).chart


INVITE = request("INVITE", "a@mn", 1, branch="z9hG4bK1")


def test_each_message_stands_there_once_with_how_long_it_took(tmp_path: Path) -> None:
    chart = MeasuredRun(synthetic.handover_cn_run().write(tmp_path / "run")).chart
    assert (chart.scheme, chart.seed, [one.name for one in chart.lifelines]) == (
        "handover-cn", 7, ["mn wifi", "mn umts", "cn"],
    )  # fmt: skip
    assert flow(chart) == [
        (500, "mn wifi", "cn", "INVITE", 2),
        (504, "cn", "mn wifi", "200 INVITE", 2),
        (508, "mn wifi", "cn", "ACK", 2),
        (6004, "mn umts", "cn", "INVITE", 110),
        (6116, "cn", "mn umts", "200 INVITE", 110),
        (6228, "mn umts", "cn", "ACK", 110),
        (7500, "mn wifi", "cn", "BYE", 2),
        (7503, "cn", "mn wifi", "200 BYE", 2),
        (15200, "mn umts", "cn", "BYE", 110),
        (15311, "cn", "mn umts", "200 BYE", 110),
    ]
    assert not [one for one in chart.passages if one.is_lost or one.repeat]
    assert chart.passages[3].message.handover == "a@mn;to-tag=cn;from-tag=mn"
    assert chart.passages[3].message.require == "handover"


@pytest.mark.parametrize("send", [over_tcp, in_fragments])
def test_messages_over_tcp_and_in_fragments_are_messages(
    tmp_path: Path, send: Callable[[dict[str, list[Frame]]], None]
) -> None:
    run = synthetic.handover_cn_run()
    send(run.captured)
    plain = MeasuredRun(synthetic.handover_cn_run().write(tmp_path / "plain")).chart
    assert flow(MeasuredRun(run.write(tmp_path / "run")).chart) == flow(plain)


def test_media_begin_and_end_on_each_path_when_they_arrive(tmp_path: Path) -> None:
    assert media(MeasuredRun(synthetic.handover_cn_run().write(tmp_path / "run")).chart) == [
        ("mn wifi", "cn", 1005, 7485, 325, None),
        ("cn", "mn wifi", 1009, 7489, 325, None),
        ("cn", "mn umts", 6237, 15097, 444, None),
        ("mn umts", "cn", 6353, 15093, 438, None),
    ]


def test_media_that_nobody_hears_any_more_are_told(tmp_path: Path) -> None:
    """CN sends to the dead WiFi until the re-INVITE reaches it; MN's own stack lets nothing go."""
    flows = media(MeasuredRun(synthetic.reinvite_run().write(tmp_path / "run")).chart)
    assert ("cn", "mn wifi", 1009, 5989, 250, 8867) in flows
    assert ("mn wifi", "cn", 1005, 5985, 250, None) in flows


def test_media_that_never_arrive_are_none(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(lost=lambda link, to_mn, _k: to_mn and link == "umts")
    assert ("cn", "mn umts", 6127, 14987, 0, None) in media(MeasuredRun(run.write(tmp_path / "run")).chart)


def test_media_that_come_back_to_a_path_begin_anew(tmp_path: Path) -> None:
    run = synthetic.begin("there and back")
    for k in range(synthetic.PACKETS):
        run.media(k, link="umts" if 200 <= k < 400 else "wifi", to_mn=True)
    assert media(MeasuredRun(run.write(tmp_path / "run")).chart) == [
        ("cn", "mn wifi", 1009, 4989, 200, None),
        ("cn", "mn wifi", 9009, 14989, 300, None),
        ("cn", "mn umts", 5117, 9097, 200, None),
    ]


def test_media_that_a_path_drops_for_seconds_end_there_though_they_are_sent(tmp_path: Path) -> None:
    run = synthetic.begin("fade")
    for k in range(synthetic.PACKETS):
        run.media(k, link="wifi", to_mn=True, arrives=not 200 <= k < 400)
    assert media(MeasuredRun(run.write(tmp_path / "run")).chart) == [
        ("cn", "mn wifi", 1009, 4989, 200, 9007),
        ("cn", "mn wifi", 9009, 14989, 300, None),
    ]


def test_a_short_silence_is_no_end(tmp_path: Path) -> None:
    run = synthetic.begin("a hole")
    for k in range(synthetic.PACKETS):
        if not 200 <= k < 290:
            run.media(k, link="wifi", to_mn=True)
    assert media(MeasuredRun(run.write(tmp_path / "run")).chart) == [("cn", "mn wifi", 1009, 14989, 610, None)]


def test_a_message_that_is_lost_and_sent_again(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(INVITE, "wifi", "cn", wifi=100)
    wire.send(INVITE, "wifi", "cn", wifi=600, cn=602)
    wire.send(response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1"), "cn", "wifi", cn=610, wifi=612)
    chart = wire.chart(tmp_path / "run")
    assert flow(chart) == [
        (100, "phone wifi", "cn", "INVITE", None),
        (600, "phone wifi", "cn", "INVITE", 2),
        (610, "cn", "phone wifi", "200 INVITE", 2),
    ]
    assert [(one.is_lost, one.repeat) for one in chart.passages] == [(True, 0), (False, 1), (False, 0)]


def test_retransmissions_that_overtake_no_one_keep_their_order(tmp_path: Path) -> None:
    """A path slower than T1: the second leaves before the first arrives."""
    wire = Wire()
    for left, arrived in ((0, 700), (500, 1200), (1500, 2200)):
        wire.send(INVITE, "umts", "cn", umts=left, cn=arrived)
    assert [one[0::4] for one in flow(wire.chart(tmp_path / "run"))] == [(0, 700), (500, 700), (1500, 700)]


def test_a_copy_that_the_network_made_was_not_seen_leaving(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(INVITE, "wifi", "cn", wifi=100, cn=102)
    wire.send(INVITE, "wifi", "cn", cn=103)
    first, second = wire.chart(tmp_path / "run").passages
    assert (first.left_ns, first.repeat) == (START_NS + 100 * MS, 0)
    assert (second.left_ns, second.is_lost, second.repeat) == (None, False, 1)


def test_without_the_receivers_capture_nothing_is_lost_but_unknown(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    (folder / "captures" / "cn-eth0.pcap").unlink()
    (folder / "run.pcapng").unlink()
    chart = MeasuredRun(folder).chart
    to_cn = [one for one in chart.passages if chart.lifelines[one.receiver].name == "cn"]
    assert [(one.is_lost, one.arrived_ns) for one in to_cn] == [(False, None)] * 6
    assert [one.packets for one in chart.flows if chart.lifelines[one.receiver].name == "cn"] == [None, None]
    assert {one.left_ns for one in chart.passages if one not in to_cn} == {None}
    assert chart.warnings == ("capture cn-eth0: No such file or directory",)


def test_lifelines_are_mn_s_links_then_who_speaks_then_cn(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(INVITE, "wifi", "home", wifi=100, home=102)
    wire.send(request("INVITE", "b@home", 1, branch="z9hG4bK2"), "home", "cn", home=104, cn=105)
    wire.send(request("OPTIONS", "c@x", 1, branch="z9hG4bK3"), "stranger", "cn", cn=200)
    chart = wire.chart(tmp_path / "run", "third", "home")
    assert [one.name for one in chart.lifelines] == ["phone wifi", "phone umts", "home", STRANGER, "cn"]
    assert flow(chart) == [
        (100, "phone wifi", "home", "INVITE", 2),
        (104, "home", "cn", "INVITE", 1),
        (200, STRANGER, "cn", "OPTIONS", None),
    ]


def test_a_message_with_a_forged_source_comes_from_where_it_left(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(request("BYE", "a@mn", 9, branch="z9hG4bK9"), "wifi", "cn", third=100, cn=103)
    chart = wire.chart(tmp_path / "run", "third")
    assert flow(chart) == [(100, "third", "cn", "BYE", 3)]


def test_an_address_that_a_link_gets_later_is_that_link_s(tmp_path: Path) -> None:
    wire = Wire()
    wire.run.event(50, "mn", "address", link="umts", address=STRANGER)
    wire.send(INVITE, "stranger", "cn", umts=100, cn=210)
    assert flow(wire.chart(tmp_path / "run")) == [(100, "phone umts", "cn", "INVITE", 110)]


def test_events_of_links_stand_in_the_chart(tmp_path: Path) -> None:
    run = synthetic.reinvite_run()
    run.event(7000, "cn", "duplicating", call_id="a@mn")
    chart = MeasuredRun(run.write(tmp_path / "run")).chart
    assert [one.name for one in chart.events] == [
        "attached", "address", "link-down", "trigger", "attached", "address",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("{}", "describes no network: KeyError"),
        ('{"network": []}', "describes no network: TypeError"),
        (json.dumps({"network": {**plan()["network"], "nodes": [{"name": "cn"}]}}), "KeyError.'forwards'"),
    ],
)
def test_a_plan_that_is_none_is_one_clear_line(tmp_path: Path, content: str, words: str) -> None:
    folder = synthetic.begin("reinvite").write(tmp_path / "run")
    (folder / "plan.json").write_text(content)
    with pytest.raises(RunFolderError, match=words) as caught:
        _ = MeasuredRun(folder).chart
    assert "\n" not in str(caught.value)


def test_a_run_without_a_word_is_an_empty_chart(tmp_path: Path) -> None:
    chart = Wire().chart(tmp_path / "run", "home")
    assert (chart.passages, chart.flows) == ((), ())
    assert [one.name for one in chart.lifelines] == ["phone wifi", "phone umts", "cn"]
