"""Campaign files for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.campaign.campaign_file import Campaign, read_campaign
from testbed.campaign.layout_of_cells import CellLayout, lay_out_cells
from testbed.scenario.reading.errors import BadScenarioError

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str, *, scenario: str = "wifi-to-umts") -> Path:
    """A campaign file about a scenario, with these lines from the second on."""
    path = folder / "mine.yaml"
    path.write_text(f"scenarios: [{scenario}]\n{text}")
    return path


def read(folder: Path, text: str) -> Campaign:
    """The same, read."""
    return read_campaign(written(folder, text))


def laid_out(folder: Path, text: str) -> CellLayout:
    """Its cells."""
    return lay_out_cells(read(folder, text))


def mistakes(folder: Path, text: str) -> list[str]:
    """What is said of it, each with its line, and without the folder."""
    with pytest.raises(BadScenarioError) as found:
        laid_out(folder, text)
    return [str(one).replace(f"{folder}/", "") for one in found.value.errors]
