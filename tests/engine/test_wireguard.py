"""WireGuard in the lab: the kernel's own, read by Wireshark and by its packets' numbers, with a phone of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .command import call, needs_uml, result_of
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

HOME, CN = "10.10.0.254", "10.20.0.2"


def made(folder: Path, *arguments: str) -> Path:
    done = call("run", "--scheme", "wireguard", "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def fade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By the engine that needs to load the module."""
    return made(tmp_path_factory.mktemp("wireguard") / "fade", "wifi-to-umts", "--engine", "vm")


def test_a_fade_costs_the_path_step_and_no_packet(fade: Path) -> None:
    result = result_of(fade)
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert media["lost"] == 0
        assert media["gap_ms"] == pytest.approx(media["path_step_ms"], abs=25)
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    # 20 + 8 of IP and UDP, 16 of header and 16 of authentication, and 200 bytes filled up to 208.
    assert result["cost"]["tunnel_bytes_per_packet"] == 68.0
    assert result["warnings"] == []


def test_what_wireshark_counts_is_what_the_run_says(fade: Path) -> None:
    """Oracle: handshakes, and data messages without content, at the mobile node's interfaces."""
    by = (
        '(frame.interface_name == "mn-wifi" || frame.interface_name == "mn-umts") && (wg.type != 4 || udp.length == 40)'
    )
    sizes = [int(size) - 8 for (size,) in fields(fade / "run.pcapng", by, "udp.length")]
    told = result_of(fade)["signalling"]["mobility"]
    assert (told["messages"], told["bytes"]) == (len(sizes), sum(sizes))
    assert len(sizes) >= 4


def test_packets_are_where_wireshark_sees_their_numbers(fade: Path) -> None:
    """Oracle: the data messages with content that came in by each link, speech and what else there is."""
    media = result_of(fade)["media"]["to_mn"]
    for link in ("wifi", "umts"):
        by = f'frame.interface_name == "mn-{link}" && wg.type == 4 && ip.src == 10.10.0.2 && udp.length == 248'
        assert len(fields(fade / "run.pcapng", by, "wg.counter")) == media["paths"][link]["packets"]


@needs_uml
def test_a_phone_that_knows_nothing_of_it_keeps_its_call(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", "wifi-to-umts", "--mn", "baresip", "--engine", "uml")
    result = result_of(folder)
    assert result["handovers"][0]["outcome"] == "done"
    assert [result["media"][way]["lost"] for way in ("to_mn", "to_cn")] == [0, 0]


@needs_uml
def test_one_seed_has_one_capture_handshake_and_all(tmp_path: Path) -> None:
    one, other = (made(tmp_path / name, "wifi-to-umts", "--engine", "uml") for name in ("one", "other"))
    assert (one / "run.pcapng").read_bytes() == (other / "run.pcapng").read_bytes()


@needs_uml
def test_packets_that_the_break_took_are_lost(tmp_path: Path) -> None:
    """Those that the mobile node had sent into the broken WiFi never came to the home end; their numbers tell."""
    result = result_of(made(tmp_path / "run", "all-schemes", "--failure", "wifi-break", "--engine", "uml"))
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert media["lost"] == media["lost_in_window"]
        assert 80 < media["lost"] < 100
