"""Designs: which combinations, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.campaign.design import points

from .files import read

if TYPE_CHECKING:
    from pathlib import Path

RANGES = "vary:\n  links.wifi.loss: {from: 0 %, to: 10 %}\n  room.cn: {from: 0, to: 2}\n  call.codec: [PCMU, GSM]\n"


def texts(folder: Path, text: str) -> list[tuple[str, ...]]:
    """The values of all points, as one would write them."""
    return [tuple(one.text for one in point) for point in points(read(folder, text))]


def test_grid_has_every_combination_in_the_file_s_order(tmp_path: Path) -> None:
    found = texts(tmp_path, "vary: {links.wifi.loss: [0 %, 5 %], call.codec: [PCMU, GSM]}\n")
    assert found == [("0 %", "PCMU"), ("0 %", "GSM"), ("5 %", "PCMU"), ("5 %", "GSM")]


def test_nothing_varied_is_one_point(tmp_path: Path) -> None:
    assert texts(tmp_path, "seeds: 3\n") == [()]


def test_sobol_sequence_is_known_and_its_first_half_stays_when_it_grows(tmp_path: Path) -> None:
    four, eight = (texts(tmp_path, f"design: {{sobol: {count}}}\n{RANGES}") for count in (4, 8))
    assert four[:4] == eight[:4] == [
        ("2.86169 %", "0", "PCMU"), ("5.81783 %", "2", "PCMU"), ("8.37916 %", "0", "PCMU"), ("0.436409 %", "1", "PCMU")
    ]  # fmt: skip
    assert four[4:] == [(loss, room, "GSM") for loss, room, _ in four[:4]]


def test_latin_hypercube_has_one_value_in_each_part_of_the_range(tmp_path: Path) -> None:
    found = texts(tmp_path, "design: {latin-hypercube: 10}\nvary: {links.wifi.loss: {from: 0 %, to: 10 %}}\n")
    assert sorted(int(float(one.removesuffix(" %"))) for (one,) in found) == list(range(10))


def test_file_that_a_value_names_lies_beside_the_campaign(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("name: other")
    ((point,),) = points(read(tmp_path, "vary: {failure: [./other.yaml]}\n"))
    assert (point.value, point.text) == (str(tmp_path / "other.yaml"), "./other.yaml")
