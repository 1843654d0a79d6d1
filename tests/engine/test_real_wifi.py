"""The kernel's own 802.11 on an access link: scan, authentication, association and keys, on the wire and in phases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.lab.network.wireless import PHASES

from .command import DATA, call, run_scenario
from .tshark import fields

if TYPE_CHECKING:
    from pathlib import Path

BACK_S = 12.0


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("real-wifi") / "run"
    return folder, run_scenario(DATA / "real-wifi.yaml", folder)


def events(folder: Path, name: str, link: str) -> list[dict[str, Any]]:
    """Such events of a link."""
    found = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return [one for one in found if one["event"] == name and one.get("link") == link]


def test_attaching_takes_what_802_11_takes(arrived: tuple[Path, dict[str, Any]]) -> None:
    _, result = arrived
    parts, phases = result["handover"]["attach_ms"], result["handover"]["phases_ms"]
    assert list(parts) == list(PHASES)
    # Every channel is listened to for some ten milliseconds or more; what follows is a few frames.
    assert 1000 < parts["scan"] < 8000
    assert 0 < parts["authentication"] + parts["association"] + parts["key handshake"] < 200
    assert sum(parts.values()) == pytest.approx(phases["attach"], abs=5)
    assert all(media["paths"]["wifi"]["new"] > 100 for media in result["media"].values())


def test_keys_then_address_are_on_the_wire(arrived: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = arrived
    names = ("wlan_rsna_eapol.keydes.msgnr", "dhcp.option.dhcp")
    rows = fields(folder / "captures" / "mn-wifi.pcap", "eapol || dhcp", *names)
    assert rows[:8] == [["1", ""], ["2", ""], ["3", ""], ["4", ""], ["", "1"], ["", "2"], ["", "3"], ["", "5"]]
    log = (folder / "logs" / "wpa_supplicant-wifi.log").read_text()
    assert "Associated with 02:00:00:00:00:02" in log


def test_frames_in_the_air_are_captured(arrived: tuple[Path, dict[str, Any]]) -> None:
    capture = arrived[0] / "captures" / "hwsim0.pcap"
    # IEEE 802.11, 9.2.4.1.3: type and subtype of authentication, association request, its response.
    shaking = "wlan.fc.type_subtype in {0x0b, 0x00, 0x01} && frame.time_relative > 0"
    kinds = [kind for (kind,) in fields(capture, shaking, "wlan.fc.type_subtype")]
    assert [int(kind, 0) for kind in kinds[:4]] == [0x0B, 0x0B, 0x00, 0x01]
    assert len(fields(capture, "wlan.fc.type_subtype == 0x08", "frame.number")) > 100


def test_loss_is_noticed_by_missing_beacons_and_the_phone_comes_back(arrived: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = arrived
    (down,) = events(folder, "link_down", "wifi")
    assert 0.3 < down["t_s"] - events(folder, "link_gone", "wifi")[0]["t_s"] < 2.0
    first, second = events(folder, "attached", "wifi")
    assert first["t_s"] < down["t_s"] < BACK_S < second["t_s"]


def test_same_bytes_again(arrived: tuple[Path, dict[str, Any]]) -> None:
    done = call("verify", arrived[0])
    assert done.returncode == 0, done.stdout + done.stderr
