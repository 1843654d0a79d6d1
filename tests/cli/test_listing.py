"""`testbed list`: everything that there is, with what one wants to know of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.roles.mn.schemes import SCHEMES
from testbed.cli.files.listing import LISTS
from testbed.cli.main import commands
from testbed.scenario.kinds.correspondent import OWN
from testbed.scenario.kinds.loaded_program import able
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.triggers import ALL_TRIGGERS
from testbed.scenario.links.forms import FORMS
from testbed.scenario.reading.places import COVERAGE, FAILURE, NAT, PROFILE, PROGRAM, SCENARIO, TOPOLOGY, TRACK

SHIPPED = {
    kind.listed_as: kind.shipped() for kind in (SCENARIO, TOPOLOGY, PROFILE, FAILURE, COVERAGE, NAT, TRACK, PROGRAM)
}
EVERYTHING = {
    **SHIPPED,
    "schemes": list(SCHEMES),
    "phones": [*OWN, *able("cn")],
    "triggers": list(ALL_TRIGGERS),
    "forms": list(FORMS),
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


@pytest.mark.parametrize("what", LISTS)
def test_list_for_programs_has_the_same_rows_with_the_columns_as_keys(what: str) -> None:
    result = CliRunner().invoke(commands, ["list", what, "--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows] == EVERYTHING[what]
    columns = LISTS[what][1]
    header = listed(what)[1]
    for row in rows:
        assert tuple(row) == columns
        assert row[columns[1]].split()[0] in "\n".join(listed(what))
    assert all(column in header for column in columns)


def test_list_for_programs_has_no_markup_and_null_for_what_there_is_not() -> None:
    triggers = json.loads(CliRunner().invoke(commands, ["list", "triggers", "--json"]).stdout)
    assert all("\\" not in row["parameters"] and "[stay]" in row["parameters"] for row in triggers)
    profiles = json.loads(CliRunner().invoke(commands, ["list", "profiles", "--json"]).stdout)
    (ideal,) = [row for row in profiles if row["name"] == "ideal"]
    assert (ideal["loss"], ideal["rate down / up"]) == (None, None)


def test_list_of_profiles_has_the_numbers_of_each_direction() -> None:
    text = "\n".join(listed("profiles"))
    for words in (
        "rate down / up",
        "one-way delay ± jitter",
        "384 kbit/s / 128 kbit/s",
        "110 ms ± 20 ms",
        "30 Mbit/s / 15 Mbit/s",
        "1.5 ms ± 1 ms",
        "0.1 % in bursts of 100 ms",
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


def test_lists_can_be_cut_up_by_other_programs() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("testbed"), "list", "profiles"], capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
