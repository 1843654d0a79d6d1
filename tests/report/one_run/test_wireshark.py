"""The Wireshark profile, as tshark takes it."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import Event, read_manifest, read_names
from testbed.report.one_run.run_capture import write_run_capture
from testbed.report.one_run.wireshark import SHADES, jump, paths, profile, profile_name, questions
from tests.measure import synthetic
from tests.measure.frames import MS, START_NS
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path
from testbed.measure.folder.run_folder import Manifest

NAME = "testbed-wifi-umts"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = synthetic.handover_cn_run().write(tmp_path_factory.mktemp("run") / "handover-cn")
    events = [
        {
            "time_ns": START_NS + at_ms * MS,
            "t_s": at_ms / 1000,
            "source": source,
            "event": name,
            **how,
        }
        for at_ms, source, name, how in (
            (2000, "lab", "carrier", {"link": "umts", "up": False}),
            (3000, "cn", "duplicating", {}),
            (4000, "mn", "trigger", {"link": "wifi"}),
            (5000, "lab", "link_gone", {"link": "wifi"}),
        )
    ]
    write_run_capture(RunCaptures(folder), events, folder / "run.pcapng", names=read_names(folder))
    return folder


@pytest.fixture(scope="module")
def manifest(run: Path) -> Manifest:
    return read_manifest(run)


@pytest.fixture(scope="module")
def settings(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "profiles" / NAME).mkdir(parents=True)
    for name, text in profile(manifest).items():
        (folder / "profiles" / NAME / name).write_text(text)
    return folder


def tshark(settings: Path, run: Path, *options: str) -> list[str]:
    """Return what tshark says with the profile, which it must take without a complaint."""
    done = subprocess.run(
        ["tshark", "-C", NAME, "-r", str(run / "run.pcapng"), *options],
        env={**os.environ, "WIRESHARK_CONFIG_DIR": str(settings)},
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if not line.startswith("Running as user")]
    assert (done.returncode, said) == (0, [])
    return done.stdout.splitlines()


def test_the_handover_header_is_a_field(settings: Path, run: Path) -> None:
    asked = (
        "-Y",
        "sip.Handover",
        "-T",
        "fields",
        "-e",
        "frame.interface_name",
        "-e",
        "sip.Method",
        "-e",
        "sip.Handover",
    )
    assert tshark(settings, run, *asked) == [
        f"{interface}\tINVITE\ta@mn;to-tag=cn;from-tag=mn" for interface in ("mn-umts", "core-eth0", "cn-eth0")
    ]
    assert len(tshark(settings, run, "-Y", 'sip.Require contains "handover" && sip.Handover contains "a@mn"')) == 3


def test_every_packet_has_its_colour(settings: Path, run: Path) -> None:
    rows = tshark(
        settings,
        run,
        "--color",
        "-T",
        "fields",
        "-e",
        "frame.coloring_rule.name",
        "-e",
        "ip.src_host",
        "-e",
        "ip.dst_host",
    )
    rules = Counter(row.partition("\x1b[0m")[2] or row for row in rows)
    found: dict[str, set[tuple[str, str]]] = {}
    for row in rules:
        rule, source, destination = row.split("\t")
        found.setdefault(rule, set()).add((source, destination))
    assert found["wifi: media to mn"] == {("cn", "mn-wifi")}
    assert found["wifi: media from mn"] == {("mn-wifi", "cn")}
    assert found["umts: media to mn"] == {("cn", "mn-umts")}
    assert found["umts: media from mn"] == {("mn-umts", "cn")}
    assert found["Handover: names the dialog that is handed over"] == {("mn-umts", "cn")}
    assert {rule for rule in found if rule.startswith("Timeline")} == {
        "Timeline: a trigger fires", "Timeline: a link is lost", "Timeline: anything else",
    }  # fmt: skip
    assert "SIP" in found
    assert "SIP: BYE" in found
    assert "" not in found


def test_columns_name_nodes_and_tell_rtp_and_sip_apart(settings: Path, run: Path) -> None:
    lines = tshark(settings, run)
    invite = next(line.split() for line in lines if "INVITE sip:" in line)
    assert invite[2:6] == ["mn-wifi", "mn-wifi", "→", "cn"]
    assert [invite[6].partition("/")[0], *invite[7:9]] == ["SIP", "INVITE", "a@mn"]
    media = next(line.split() for line in lines if " RTP " in line)
    assert media[2:8] == ["mn-wifi", "mn-wifi", "→", "cn", "RTP", str(synthetic.MN_SEQUENCE)]
    assert any("t=4.000000 s mn: trigger link=wifi" in line for line in lines)


def test_rtp_is_found_without_sdp(settings: Path, run: Path) -> None:
    assert {*tshark(settings, run, "-Y", "rtp", "-T", "fields", "-e", "rtp.setup-method")} == {"HEUR RTP"}
    assert not tshark(settings, run, "-Y", "sdp")


def test_every_filter_of_the_profile_finds_something(settings: Path, run: Path, manifest: Manifest) -> None:
    rows = (settings / "profiles" / NAME / "dfilter_buttons").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == [
        '"at mn"', '"at cn"', '"wifi"', '"umts"', '"SIP"', '"Handover"', '"timeline"'
    ]  # fmt: skip
    filters = [row.split('","')[2].replace("\\x22", '"') for row in rows]
    filters += [one for path in paths(manifest) for _, one in path.arriving]
    for one in filters:
        assert tshark(settings, run, "-Y", one, "-c", "20000"), one


def test_one_looks_first_at_the_trigger(settings: Path, run: Path) -> None:
    assert jump([]) is None
    found = jump([Event(0, 0.0, "mn", "trigger", {})])
    assert found is not None
    (line,) = tshark(settings, run, "-Y", found, "-T", "fields", "-e", "frame.comment")
    assert line == "t=4.000000 s mn: trigger link=wifi"


def test_every_question_to_tshark_has_an_answer(settings: Path, run: Path, manifest: Manifest) -> None:
    answers = {one.tells: tshark(settings, run, *one.options) for one in questions(manifest)}
    invites, streams, wifi, umts, timeline, everything = answers.values()
    assert [line.split("\t")[1:] for line in invites] == [
        ["mn-wifi", "a@mn", ""], ["mn-umts", "b@mn", "a@mn;to-tag=cn;from-tag=mn"]
    ]  # fmt: skip
    assert sum("g711U" in line for line in streams) == 4
    assert len(wifi) + len(umts) >= synthetic.PACKETS
    assert [line.split("\t")[1] for line in timeline] == ["mn-wifi", "cn-eth0", "mn-wifi", "mn-wifi"]
    assert len(everything) > len(wifi) + len(umts)


def test_names_of_a_manifest_cannot_write_rules(manifest: Manifest) -> None:
    bad = 'wifi"||x@[\n"'
    odd = replace(manifest, mn=replace(manifest.mn, interfaces={bad: bad}))
    files = profile(odd)
    assert profile_name(odd) == "testbed-wifi___x____"
    assert {name: text.count("\n") for name, text in files.items() if name != "io_graphs"} == {
        name: text.count("\n") - {"colorfilters": 2, "dfilter_buttons": 1}.get(name, 0)
        for name, text in profile(manifest).items()
        if name != "io_graphs"
    }
    assert bad not in "".join(files.values())


def test_more_links_than_colours(manifest: Manifest) -> None:
    links = {f"l{number}": f"mn-l{number}" for number in range(len(SHADES) + 1)}
    found = paths(replace(manifest, mn=replace(manifest.mn, interfaces=links)))
    assert [path.shades for path in found] == [*SHADES, SHADES[0]]
