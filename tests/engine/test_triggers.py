"""Triggers in the lab: what a GPS receiver, a stream and a swaying signal really bring about."""

import json
from pathlib import Path
from typing import Any

import pytest

from .command import run_scenario, shortened
from .tshark import fields


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == name]


def test_position_and_quality_weigh_together(tmp_path: Path) -> None:
    """The map says at second 14 that the edge is 3 m away: the next fix. The signal has said so before, alone."""
    scenario = shortened("triggers", tmp_path, 18)
    result = run_scenario(scenario, tmp_path / "run", "--trigger", "weighted")
    (told,) = events(tmp_path / "run", "trigger")
    assert (told["kind"], told["also"], told["link"], told["to"]) == ("signal", ["position"], "wifi", "umts")
    assert told["t_s"] == pytest.approx(14.0, abs=0.02)
    assert result["media"]["to_mn"]["interruption_ms"] == 0
    (around,) = events(tmp_path / "run", "networks_around")
    assert [(one["name"], one["kind"], one["is_up"]) for one in around["networks"]] == [
        ("wifi", "wifi-good", True), ("umts", "umts-r99-384", True),
    ]  # fmt: skip


def test_ping_pong_goes_there_and_back_and_loses_nothing(tmp_path: Path) -> None:
    """Nine times below -60 dBm and above again. What is in the air when a link is left arrives all the same."""
    result = run_scenario("ping-pong", tmp_path / "run", "--trigger", "no-guard", "--scheme", "handover-cn")
    went = [told["link"] for told in events(tmp_path / "run", "handover_done")]
    assert went == ["umts", "wifi"] * 9
    assert [result["media"][direction]["lost"] for direction in ("to_mn", "to_cn")] == [0, 0]
    assert events(tmp_path / "run", "call_ended")


def test_source_quench_is_on_the_air_and_heard(tmp_path: Path) -> None:
    """ICMP type 4 from the WiFi's router, each about a packet of the call; the third within a second is enough."""
    scenario = shortened("triggers", tmp_path, 19)
    run_scenario(scenario, tmp_path / "run", "--trigger", "source-quench")
    heard = fields(tmp_path / "run" / "run.pcapng", "icmp.type == 4", "ip.src", "ip.dst", "udp.srcport")
    sent = events(tmp_path / "run", "source_quench_sent")
    taken = [told for told in events(tmp_path / "run", "source_quench") if told["is_ours"]]
    (trigger,) = events(tmp_path / "run", "trigger")
    assert trigger["kind"] == "source-quench"
    assert len([told for told in taken if told["t_s"] <= trigger["t_s"]]) == 3
    assert len(sent) >= len(taken) >= 3
    assert heard
    assert {(source.split(",")[0], target.split(",")[0]) for source, target, _ in heard} == {("10.1.0.1", "10.1.0.2")}
