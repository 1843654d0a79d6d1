"""Codecs that the two sides of a call have, or do not have, in common: what is refused before the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import SCENARIO

if TYPE_CHECKING:
    from pathlib import Path


def scenario(folder: Path, codecs: str, scheme: str) -> str:
    text = SCENARIO.find("wifi-to-umts").read_text()
    path = folder / "unlike.yaml"
    path.write_text(text.replace("codec: PCMU", codecs).replace("scheme: handover-cn", f"scheme: {scheme}"))
    return str(path)


@pytest.mark.parametrize("codecs", ["{mn: [OPUS], cn: [PCMU]}", "{mn: [GSM], cn: [G722]}", "{mn: [OPUS], cn: [G722]}"])
def test_what_a_b2bua_cannot_transcode_is_refused_with_file_and_line(codecs: str, tmp_path: Path) -> None:
    path = scenario(tmp_path, f"codecs: {codecs}", "handover-b2bua")
    with pytest.raises(BadScenarioError) as told:
        load_experiment(path)
    assert str(told.value) == (
        f"{path}:12: call.codecs: the two sides have no codec in common, and the B2BUA transcodes between"
        " GSM, PCMA, PCMU alone; add one that both have"
    )


@pytest.mark.parametrize(
    "codecs",
    ["codec: OPUS", "codec: G722", "codecs: {mn: [G722, OPUS], cn: [OPUS]}", "codecs: {mn: [OPUS, PCMU], cn: [GSM]}"],
)
@pytest.mark.parametrize("scheme", ["handover-b2bua", "proactive"])
def test_what_both_have_or_a_b2bua_can_transcode_is_taken(codecs: str, scheme: str, tmp_path: Path) -> None:
    load_experiment(scenario(tmp_path, codecs, scheme))
