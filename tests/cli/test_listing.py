"""`testbed list`: everything that there is, with what one wants to know of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from testbed.cli.files.listing import LISTS
from testbed.cli.main import commands
from testbed.scenario.kinds.correspondent import OWN
from testbed.scenario.kinds.loaded_program import able
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import SCHEMES, SchemeName, SchemeSetting
from testbed.scenario.kinds.triggers import TRIGGERS
from testbed.scenario.reading.places import COVERAGE, FAILURE, PROFILE, PROGRAM, SCENARIO, TOPOLOGY, TRACK

SHIPPED = {kind.listed_as: kind.shipped() for kind in (SCENARIO, TOPOLOGY, PROFILE, FAILURE, COVERAGE, TRACK, PROGRAM)}
TRIGGER_NAMES = [
    "link-down", "signal", "link-going-down", "quality", "position", "source-quench", "policy", "any", "weighted",
]  # fmt: skip
EVERYTHING = {
    **SHIPPED,
    "schemes": list(get_args(SchemeName)),
    "phones": [*OWN, *able("cn")],
    "triggers": TRIGGER_NAMES,
}


def listed(what: str) -> list[str]:
    result = CliRunner().invoke(commands, ["list", what])
    assert result.exit_code == 0, result.output
    return [line.rstrip() for line in result.output.splitlines()]


def test_there_is_a_list_for_each_kind_of_thing() -> None:
    assert set(LISTS) == set(EVERYTHING)


@pytest.mark.parametrize("what", LISTS)
def test_list_has_a_row_for_everything_and_says_what_it_is(what: str) -> None:
    rows = [line for line in listed(what)[2:] if not line.startswith(" ")]
    assert [row.split()[0] for row in rows] == EVERYTHING[what]
    assert all(len(row.split()) > 1 for row in rows)


def test_list_of_profiles_has_the_numbers_of_each_direction() -> None:
    text = "\n".join(listed("profiles"))
    for words in (
        "rate down / up",
        "one-way delay ± jitter",
        "384 kbit/s / 128 kbit/s",
        "110 ms ± 20 ms",
        "30 Mbit/s / 15 Mbit/s",
        "1.5 ms ± 1 ms",
        "0.1 % in bursts of 5",
    ):
        assert words in text
    assert all("…" not in line for line in text.splitlines())


def test_profile_without_shape_has_no_numbers() -> None:
    (row,) = [line for line in listed("profiles") if line.startswith("ideal ")]
    assert row.split()[-3:] == ["–", "–", "–"]


def test_profile_whose_directions_differ_shows_both(monkeypatch: pytest.MonkeyPatch) -> None:
    down = {"rate": "240 kbit/s", "delay": "400 ms", "queue": "10 packets"}
    up = {"rate": "200 kbit/s", "delay": "440 ms", "loss": "1 %", "queue": "10 packets"}
    profile = LinkProfile.model_validate({"name": "edge", "about": "EDGE", "signal": "-80 dBm", "down": down, "up": up})
    monkeypatch.setattr("testbed.cli.files.listing.load", lambda *_: profile)
    text = "\n".join(listed("profiles"))
    assert "240 kbit/s / 200 kbit/s 400 ms / 440 ms        0 % / 1 %" in text


def test_every_scheme_has_a_description_and_every_trigger_is_one_that_scenarios_take() -> None:
    assert list(SCHEMES) == list(get_args(SchemeName))
    assert set(get_args(SchemeSetting.model_fields["trigger"].annotation)) == set(TRIGGERS)


def test_lists_can_be_cut_up_by_other_programs() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("testbed"), "list", "profiles"], capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
