"""Fields that a campaign gives other values: each reaches its file, and its mistakes name where the value stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.experiment.varying import Varied
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import ValueOrigin


def varied(name: str, value: object, scenario: str = "wifi-to-umts", **options: Any) -> Experiment:  # noqa: ANN401
    one = Varied(name, value, ValueOrigin(Path("mine.yaml"), 7, name), str(value))
    return load_experiment(scenario, varied=[one], **options)


def test_values_reach_scenario_profile_failure_and_trigger() -> None:
    assert varied("call.codec", "GSM").scenario.call.codec == "GSM"
    assert varied("failure", "wifi-break").failure.name == "wifi-break"
    assert varied("failure.steps.1.at", "9 s").changes[0].at == 9.0
    assert varied("links.wifi", "wifi-busy").profiles["wifi"].name == "wifi-busy"
    wifi = varied("links.wifi.loss", "5 %").profiles["wifi"]
    assert [one.loss for one in wifi.directions.values()] == [0.05, 0.05]
    wifi = varied("links.wifi.delay", "9 ms").profiles["wifi"]
    assert [one.delay for one in wifi.directions.values()] == [0.009, 0.009]
    wifi = varied("links.wifi.down.delay", "9 ms").profiles["wifi"]
    assert wifi.directions["down"].delay == 0.009 != wifi.directions["up"].delay
    setting = varied("trigger.below", "-62 dBm", scheme="reinvite-soft").setting
    assert dict(setting.trigger)["below"] == -62.0
    assert varied("trigger", "position", scenario="triggers").setting.trigger.on == "position"
    assert varied("delay.home", "50 ms").network.far == ("home",)
    assert varied("room.cn", 0).scenario.room == {"cn": 0}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("coll.codec", "GSM", "coll.codec: coll is unknown; did you mean 'call'?"),
        ("call.codek", "GSM", "call.codek is unknown; did you mean 'codec'?"),
        ("call.codec.first", "GSM",
         "call.codec.first: there is no 'first' in 'call.codec', which is 'PCMU', and has no fields"),
        ("links.wlan.loss", "5 %", "links.wlan.loss: there is no link 'wlan'; possible are: wifi, umts"),
        ("links.wifi.lost", "5 %", "links.wifi.lost: lost is unknown; did you mean 'loss'?"),
        ("links.wifi.down.loss", "5 %",
         "links.wifi.down.loss: the scenario's own 'loss' of 'wifi' would hide it;"
         " vary links.wifi.loss, or take that out"),
        ("failure.steps.9.at", "1 s", "failure.steps.9.at: there is no '9' in 'steps', which has entries 1 to 4"),
        ("failure.steps.1.at", "1", "failure.steps.1.at: steps.1.at: '1' has no unit; a time is written like 75 ms"),
    ],
)  # fmt: skip
def test_mistake_is_said_where_the_value_stands(name: str, value: str, said: str) -> None:
    with pytest.raises(BadScenarioError) as found:
        varied(name, value)
    assert str(found.value).splitlines() == [f"mine.yaml:7: {said}"]


def test_scheme_that_the_scenario_says_nothing_of_is_as_its_row_says_but_for_the_value() -> None:
    setting = varied("trigger.below", "-62 dBm", scheme="proactive").setting
    assert (dict(setting.trigger)["below"], setting.attach) == (-62.0, "beforehand")
    setting = varied("attach", "when-triggered", scheme="mipv4").setting
    assert (setting.trigger.on, setting.attach) == ("signal", "when-triggered")


def test_scheme_that_is_none_of_ours_has_to_be_in_the_scenario() -> None:
    with pytest.raises(BadScenarioError, match=r"does not say how './mine.py' is used; add it to its 'schemes'"):
        varied("attach", "when-triggered", scheme="./mine.py")
