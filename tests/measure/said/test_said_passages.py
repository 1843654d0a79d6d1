"""Messages beside SIP in the chart of hand-made runs: who said what to whom, and what never came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testbed.measure import MeasuredRun
from tests.measure.frames import MS
from tests.measure.kept_address import AGENT, KeptRun, begin, hidden_run, moved_run
from tests.measure.synthetic import ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.result.chart import Chart

ENDS = {"mn-wifi": ("mn", ADDRESS["wifi"]), "mn-umts": ("mn", ADDRESS["umts"]), "home-eth0": ("home", AGENT),
        "cn-eth0": ("cn", ADDRESS["cn"])}  # fmt: skip


def chart_of(run: KeptRun, folder: Path) -> Chart:
    """With a plan of MN, home and CN."""
    run.write(folder)
    wires = [
        {"a": {"address": "", "name": f"core-{name}", "node": "core"},
         "b": {"address": f"{address}/24", "name": name, "node": node}}
        for name, (node, address) in ENDS.items()
    ]  # fmt: skip
    nodes = [{"name": name, "forwards": name == "core"} for name in ("mn", "home", "cn", "core")]
    plan = {"network": {"wires": wires, "access_links": [], "nodes": nodes}}
    (folder / "plan.json").write_text(json.dumps(plan))
    return MeasuredRun(folder).chart


def said(chart: Chart) -> list[tuple[float, str, str, str, float | None]]:
    names = [line.name for line in chart.lifelines]
    return [
        (
            (one.time_ns - chart.start_ns) / MS, names[one.sender], names[one.receiver], one.words.name,
            None if one.left_ns is None or one.arrived_ns is None else (one.arrived_ns - one.left_ns) / MS,
        )
        for one in chart.said
    ]  # fmt: skip


def test_registrations_go_from_links_to_the_home_agent(tmp_path: Path) -> None:
    chart = chart_of(moved_run(), tmp_path)
    assert chart.protocol == "Mobile IPv4"
    assert said(chart) == [
        (100.0, "mn wifi", "home", "Registration Request", 2.0),
        (102.0, "home", "mn wifi", "Registration Reply 0", 2.0),
        (6000.0, "mn umts", "home", "Registration Request", 110.0),
        (6110.0, "home", "mn umts", "Registration Reply 0", 110.0),
    ]  # fmt: skip
    assert [line.name for line in chart.lifelines] == ["mn wifi", "mn umts", "mn home", "home", "cn"]
    assert not any(one.is_lost for one in chart.said)
    assert not any(one.is_lost for one in chart.passages)


def test_one_that_is_sent_again_and_one_that_never_came(tmp_path: Path) -> None:
    run = begin("kept")
    run.register(100, link="wifi")  # the same bytes at the same time: seen twice at both ends
    came = run.captured["home-eth0"]
    run.register(3000, link="umts")
    came[:] = [one for one in came if one.time_ns < run.captured["mn-umts"][0].time_ns]
    chart = chart_of(run, tmp_path)
    assert [(one.words.short, one.repeat, one.is_lost) for one in chart.said] == [
        ("RRQ", 0, False), ("RRQ", 1, False), ("RRP 0", 0, False), ("RRP 0", 1, False), ("RRQ", 0, True),
        ("RRP 0", 0, False),
    ]  # fmt: skip


def test_what_is_hidden_in_a_tunnel_is_no_message_lost(tmp_path: Path) -> None:
    """What is for the MN is known by what the home end was given in clear; in the chart that end only passes it on."""
    chart = chart_of(hidden_run(), tmp_path)
    assert [one[3] for one in said(chart)] == ["Handshake Initiation", "Handshake Response"]
    assert not any(one.is_lost for one in chart.passages)
    assert [one.packets for one in chart.flows if not one.packets] == []


def test_without_a_plan_nobody_knows_who_spoke(tmp_path: Path) -> None:
    chart = MeasuredRun(moved_run().write(tmp_path)).chart
    assert (chart.protocol, chart.said) == ("Mobile IPv4", ())
