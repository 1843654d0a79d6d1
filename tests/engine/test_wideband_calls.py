"""Calls in wideband speech, for real: what Wireshark reads, how they are rated, what can be listened to."""

from __future__ import annotations

import json
import wave
from typing import TYPE_CHECKING, Any

import pytest

from agents.rtp.coding.recorded import FILES
from testbed.measure.listening.codec_ratings import LOSSES, NO_VALUES, WIDEBAND

from .command import call, needs_uml, run_scenario, shortened
from .tshark import fields, tshark

if TYPE_CHECKING:
    from pathlib import Path

CALL_S = 20
TYPES = {"G722": ("9", "g722", 160, 160), "OPUS": ("111", "opus", 960, 50)}
"""Codec -> payload type, Wireshark's name for it, ticks of 20 ms, octets of a payload."""


def wideband_run(codec: str, scheme: str, folder: Path) -> dict[str, Any]:
    """A run in this codec, with its folder `run`."""
    path = shortened("wifi-to-umts", folder, CALL_S)
    path.write_text(path.read_text().replace("codec: PCMU", f"codec: {codec}"))
    return run_scenario(path, folder / "run", "--engine", "uml", "--scheme", scheme)


@needs_uml
@pytest.mark.parametrize("codec", FILES)
def test_a_soft_handover_loses_nothing_of_it(codec: str, tmp_path: Path) -> None:
    result = wideband_run(codec, "handover-cn", tmp_path)
    for media in result["media"].values():
        assert (media["lost"], media["interruption_ms"], media["jitter_ms"] < 20) == (0, 0.0, True)
        rated = media["mos"], media["mos_scale"], media["quality_doubt"]
        assert rated == ((4.34, WIDEBAND, None) if codec == "G722" else (None, None, NO_VALUES["OPUS"]))
    # What Wireshark reads: the type's name, octets, and the clock.
    number, name, ticks, octets = TYPES[codec]
    capture = tmp_path / "run" / "captures" / "cn-eth0.pcap"
    packets = fields(capture, "rtp", "rtp.p_type", "rtp.ssrc", "rtp.timestamp", "rtp.payload")
    assert {(kind, len(payload.replace(":", "")) // 2) for kind, _, _, payload in packets} == {(number, octets)}
    stamps: dict[str, list[int]] = {}
    for _, ssrc, stamp, _ in packets:
        stamps.setdefault(ssrc, []).append(int(stamp))
    assert [(max(mine) - min(mine)) // ticks > 49 * CALL_S for mine in stamps.values()] == [True, True]
    assert {(stamp - mine[0]) % ticks for mine in stamps.values() for stamp in mine} == {0}
    assert any(name in line for line in tshark(capture, "-q", "-z", "rtp,streams"))
    # And it can be listened to, at 16 kHz.
    done = call("speech", tmp_path / "run", "--json")
    assert done.returncode == 0, done.stderr
    for direction, one in json.loads(done.stdout)["speech"].items():
        assert (one["rate_hz"], one["mos_lqo_scale"], one["holes"]) == (16000, "P.862.2", 0)
        with wave.open(str(tmp_path / "run" / "speech" / f"{direction}-heard.wav")) as file:
            assert (file.getframerate(), file.getnframes() // 16000) == (16000, CALL_S)


@needs_uml
@pytest.mark.parametrize("codec", FILES)
def test_a_re_invite_with_late_packets_has_no_rating_that_nobody_published(codec: str, tmp_path: Path) -> None:
    result = wideband_run(codec, "reinvite-soft", tmp_path)
    assert result["handover"]["outcome"] == "done"
    why = LOSSES.format("G.722") if codec == "G722" else NO_VALUES["OPUS"]
    for media in result["media"].values():
        assert media["interruption_ms"] > 0
        assert (media["mos"], media["mos_scale"], media["quality_doubt"]) == (None, None, why)
    again = call("verify", tmp_path / "run")
    assert again.returncode == 0, again.stdout + again.stderr
