"""Programs of a user's: the correspondent of docs/programs.md, what goes wrong with one, a phone as MN, commands."""

import json
import re
from pathlib import Path

import pytest

from .command import DATA, call, run_scenario, shortened

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
BROKEN = DATA / "wifi-gone-soon.yaml"


def write_example(folder: Path) -> Path:
    """The files of docs/programs.md; the path of the program's."""
    (yaml,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    (python,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    (folder / "mycn.py").write_text(python)
    (folder / "mycn.yaml").write_text(yaml)
    return folder / "mycn.yaml"


def test_example_of_the_docs_is_called_and_moved(tmp_path: Path) -> None:
    program = write_example(tmp_path)
    result = run_scenario(
        "ideal", tmp_path / "run", "--scheme", "reinvite", "--failure", str(BROKEN), "--cn", str(program)
    )
    assert result["warnings"] == []
    for media in result["media"].values():
        assert media["paths"]["wifi"]["new"] > 40
        assert media["paths"]["umts"]["new"] > 40
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["cn"], manifest["programs"]) == ("mycn", {"cn": {"name": "mycn", "file": "mycn.yaml"}})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("says: listening", "says: ready, within: 3 s", "cn (mycn.yaml): not ready after 3 s: it has not said 'ready'"),
        ("udp: [sip_port, media_port]", "within: 3 s, udp: [7]", "not ready after 3 s: nobody listens on UDP port 7"),
        (
            "'{{ sip_port }}'",
            "none",
            "cn (mycn.yaml): python3 ended with status 1; the last line of logs/cn.log: ValueError: invalid literal",
        ),
        ("python3, mycn.py", "./not-there", "cn (mycn.yaml): ./not-there cannot be started: No such file or directory"),
    ],
    ids=["never ready", "never listens", "dies", "is not there"],
)
def test_program_that_fails_is_told_by_its_file_and_captures_are_kept(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    program = write_example(tmp_path)
    text = program.read_text()
    assert old in text
    program.write_text(text.replace(old, new))
    done = call(
        "run", DATA / "short.yaml", "--no-page", "--scheme", "reinvite", "--cn", program, "--out", tmp_path / "run"
    )
    assert done.returncode == 1
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["status"], said in manifest["failure"]) == ("failed", True), manifest["failure"]
    assert said in done.stderr
    assert list((tmp_path / "run" / "captures").glob("*.pcap"))


@pytest.mark.parametrize("phone", ["baresip", "linphone"])
def test_phone_as_the_mobile_node(phone: str, tmp_path: Path) -> None:
    """Both go on speaking over the other link; one of them says so with a re-INVITE, to the other nobody answers."""
    folder = tmp_path / "run"
    scenario = shortened("phone-as-mn", tmp_path, 12)
    result = run_scenario(scenario, folder, "--mn", phone, "--failure", str(BROKEN))
    handover = result["handover"]
    assert (result["scheme"], handover["kind"]) == (phone, "seen")
    assert (handover["old_path"], handover["new_path"]) == ("wifi", "umts")
    assert result["media"]["to_cn"]["paths"]["umts"]["new"] > 100
    hears_again = result["media"]["to_mn"]["paths"]["umts"]["new"] > 100
    assert hears_again == (phone == "linphone")
    assert any("the gap has no end" in one for one in result["warnings"]) == (phone == "baresip")


def test_phone_that_stays_where_it_is_has_handed_nothing_over(tmp_path: Path) -> None:
    scenario = shortened("phone-as-mn", tmp_path, 12)
    result = run_scenario(scenario, tmp_path / "run", "--mn", "linphone", "--failure", str(DATA / "nothing.yaml"))
    assert result["handover"] is None
    assert result["warnings"] == ["linphone handed nothing over: all that it sent of the call went over one link"]
    (bye,) = (one for one in result["transactions"] if one["method"] == "BYE")
    assert (bye["interface"], bye["status"]) == ("mn-wifi", 200)


def test_commands_run_in_nodes_and_one_that_fails_is_a_warning(tmp_path: Path) -> None:
    commands = [
        "{at: 1 s, node: mn, run: 'busybox ping -c 3 {{ addresses.cn }}'}",
        "{at: 1 s, node: cn, run: sleep 1000, for: 2 s}",
        "{at: 2 s, node: home, run: nosuchthing -x}",
        "{at: 2 s, node: cn, run: cat /not/there}",
    ]
    scenario = tmp_path / "mine.yaml"
    text = (DATA / "short.yaml").read_text()
    text = text.replace("failure: ", f"failure: {DATA}/")
    scenario.write_text(text + "programs:\n" + "".join(f"  - {one}\n" for one in commands))
    lines = {command: number for number, command in enumerate(scenario.read_text().splitlines(), start=1)}
    result = run_scenario(scenario, tmp_path / "run")
    first = lines[f"  - {commands[0]}"]
    missing, failed = (one for one in result["warnings"] if one.startswith("mine.yaml:"))
    assert missing == (
        f"mine.yaml:{first + 2}: there is no command 'nosuchthing' in home;"
        " name the Debian package that has it: 'packages: […]'"
    )
    assert failed.startswith(f"mine.yaml:{first + 3}: 'cat' in cn ended with status 1; ")
    assert "logs/command4-cn.log: cat: /not/there: No such file" in failed
    assert "3 packets transmitted, 3 packets received" in (tmp_path / "run" / "logs" / "command1-mn.log").read_text()
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    ends = {event["command"]: event["status"] for event in events if event["event"] == "command_ended"}
    assert ends == {"busybox": 0, "sleep": -15, "cat": 1}


def test_iperf3_in_a_node_during_a_call(tmp_path: Path) -> None:
    result = run_scenario("with-iperf3", tmp_path / "run")
    assert not any("command" in warning or "iperf3" in warning for warning in result["warnings"])
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    ends = {event["node"]: event["status"] for event in events if event["event"] == "command_ended"}
    assert ends == {"mn": 0, "cn": 0}, "both have ended by themselves, in time"
    log = (tmp_path / "run" / "logs" / "command2-mn.log").read_text()
    assert "connected to 10.20.0.2 port 5201" in log
    (received,) = re.findall(r"([\d.]+) KBytes .* receiver", log)
    assert 20 < float(received) < 80, "5 s of the 128 kbit/s that speech leaves"
    # The uplink is shared; the downlink is not.
    assert result["media"]["to_cn"]["interruption_call_ms"] > 500
    assert result["media"]["to_mn"]["lost"] == 0


def test_package_that_debian_does_not_have_is_told_before_anything_is_built(tmp_path: Path) -> None:
    program = write_example(tmp_path)
    lines = program.read_text().splitlines()
    program.write_text("\n".join([*lines, "packages: [python3, no-such-package]", ""]))
    done = call(
        "run", DATA / "short.yaml", "--no-page", "--scheme", "reinvite", "--cn", program, "--out", tmp_path / "run"
    )
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "mycn.yaml" in line]
    assert line.startswith(f"{program}:{len(lines) + 1}: packages.2: Debian 12 has no package no-such-package;")
    assert "building" not in done.stderr
    assert not (tmp_path / "run").exists()
