"""The campaigns that tables in docs/ are made of can all be carried out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from testbed.campaign.campaign_file import read_campaign
from testbed.campaign.layout_of_cells import lay_out_cells

DOCS = Path(__file__).parents[2] / "docs"
CAMPAIGNS = sorted(str(path.relative_to(DOCS)) for path in DOCS.glob("*/*.yaml"))


def test_there_are_some() -> None:
    assert {"phones/called.yaml", "rivals/today.yaml", "standby/break.yaml"} <= set(CAMPAIGNS)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_each_can_be_carried_out_and_none_of_its_cells_is_another_one(name: str) -> None:
    """With the first and the last value of what is varied: all of them are some hundred."""
    campaign = read_campaign(DOCS / name)
    ends = {field: (values[0], values[-1]) for field, values in campaign.file.vary.items() if len(values) > 1}
    vary = {**campaign.file.vary, **ends}
    layout = lay_out_cells(replace(campaign, file=campaign.file.model_copy(update={"vary": vary})))
    assert layout.cells
    assert not layout.doubts
