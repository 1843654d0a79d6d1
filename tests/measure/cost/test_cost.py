"""What a call costs: bytes beyond those of a call over one path, and the joules of its radios."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from testbed.measure import RunFolderError, measure_run
from testbed.measure.cost.radio_power import spent
from testbed.measure.folder.run_folder import PowerState
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from pathlib import Path

RTP = 20 + 8 + 12 + 160
STATES = (PowerState("DCH", 0.8, 5.0), PowerState("FACH", 0.4, 12.0), PowerState("idle", 0.01, None))
UMTS = [
    {"state": "DCH", "power_w": 0.8, "tail_s": 5}, {"state": "FACH", "power_w": 0.4, "tail_s": 12},
    {"state": "idle", "power_w": 0.01},
]  # fmt: skip


def sip_bytes(run: synthetic.Run, *beginnings: bytes) -> int:
    """IP bytes of the messages at the MN that have one of these in them."""
    seen = [one.data for name in ("mn-wifi", "mn-umts") for one in run.captured[name]]
    return sum(len(data) - 14 for data in seen if any(text in data for text in beginnings))


def test_over_one_path_nothing_is_extra(tmp_path: Path) -> None:
    run = synthetic.plain_run()
    cost = measure_run(run.write(tmp_path / "run"))["cost"]
    sip = sip_bytes(run, b"Call-ID: a@mn", b"i: a@mn")
    assert (cost["extra_bytes"], cost["extra_percent"], cost["signalling_bytes"]) == (0, 0.0, sip)
    assert cost["once_bytes"] == 2 * synthetic.PACKETS * RTP + sip
    wifi = cost["radios"]["wifi"]
    assert (wifi["down"]["packets"], wifi["up"]["packets"]) == (synthetic.PACKETS + 2, synthetic.PACKETS + 3)
    assert wifi["down"]["bytes"] + wifi["up"]["bytes"] == cost["once_bytes"]
    assert cost["radios"]["umts"]["down"] == {"packets": 0, "bytes": 0}
    assert cost["joules"] is None


def test_a_re_invite_costs_its_messages_and_no_media(tmp_path: Path) -> None:
    run = synthetic.reinvite_run()
    cost = measure_run(run.write(tmp_path / "run"))["cost"]
    assert cost["extra_bytes"] == sip_bytes(run, b"CSeq: 2 INVITE", b"CSeq: 2 ACK")


def test_what_stands_by_costs_copies_probes_and_its_dialog(tmp_path: Path) -> None:
    run = standby.standby_run()
    cost = measure_run(run.write(tmp_path / "run"))["cost"]
    # Out at the MN: 5 probes, 8 said again, and over both 253 to 335. In: 5 probes, and 244 to 249 said again.
    media = (5 + 8 + 83) + (5 + 6)
    dialog = sip_bytes(run, b"CSeq: 1 INVITE", b"CSeq: 1 ACK") - sip_bytes(synthetic.begin("x"), b"CSeq: 1 ")
    bye = sip_bytes(run, b"Call-ID: a@mn\r\nCSeq: 2 BYE", b"i: a@mn\r\nCSeq: 2 BYE")
    assert dialog > 0
    assert bye > 0
    assert cost["extra_bytes"] == media * RTP + dialog + bye
    assert cost["extra_percent"] == round(100 * cost["extra_bytes"] / cost["once_bytes"], 3)


def test_a_radio_falls_from_state_to_state() -> None:
    second = 1_000_000_000
    # Idle for 1 s; DCH 1 to 8 s and FACH 8 to 10 s; DCH 10 to 15, FACH 15 to 27, and idle to 30 s.
    took = spent(np.array([1, 2, 3, 10]) * second, STATES, (0, 30 * second))
    assert took.talks_s == pytest.approx(7 + 5)
    assert took.joules == pytest.approx(0.8 * 12 + 0.4 * (2 + 12) + 0.01 * (1 + 3))
    assert spent(np.empty(0, dtype=np.int64), STATES, (0, 30 * second)).joules == pytest.approx(0.3)


def test_joules_are_those_of_the_states_in_the_manifest(tmp_path: Path) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    talks = [{"state": "talks", "power_w": 1.0, "tail_s": 0.2}, {"state": "idle", "power_w": 0.0}]
    (folder / "manifest.json").write_text(json.dumps({**manifest, "radios": {"wifi": talks}}))
    cost = measure_run(folder)["cost"]
    # From the INVITE at 0.5 s: ACK at 0.508, media 1.003 to 14.989 s, BYE at 15.2, answered at 15.205 s.
    assert cost["radios"]["wifi"]["joules"] == pytest.approx(0.008 + 0.2 + 13.986 + 0.2 + 0.005, abs=0.001)
    assert (cost["radios"]["umts"]["joules"], cost["joules"]) == (None, None), "a part is no sum"
    (folder / "manifest.json").write_text(json.dumps({**manifest, "radios": {"wifi": talks, "umts": UMTS}}))
    cost = measure_run(folder)["cost"]
    assert cost["radios"]["umts"] == {
        "down": {"packets": 0, "bytes": 0}, "up": {"packets": 0, "bytes": 0}, "talks_s": 0.0, "joules": 0.147,
    }  # fmt: skip


def test_states_that_are_none_are_told(tmp_path: Path) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "radios": {"wifi": [{"state": "talks"}]}}))
    with pytest.raises(RunFolderError, match="radios says nothing of radio states"):
        measure_run(folder)
