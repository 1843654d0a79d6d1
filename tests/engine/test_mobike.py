"""MOBIKE in the lab: strongSwan's daemons and the kernel's IPsec, read by Wireshark, with a phone of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.reading.places import PROGRAM, SCENARIO

from .command import call, needs_uml, result_of
from .tshark import fields, tshark

if TYPE_CHECKING:
    from pathlib import Path

AT_LINKS = '(frame.interface_name == "mn-wifi" || frame.interface_name == "mn-umts")'
INFORMATIONAL = 37


def made(folder: Path, *arguments: str, engine: str = "uml") -> Path:
    done = call("run", "--scheme", "mobike", "--engine", engine, "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    return folder


def lost(folder: Path) -> list[int]:
    return [result_of(folder)["media"][way]["lost"] for way in ("to_mn", "to_cn")]


@pytest.fixture(scope="module")
def fade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("mobike") / "fade", "wifi-to-umts")


def test_a_fade_costs_the_path_step_and_no_packet(fade: Path) -> None:
    result = result_of(fade)
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["lost"], media["duplicates"]) == (0, 0)
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=25)
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    # 20 of IP, 8 of ESP, 200 bytes filled up to 202 and 2 that say so, 16 of proof (RFC 4303, 2; RFC 4868).
    assert result["cost"]["tunnel_bytes_per_packet"] == 48.0
    assert result["warnings"] == []


def test_what_wireshark_counts_is_what_the_run_says(fade: Path) -> None:
    """Oracle: IKEv2's messages at the mobile node's interfaces, of which only the first two can be read by all."""
    seen = fields(fade / "run.pcapng", f"{AT_LINKS} && isakmp && !icmp", "isakmp.exchangetype", "isakmp.length")
    told = result_of(fade)["signalling"]["mobility"]
    assert (told["protocol"], told["messages"]) == ("MOBIKE", len(seen))
    assert told["bytes"] == sum(int(length) for _, length in seen)
    kinds = [int(kind) for kind, _ in seen]
    assert kinds[:4] == [34, 34, 35, 35]
    assert kinds.count(INFORMATIONAL) >= 4  # is there a way, and: go there; with answers


def test_wireshark_reads_the_speech_where_it_is_told_that_it_can(fade: Path) -> None:
    by = 'frame.interface_name == "mn-umts" && esp && rtp'
    media = result_of(fade)["media"]["to_cn"]["paths"]["umts"]
    option = ("-o", "esp.enable_null_encryption_decode_heuristic:TRUE", "-o", "rtp.heuristic_rtp:TRUE")
    assert len(tshark(fade / "run.pcapng", *option, "-Y", by)) >= media["packets"]


@needs_uml
def test_a_phone_that_knows_nothing_of_it_keeps_its_call(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", "wifi-to-umts", "--mn", "baresip")
    assert result_of(folder)["handovers"][0]["outcome"] == "done"
    assert lost(folder) == [0, 0]


@needs_uml
def test_one_seed_has_one_capture_keys_and_all(tmp_path: Path) -> None:
    one, other = (made(tmp_path / name, "wifi-to-umts") for name in ("one", "other"))
    assert (one / "run.pcapng").read_bytes() == (other / "run.pcapng").read_bytes()


@needs_uml
def test_on_a_break_the_way_is_tried_before_it_is_taken(tmp_path: Path) -> None:
    """The kernel's notice after 1.7 s, a tenth of a second's patience of the daemon's, two round trips of 220 ms."""
    result = result_of(made(tmp_path / "run", "wifi-to-umts", "--failure", "wifi-break"))
    (handover,) = result["handovers"]
    assert 1650 < handover["phases_ms"]["detect"] < 1750
    assert 450 < handover["phases_ms"]["signalling"] < 600
    assert all(result["media"][way]["lost"] == result["media"][way]["lost_in_window"] for way in ("to_mn", "to_cn"))


def with_daemons(folder: Path, old: str, new: str) -> Path:
    """The scenario with other daemons than ours: what their file says, but for one thing."""
    text = PROGRAM.find("strongswan").read_text()
    assert old in text
    (folder / "mine.yaml").write_text(text.replace(old, new))
    path = folder / "mine-scenario.yaml"
    path.write_text(f"{SCENARIO.find('wifi-to-umts').read_text()}\nike: ./mine.yaml\n")
    return path


@needs_uml
def test_who_has_another_key_gets_no_tunnel_and_the_run_says_so(tmp_path: Path) -> None:
    scenario = with_daemons(tmp_path, "secret = {{ subscriber.password }}", "secret = {{ node }}")
    folder = made(tmp_path / "run", str(scenario))
    assert "AUTHENTICATION_FAILED" in (folder / "logs" / "mn-strongswan.log").read_text()
    warnings = " ".join(result_of(folder)["warnings"])
    assert "no RTP stream was captured" in warnings


@needs_uml
def test_a_daemon_that_dies_in_the_call_marks_the_run(tmp_path: Path) -> None:
    scenario = tmp_path / "dies.yaml"
    first = "{at: 8 s, node: home, run: sh -c 'kill -9 $(pgrep -o charon)'}"  # home's is the older one
    scenario.write_text(f"{SCENARIO.find('wifi-to-umts').read_text()}\nprograms: [{first}]\n")
    done = call("run", scenario, "--scheme", "mobike", "--engine", "uml", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "home-strongswan (strongswan.yaml): env was killed by signal 9" in done.stdout + done.stderr
    assert (tmp_path / "run" / "run.pcapng").stat().st_size > 10_000
