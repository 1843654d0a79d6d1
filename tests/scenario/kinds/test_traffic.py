"""Traffic beside the call in scenarios: mistakes are told with their line, the rest becomes iperf3's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.plan.traffic_steps import traffic
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import SCENARIO

if TYPE_CHECKING:
    from pathlib import Path

TCP = "from: cn, to: mn, over: umts, kind: tcp, start: 5 s, for: 10 s"


def scenario_with(folder: Path, *flows: str, more: str = "") -> Path:
    """The usual scenario with these flows; the first one's line is its last but those of other flows and of `more`."""
    path = folder / "mine.yaml"
    text = SCENARIO.find("all-schemes").read_text().rstrip("\n")
    lines = "".join(f"  - {{{one}}}\n" for one in flows)
    path.write_text(f"{text}\n{more}traffic:\n{lines}")
    return path


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (TCP.replace("to: mn", "to: mm"), "traffic.1.to: the topology has no node 'mm' with an address; possible are"),
        (TCP.replace("to: mn", "to: cn"), "traffic.1.to: is where it comes from; name another node than 'cn'"),
        (TCP.replace("over: umts, ", ""), "traffic.1.to: 'mn' has several links; add 'over: …', one of: wifi, umts"),
        (TCP.replace("over: umts", "over: utms"), "traffic.1.over: the topology has no access link of that name; did"),
        (TCP.replace("to: mn", "to: home"), "traffic.1.over: neither end is 'mn', whose links they are; leave it out"),
        (TCP.replace("kind: tcp", "kind: tpc"), "traffic.1.kind: 'tpc' is not possible; did you mean 'tcp'?"),
        (TCP.replace("kind: tcp", "kind: udp"), "traffic.1: udp needs 'rate'; add 'rate: …'"),
        (TCP.replace("kind: tcp", "kind: on-off, rate: 1 Mbit/s, on: 1 s"), "traffic.1: on-off needs 'off'; add"),
        (f"{TCP}, rate: 1 Mbit/s", "traffic.1: tcp has no 'rate'; leave it out"),
        (TCP.replace("kind: tcp", "kind: udp, rate: 1 Mbit/s, congestion: bbr"), "traffic.1: udp has no 'congestion'"),
        (TCP.replace("kind: tcp", "kind: udp, rate: 1 Mbit/s, size: 1500"), "traffic.1.size: 1500 is too large"),
        (TCP.replace("start: 5 s", "start: 0 s"), "traffic.1.start: nobody listens yet at 0 s; begin at 1 s or later"),
        (TCP.replace("start: 5 s", "start: 31 s"), "traffic.1.start: the call ends at 31 s"),
        (TCP.replace("for: 10 s", "for: 1500 ms"), "traffic.1.for: iperf3 counts whole seconds, and 1.5 s are none"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, flow: str, said: str) -> None:
    path = scenario_with(tmp_path, flow)
    with pytest.raises(BadScenarioError) as told:
        load_experiment(str(path))
    (error,) = told.value.errors
    assert (error.line, error.what[: len(said)]) == (len(path.read_text().splitlines()), said)


def test_no_traffic_over_a_link_whose_address_is_the_router_s(tmp_path: Path) -> None:
    path = scenario_with(tmp_path, TCP)
    load_experiment(str(path), scheme="mipv4")
    with pytest.raises(BadScenarioError, match="under mipv4-fa the mobile node has no address of its own on 'umts'"):
        load_experiment(str(path), scheme="mipv4-fa")


def commands(path: Path) -> list[tuple[float, str, str]]:
    """What is run, when, in which node."""
    steps = [step for step in compile_plan(load_experiment(str(path)))["timeline"] if step["do"] == "run"]
    return [(step["at_s"], step["command"]["node"], " ".join(step["command"]["command"])) for step in steps]


def test_the_mobile_node_connects_whichever_way_the_data_go(tmp_path: Path) -> None:
    up = "from: mn, to: home, over: wifi, kind: udp, rate: 64 kbit/s, size: 200, start: 2 s, for: 5 s"
    path = scenario_with(tmp_path, TCP, up)
    bound = "--forceflush --port {} --time {} --bind {}"
    assert commands(path) == [
        (0.0, "cn", "iperf3 --server --forceflush --port 5201"),
        (0.0, "home", "iperf3 --server --forceflush --port 5202"),
        (2.0, "mn", f"iperf3 --client 10.10.0.2 {bound.format(5202, 5, '10.1.0.2%mn-wifi')} --udp"
                    " --bitrate 64000 --length 200"),
        (5.0, "mn", f"iperf3 --client 10.20.0.2 {bound.format(5201, 10, '10.2.0.2%mn-umts')} --reverse"
                    " --congestion cubic"),
    ]  # fmt: skip
    plan = compile_plan(load_experiment(str(path)))
    assert plan["packages"] == ["iperf3"]
    down, other = traffic(load_experiment(str(path)))["traffic"]
    assert (down["sent_at"], down["received_at"], down["is_from_port"]) == ("cn-eth0", "mn-umts", True)
    assert (other["sent_at"], other["received_at"], other["is_from_port"]) == ("mn-wifi", "home-eth0", False)


def test_on_and_off_is_a_client_for_each_time(tmp_path: Path) -> None:
    flow = "from: home, to: cn, kind: on-off, rate: 1 Mbit/s, on: 2 s, off: 3 s, start: 2 s, for: 11 s"
    found = [(at, words.partition("--time ")[2][:2]) for at, _, words in commands(scenario_with(tmp_path, flow))]
    assert found == [(0.0, ""), (2.0, "2 "), (7.0, "2 "), (12.0, "1 ")]


def test_a_link_that_cannot_carry_it_all_is_told(tmp_path: Path) -> None:
    def flow(rate: str, start: str) -> str:
        return f"from: cn, to: mn, over: umts, kind: udp, rate: {rate}, start: {start}, for: 5 s"

    def told(*flows: str) -> list[str]:
        return [one for one in doubts(load_experiment(str(scenario_with(tmp_path, *flows)))) if "traffic" in one]

    line = len(scenario_with(tmp_path, "").read_text().splitlines())
    # One after the other they fit: at IP 250 kbit/s are 257 with headers, and PCMU 80; UMTS has 384 down.
    assert told(flow("250 kbit/s", "2 s"), flow("250 kbit/s", "7 s")) == []
    (both,) = told(flow("250 kbit/s", "2 s"), flow("250 kbit/s", "6 s"))
    assert both.startswith(
        f"mine.yaml:{line}: link 'umts' (umts-r99-384, down) has 384 kbit/s, and traffic and speech need 594 kbit/s"
    )
