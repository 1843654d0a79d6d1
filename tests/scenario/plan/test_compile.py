"""Experiments to plans: what the lab is told."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from agents.roles.mn.schemes import SCHEMES
from testbed.engine.guest.recipes import WITH_FOREIGN, recipe_for
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan, roles
from testbed.scenario.reading.errors import BadScenarioError
from tests.scenario.files import NET, SCENARIO_FILE, SCRIPT, WIFI, Files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.plan import Plan

UNSHAPED = "name: wire\nabout: a wire\nsignal: -50 dBm\n"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "mine")


def agent(plan: Plan, name: str) -> dict[str, Any]:
    """The configuration of one agent."""
    return next(one["config"] for one in plan["agents"] if one["name"] == name)


def test_each_direction_of_each_link_is_shaped_at_its_own_port() -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", failure="wifi-break"))
    assert [(one["air"], one["device"]) for one in plan["shapes"]] == [
        ("wifi-air", "wifi-air-dn"),
        ("wifi-air", "wifi-air-up"),
        ("umts-air", "umts-air-dn"),
        ("umts-air", "umts-air-up"),
    ]
    rates = {
        (gate["air"], way): order["rates"] for gate in plan["gates"] for way, order in gate["config"]["ways"].items()
    }
    assert rates == {
        ("wifi-air", "down"): [(-0.1, 30e6)],
        ("wifi-air", "up"): [(-0.1, 15e6)],
        ("umts-air", "down"): [(-0.1, 384e3)],
        ("umts-air", "up"): [(-0.1, 128e3)],
    }


def test_a_link_whose_rate_changes_is_carried_by_a_program() -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", failure="wifi-fade"))
    gate, _ = plan["gates"]
    assert gate["air"] == "wifi-air"
    assert gate["config"]["ports"] == {"down": "wifi-air-dn", "up": "wifi-air-up"}
    down = gate["config"]["ways"]["down"]
    assert down["rates"][0] == (-0.1, 30e6)
    assert down["rates"][-1] == (18.0, 1e6)
    assert down["ahead_s"] == 0.0005
    assert down["losses"][-1] == (18.0, 0.2)
    assert down["bad_moments"][0][0] > 15.0
    assert all(" loss 0% " in one["command"] for one in plan["shapes"])
    by_the_step = {
        (step["at_s"], one["device"]) for step in plan["timeline"] if step["do"] == "shape" for one in step["shapes"]
    }
    assert (13.1, "wifi-air-dn") in by_the_step  # its delay is netem's
    assert max(by_the_step)[0] == 18.0  # gone


def test_schemes_with_one_seed_meet_the_same_chances_and_another_seed_others() -> None:
    found = {
        (scheme, seed): compile_plan(load_experiment("all-schemes-lossy", scheme=scheme, seed=seed))["gates"]
        for scheme in ("reinvite", "handover-cn", "handover-b2bua")
        for seed in (1, 2)
    }
    for seed in (1, 2):
        assert {str(gates) for (_, one), gates in found.items() if one == seed} == {str(found["reinvite", seed])}
    moments = [
        gates[0]["config"]["ways"]["down"]["bad_moments"] for gates in (found["reinvite", 1], found["reinvite", 2])
    ]
    assert moments[0] != moments[1]
    assert all(moments)


def test_second_link_is_attached_when_the_scheme_says() -> None:
    attached = {
        scheme: {name: radio["attached"] for name, radio in plan["radios"].items()}
        for scheme in ("reinvite", "handover-cn")
        for plan in [compile_plan(load_experiment("wifi-to-umts", scheme=scheme))]
    }
    assert attached == {
        "reinvite": {"wifi": True, "umts": False},
        "handover-cn": {"wifi": True, "umts": True},
    }


def test_phases_of_attaching_are_those_of_the_profile() -> None:
    radios = compile_plan(load_experiment("wifi-to-umts"))["radios"]
    assert radios["umts"]["attach_phases"] == [{"phase": "data channel", "seconds": 1.5}]


def test_agents_know_what_they_need() -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", seed=7))
    assert agent(plan, "mn") == {
        "seed": 7,
        "links": {
            "wifi": {"interface": "mn-wifi", "address": "10.1.0.2"},
            "umts": {"interface": "mn-umts", "address": "10.2.0.2"},
        },
        "first_link": "wifi",
        "second_link": "umts",
        "user": "mn",
        "peer": {
            "user": "cn",
            "address": "10.20.0.2",
            "port": 5060,
            "account": {"user": "mn", "password": "mobile-secret", "realm": "cn.example"},
        },
        "home": None,
        "call": {"start_s": 1.0, "duration_s": 30.0},
        "codecs": ["PCMU"],
        "duplication": "same-ssrc",
        "scheme": "handover-cn",
        "trigger": {"on": "signal", "below": -60.0, "hysteresis": 0.0, "time_to_trigger": 0.0, "stay": 0.0},
        "networks": {
            "wifi": {"kind": "wifi-good", "down_bit_s": 30_000_000.0, "up_bit_s": 15_000_000.0, "delay_s": 0.003},
            "umts": {"kind": "umts-r99-384", "down_bit_s": 384_000.0, "up_bit_s": 128_000.0, "delay_s": 0.22},
        },
    }
    assert agent(plan, "cn") == {
        "seed": 7, "user": "cn", "address": "10.20.0.2", "supports_handover": True,
        "codecs": ["PCMU"], "duplication": "same-ssrc", "room": None,
        "realm": "cn.example", "users": {"mn": "mobile-secret"},
    }  # fmt: skip
    assert [one["name"] for one in plan["agents"] if one["ends_run"]] == ["mn"]


def test_a_session_timer_is_said_to_all_who_speak_sip() -> None:
    experiment = load_experiment("wifi-to-umts", scheme="handover-b2bua")
    timed = replace(experiment, scenario=experiment.scenario.model_copy(update={"session_timer": 90.0}))
    for one, before in zip(compile_plan(timed)["agents"], compile_plan(experiment)["agents"], strict=True):
        config = one["config"]
        place = config["peer"] if one["name"] == "mn" else config
        assert place.pop("session_timer_s") == 90, one["name"]
        assert config == before["config"]


def test_room_is_said_to_who_has_it(files: Files) -> None:
    files.change(SCENARIO_FILE, "seed: 1", "seed: 1\nroom: {cn: 0, b2bua: 3}")
    plan = compile_plan(load_experiment(str(files.scenario), scheme="handover-cn"))
    assert agent(plan, "cn")["room"] == 0
    plan = compile_plan(load_experiment("wifi-to-umts", scheme="handover-b2bua"))
    assert agent(plan, "b2bua")["room"] is None


def test_each_side_has_its_codecs(files: Files) -> None:
    files.change(SCENARIO_FILE, "codec: PCMU", "codec: PCMA\n  codecs: {cn: [GSM, PCMA]}")
    plan = compile_plan(load_experiment(str(files.scenario), scheme="handover-cn"))
    assert (agent(plan, "mn")["codecs"], agent(plan, "cn")["codecs"]) == (["PCMA"], ["GSM", "PCMA"])


def test_correspondent_ends_the_call_when_the_scenario_says_so(files: Files) -> None:
    files.change(SCENARIO_FILE, "codec: PCMU", "hangs_up: cn")
    plan = compile_plan(load_experiment(str(files.scenario)))
    ends = [(step["at_s"], step["agent"]) for step in plan["timeline"] if step["do"] == "hang_up"]
    assert ends == [(31.0, "cn")]
    assert agent(plan, "mn")["call"]["duration_s"] is None
    (program,) = compile_plan(load_experiment(str(files.scenario), cn="sipp"))["programs"]
    assert 'value="30000000"' in program["files"]["scenario.xml"]
    plan = compile_plan(load_experiment(str(files.scenario), hangs_up="mn"))
    assert not [step for step in plan["timeline"] if step["do"] == "hang_up"]
    assert agent(plan, "mn")["call"]["duration_s"] == 30.0


def test_bridged_schemes_have_a_b2bua_and_a_correspondent_without_the_extension() -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", scheme="handover-b2bua"))
    assert [(one["name"], one["node"]) for one in plan["agents"]] == [("cn", "cn"), ("b2bua", "home"), ("mn", "mn")]
    assert agent(plan, "cn")["supports_handover"] is False
    assert agent(plan, "cn")["caller_stays"] is True
    home = agent(plan, "mn")["home"]
    assert (home["address"], agent(plan, "b2bua")["users"]) == ("10.10.0.2", {"mn": home["password"]})


def test_media_handover_has_kamailio_and_rtpengine_at_home_and_nothing_of_ours() -> None:
    experiment = load_experiment("all-schemes", scheme="media-handover")
    plan = compile_plan(experiment)
    assert [one["name"] for one in plan["agents"]] == ["cn", "mn"]
    assert [(one["name"], one["node"]) for one in plan["programs"]] == [("rtpengine", "home"), ("kamailio", "home")]
    assert agent(plan, "mn")["home"]["address"] == "10.10.0.2"
    assert recipe_for(plan["packages"]) is WITH_FOREIGN
    assert (
        roles(experiment.network, SCHEMES["media-handover"])["relay"]
        == roles(experiment.network, SCHEMES["handover-b2bua"])["relay"]
    )


def test_turn_mobility_has_coturn_at_home_and_its_calls_go_straight() -> None:
    experiment = load_experiment("all-schemes", scheme="turn-mobility")
    plan = compile_plan(experiment)
    assert [one["name"] for one in plan["agents"]] == ["cn", "mn"]
    (server,) = plan["programs"]
    assert (server["name"], server["node"], server["ready"]["udp"]) == ("coturn", "home", [3478])
    mn = agent(plan, "mn")
    assert mn["home"] is None
    assert (mn["turn"]["address"], mn["turn"]["port"]) == ("10.10.0.2", 3478)
    assert f"{mn['turn']['user']}:{mn['turn']['password']}" in server["command"]
    assert mn["turn"]["realm"] in server["command"]
    assert recipe_for(plan["packages"]) is WITH_FOREIGN
    assert roles(experiment.network, experiment.row)["relay"]["interfaces"]["eth0"]["address"] == "10.10.0.2"


def test_mobike_has_a_daemon_at_both_ends_of_its_tunnel() -> None:
    plan = compile_plan(load_experiment("all-schemes", scheme="mobike"))
    assert [one["name"] for one in plan["agents"]] == ["cn", "home-agent", "mobility", "mn"]
    home, mobile = plan["programs"]
    assert [(one["name"], one["node"]) for one in (home, mobile)] == [
        ("home-strongswan", "home"),
        ("mn-strongswan", "mn"),
    ]
    assert "local_ts = 10.10.0.254/32" in mobile["files"]["swanctl.conf"]
    assert "remote_ts = 10.10.0.254/32" in home["files"]["swanctl.conf"]
    assert "interfaces_ignore = mn-ike" in mobile["files"]["strongswan.conf"]
    assert agent(plan, "mn")["links"] == {"home": {"interface": "mn-ike", "address": "10.10.0.254"}}
    assert recipe_for(plan["packages"]) is WITH_FOREIGN


def test_no_other_scheme_has_its_media_go_by_way_of_a_server() -> None:
    assert "turn" not in agent(compile_plan(load_experiment("all-schemes", scheme="handover-cn")), "mn")


def test_proxy_that_the_scheme_has_anyway_may_be_named(files: Files) -> None:
    files.change(SCENARIO_FILE, "  handover-cn:", "  media-handover:")
    files.change(SCENARIO_FILE, "scheme: handover-cn", "scheme: media-handover")
    plan = compile_plan(load_experiment(str(files.scenario)))
    files.change(SCENARIO_FILE, "seed: 1", "proxy: kamailio\nseed: 1")
    assert compile_plan(load_experiment(str(files.scenario))) == plan


def test_plain_proxy_relays_no_media(files: Files) -> None:
    files.change(SCENARIO_FILE, "seed: 1", "proxy: kamailio\nseed: 1")
    experiment = load_experiment(str(files.scenario))
    assert [one["name"] for one in compile_plan(experiment)["programs"]] == ["kamailio"]
    assert "relay" not in roles(experiment.network, experiment.row)


def without_home(files: Files) -> None:
    """Takes the home network out of the topology."""
    text = files.read(NET).replace('Node("home", routes=(Route("default", via="10.10.0.1"),)),', "")
    lines = [line for line in text.splitlines() if "home-eth0" not in line or line.startswith(" " * 9)]
    files.write(NET, "\n".join(line for line in lines if '"core-home"' not in line))


@pytest.mark.parametrize(
    ("scheme", "needed"),
    [
        ("handover-b2bua", "B2BUA"),
        ("media-handover", "media relay"),
        ("ice-restart", "media relay"),
        ("turn-mobility", "TURN server"),
    ],
)
def test_network_without_home_has_neither_b2bua_nor_relay(scheme: str, needed: str, files: Files) -> None:
    files.change(SCENARIO_FILE, "scheme: handover-cn", f"scheme: {scheme}")
    files.change(SCENARIO_FILE, "  handover-cn:", f"  {scheme}:")
    without_home(files)
    with pytest.raises(BadScenarioError, match=rf"scenario.yaml:3: topology: has no node 'home' for the {needed}"):
        load_experiment(str(files.scenario))


@pytest.mark.parametrize(
    ("supports", "policy", "style"),
    [
        ("plain", {"is_proactive": False, "is_outbound": False}, "proactive"),
        ("proactive", {"is_proactive": True, "is_outbound": False}, "proactive"),
        ("outbound", {"is_proactive": False, "is_outbound": True}, "outbound"),
    ],
)
def test_registrar_and_its_user_agree(supports: str, policy: dict[str, bool], style: str, files: Files) -> None:
    """It is in the home network, beside the B2BUA; the MN asks for more than a plain one has, and falls back."""
    files.change(SCENARIO_FILE, "seed: 1", f"registrar: {supports}\nseed: 1")
    plan = compile_plan(load_experiment(str(files.scenario)))
    registrar, mobile = agent(plan, "registrar"), agent(plan, "mn")["registrar"]
    assert (registrar["policy"], mobile["style"]) == (policy, style)
    assert all(registrar[name] == mobile[name] for name in ("address", "port", "domain", "realm"))
    assert registrar["users"] == {mobile["user"]: mobile["password"]}
    assert (registrar["address"], registrar["port"]) == ("10.10.0.2", 5070)
    assert [one["node"] for one in plan["agents"] if one["name"] == "registrar"] == ["home"]
    assert [one["name"] for one in plan["agents"] if one["ends_run"]] == ["mn"]


@pytest.mark.parametrize(
    ("supports", "style", "mode"), [("kamailio", "proactive", 0), ("kamailio-outbound", "outbound", 1)]
)
def test_kamailio_and_its_user_agree(supports: str, style: str, mode: int, files: Files) -> None:
    """It listens where ours would, and knows the same user."""
    files.change(SCENARIO_FILE, "seed: 1", f"registrar: {supports}\nproxy: kamailio\nseed: 1")
    plan = compile_plan(load_experiment(str(files.scenario)))
    mobile = agent(plan, "mn")["registrar"]
    assert "registrar" not in [one["name"] for one in plan["agents"]]
    proxy, registrar = plan["programs"]
    assert [(one["name"], one["node"], one["ready"]["udp"]) for one in (proxy, registrar)] == [
        ("kamailio", "home", [5060]),
        ("registrar", "home", [5070]),
    ]
    config = registrar["files"]["kamailio.cfg"]
    assert mobile["style"] == style
    assert f'"outbound_mode", {mode})' in config
    for word in (f'"{mobile[name]}"' for name in ("user", "password", "domain", "realm")):
        assert word in config
    assert f"listen=udp:{mobile['address']}:{mobile['port']}" in config


def test_no_registrar_unless_the_scenario_wants_one(files: Files) -> None:
    plan = compile_plan(load_experiment(str(files.scenario)))
    files.change(SCENARIO_FILE, "seed: 1", "registrar: none\nseed: 1")
    assert compile_plan(load_experiment(str(files.scenario))) == plan
    assert "registrar" not in [one["name"] for one in plan["agents"]]
    assert "registrar" not in agent(plan, "mn")


def test_network_without_home_has_no_registrar(files: Files) -> None:
    files.change(SCENARIO_FILE, "seed: 1", "registrar: plain\nseed: 1")
    without_home(files)
    with pytest.raises(BadScenarioError, match=r"scenario.yaml:\d+: registrar: the topology has no node 'home' for it"):
        load_experiment(str(files.scenario), scheme="handover-cn")


def test_home_without_an_address_is_no_home(files: Files) -> None:
    files.change(SCENARIO_FILE, "seed: 1", "registrar: plain\nseed: 1")
    files.change(NET, 'Node("home", routes=(Route("default", via="10.10.0.1"),))', 'Node("home")')
    files.change(NET, '"10.10.0.2/24"', '""')
    with pytest.raises(BadScenarioError, match=r"registrar: the topology has no node 'home' for it"):
        load_experiment(str(files.scenario), scheme="handover-cn")


def test_correspondent_without_the_extension_is_ours_too() -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", cn="testbed-plain"))
    assert not agent(plan, "cn")["supports_handover"]
    plan = compile_plan(load_experiment("wifi-to-umts", scheme="handover-b2bua", cn="testbed-handover"))
    assert agent(plan, "cn")["supports_handover"]
    assert plan["programs"] == []


def test_correspondent_that_there_is_not() -> None:
    with pytest.raises(BadScenarioError, match=re.escape("'barseip': there is no program of that name for this; did")):
        load_experiment("wifi-to-umts", cn="barseip")


def test_link_history_is_the_same_under_each_scheme_and_seed() -> None:
    plans = [
        compile_plan(load_experiment("wifi-to-umts", scheme=scheme, seed=seed))
        for scheme in ("reinvite", "handover-cn")
        for seed in (1, 2)
    ]
    assert all((plan["shapes"], plan["timeline"]) == (plans[0]["shapes"], plans[0]["timeline"]) for plan in plans)


def test_same_experiment_is_the_same_plan() -> None:
    assert compile_plan(load_experiment("wifi-to-umts")) == compile_plan(load_experiment("wifi-to-umts"))


def test_options_replace_what_the_scenario_says() -> None:
    experiment = load_experiment("wifi-to-umts", scheme="reinvite", failure="wifi-break", seed=3)
    assert (experiment.scheme, experiment.failure.name, experiment.seed) == ("reinvite", "wifi-break", 3)


def test_scenario_replaces_the_loss_of_a_profile_and_nothing_else(files: Files) -> None:
    files.change(SCENARIO_FILE, "umts: 0 %", "umts: 5 %")
    lossy = load_experiment(str(files.scenario)).profiles["umts"]
    files.change(SCENARIO_FILE, "umts: 5 %", "umts: 0.1 %")
    shipped = load_experiment(str(files.scenario)).profiles["umts"]
    assert lossy == shipped.with_loss(0.05)
    assert {way: one.loss for way, one in lossy.directions.items()} == {"down": 0.05, "up": 0.05}
    assert {way: one.delay for way, one in lossy.directions.items()} == {"down": 0.11, "up": 0.11}


def test_loss_of_an_unshaped_link_is_refused(files: Files) -> None:
    files.write(WIFI, UNSHAPED)
    files.change(SCENARIO_FILE, "wifi: 0 %", "wifi: 1 %")
    with pytest.raises(BadScenarioError, match=r"scenario.yaml:27: loss.wifi: 'wire' has no 'down' and 'up'"):
        load_experiment(str(files.scenario))


def test_roles_say_which_capture_belongs_to_whom() -> None:
    assert roles(load_experiment("wifi-to-umts").network, SCHEMES["handover-cn"]) == {
        "mn": {
            "interfaces": {
                "wifi": {"interface": "mn-wifi", "address": "10.1.0.2"},
                "umts": {"interface": "mn-umts", "address": "10.2.0.2"},
            }
        },
        "cn": {"interfaces": {"eth0": {"interface": "cn-eth0", "address": "10.20.0.2"}}},
    }


# -- links without a shape --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["reinvite", "handover-cn"])
def test_ideal_scenario_needs_no_netem_at_all(scheme: str) -> None:
    plan = compile_plan(load_experiment("ideal", scheme=scheme))
    assert plan["shapes"] == []
    assert {step["do"] for step in plan["timeline"]} == {"signal", "note", "carrier"}


def test_ideal_scenario_crosses_the_threshold_at_about_2_s_and_loses_the_link_within_the_call() -> None:
    experiment = load_experiment("ideal")
    below = experiment.setting.trigger.model_dump()["below"]
    steps = compile_plan(experiment)["timeline"]
    crossed = next(step["at_s"] for step in steps if step["do"] == "signal" and step["signal_dbm"] < below)
    gone = next(step["at_s"] for step in steps if step["do"] == "carrier")
    call = experiment.scenario.call
    assert crossed == pytest.approx(2.0, abs=0.2)
    assert call.start < crossed < gone < call.start + call.duration == 7.0


@pytest.mark.parametrize("quantity", ["rate: 1 Mbit/s", "delay: 5 ms", "jitter: 0 ms", "loss: 5 %",
                                      "loss_burst: 2 packets"])  # fmt: skip
def test_what_a_link_does_not_have_can_not_be_changed(quantity: str, files: Files) -> None:
    files.write(WIFI, UNSHAPED)
    files.write(SCRIPT, f"name: s\nabout: s\nsteps:\n  - at: 5 s\n    link: wifi\n    {quantity}\n")
    name = quantity.partition(":")[0]
    with pytest.raises(BadScenarioError) as refused:
        load_experiment(str(files.scenario))
    assert str(refused.value) == (
        f"{files.folder / SCRIPT}:6: steps.1.{name}: 'wifi' has the profile 'wire', which has no '{name}' to change;"
        " change signal or gone, or give the link a profile with 'down' and 'up'"
    )


def test_signal_and_end_of_an_unshaped_link_can_be_scripted(files: Files) -> None:
    files.write(WIFI, UNSHAPED)
    files.change(SCENARIO_FILE, f"failure: {SCRIPT}", "failure: signal-falls")
    plan = compile_plan(load_experiment(str(files.scenario)))
    assert {shape["air"] for shape in plan["shapes"]} == {"umts-air"}


@pytest.mark.parametrize(("there", "missing"), [("down", "up"), ("up", "down")])
def test_one_direction_alone_is_refused(there: str, missing: str, files: Files) -> None:
    direction = "  rate: 1 Mbit/s\n  delay: 5 ms\n  queue: 10 packets\n"
    files.write(WIFI, f"{UNSHAPED}{there}:\n{direction}")
    with pytest.raises(BadScenarioError) as refused:
        load_experiment(str(files.scenario))
    assert str(refused.value) == (
        f"{files.folder / WIFI}:1: it has '{there}' alone; add '{missing}: …',"
        " or leave both out for a link without limits"
    )


def test_unshaped_link_can_not_be_silent_before_its_loss_is_noticed(files: Files) -> None:
    files.write(WIFI, f"{UNSHAPED}loss_noticed_after: 1 s\n")
    with pytest.raises(BadScenarioError, match="leave 'loss_noticed_after' out"):
        load_experiment(str(files.scenario))
