"""What is told before a run: speech that does not fit, SIP that takes longer than T1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.reading.places import SCENARIO

if TYPE_CHECKING:
    from pathlib import Path


def told(tmp_path: Path, profile: str, codec: str = "PCMU") -> list[str]:
    """What is told of a call that is handed over to a link of this profile."""
    text = SCENARIO.find("wifi-to-umts").read_text().replace("umts: umts-r99-384", f"umts: {profile}")
    text = text.replace("codec: PCMU", f"codec: {codec}")
    scenario = tmp_path / "narrow.yaml"
    scenario.write_text(text)
    return list(doubts(load_experiment(str(scenario))))


def test_nothing_is_told_of_a_link_that_fits(tmp_path: Path) -> None:
    assert told(tmp_path, "umts-r99-384") == []


def test_speech_that_does_not_fit_is_told_for_each_direction(tmp_path: Path) -> None:
    found = told(tmp_path, "umts-r99-64")
    assert [line.partition(" has ")[0] for line in found] == [
        "link 'umts' (umts-r99-64, down)", "link 'umts' (umts-r99-64, up)"
    ]  # fmt: skip
    assert all("PCMU needs 80 kbit/s" in line for line in found)


@pytest.mark.parametrize(("codec", "needed"), [("G722", "80 kbit/s"), ("GSM", None), ("OPUS", None)])
def test_what_a_codec_needs_is_its_payload_and_headers_of_40_bytes(
    codec: str, needed: str | None, tmp_path: Path
) -> None:
    """G.722 is as wide as G.711 on the wire; Opus at 20 kbit/s fits through 64 kbit/s."""
    found = told(tmp_path, "umts-r99-64", codec)
    assert [f"{codec} needs {needed}" in line for line in found] == ([] if needed is None else [True, True])


def test_opus_on_a_link_for_a_modem_is_told(tmp_path: Path) -> None:
    assert (
        "has 9.6 kbit/s, and OPUS needs 36 kbit/s in packets of 20 ms: speech will wait"
        in told(tmp_path, "signalling-9k6", "OPUS")[0]
    )


def test_signalling_that_takes_longer_than_t1_is_told_once_with_its_reason(tmp_path: Path) -> None:
    assert told(tmp_path, "signalling-9k6")[-1] == (
        "link 'umts' (signalling-9k6): an INVITE of 1200 bytes takes 1 s at 9.6 kbit/s, and both delays 40 ms:"
        " 1.04 s or more until it is answered, longer than T1 (500 ms), so answers to it will be sent more than once"
    )
    assert len(told(tmp_path, "signalling-9k6")) == 3


def test_a_queue_that_holds_less_than_is_on_its_way_is_told(tmp_path: Path) -> None:
    way = "{rate: 25 Mbit/s, delay: 300 ms, queue: 10 packets}"
    (tmp_path / "geo.yaml").write_text(f"name: geo\nabout: far\nsignal: -70 dBm\ndown: {way}\nup: {way}\n")
    down, up, t1 = told(tmp_path, "geo.yaml")
    assert down == (
        "link 'umts' (geo, down) has a queue of 10 packets, and with a delay of 300 ms 15 of speech are on their way at"
        " once: about 33 % will be lost; make the queue longer"
    )
    assert "(geo, up)" in up
    assert "at 25 Mbit/s, and both delays 600 ms: 600.4 ms or more" in t1
