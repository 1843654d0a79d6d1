"""Campaign files: what is wrong with one is said in its own lines, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.campaign.campaign_file import Between, Design

from .files import laid_out, mistakes, read

if TYPE_CHECKING:
    from pathlib import Path


def test_all_that_can_be_said(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        "schemes: [reinvite]\nseeds: {first: 5, runs: 3}\ndesign: {sobol: 4}\nkeep: none\n"
        "vary:\n  links.wifi.loss: {from: 0 %, to: 10 %}\n  call.codec: [PCMU, GSM]\n",
    )
    assert list(file.seeds) == [5, 6, 7]
    assert file.file.vary == {"links.wifi.loss": Between("0 %", "10 %"), "call.codec": ("PCMU", "GSM")}
    assert (file.file.design, file.file.keep) == (Design("sobol", 4), "none")


def test_schemes_are_the_scenario_s_unless_others_are_named(tmp_path: Path) -> None:
    cells = laid_out(tmp_path, "seeds: 2\n").cells
    assert [one.scheme for one in cells] == ["reinvite", "reinvite-soft", "handover-cn", "handover-b2bua"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sedes: 3\n", "mine.yaml:2: sedes is unknown; did you mean 'seeds'?"),
        ("seeds: 0\n", "mine.yaml:2: seeds.runs: 0 is too small; it should be 1 or more"),
        (
            "seeds: {first: 4294967290, runs: 50}\n",
            "mine.yaml:2: seeds: the last of 50 seeds is 4294967339; a seed is at most 4294967295",
        ),
        (
            "vary:\n  links.wifi.loss: []\n",
            "mine.yaml:3: vary.links.wifi.loss: [] are no values; write them as a list, like [0 %, 5 %],"
            " or as {from: 0 %, to: 10 %}",
        ),
        (
            "schemes: [reinvite, hanover-cn]\n",
            "mine.yaml:2: schemes.2: 'hanover-cn': there is no scheme of that name; did you mean 'handover-cn'?",
        ),
        ("vary: {seed: [1, 2]}\n", "mine.yaml:2: vary: seed is not varied: 'seeds' says which"),
        (
            "design: {sobol: 60}\n",
            "mine.yaml:2: design: 60 samples of a Sobol sequence lie unevenly; take a power of two, like 64",
        ),
        (
            "vary:\n  links.wifi.loss: {from: 0 %, to: 10 %}\n",
            "mine.yaml:3: vary: links.wifi.loss: a range has no values of its own; write a list,"
            " or 'design: {latin-hypercube: 40}'",
        ),
        (
            "design: {sobol: 4}\nvary:\n  links.wifi.delay: {from: 10 ms, to: 1 s}\n",
            "mine.yaml:4: vary: links.wifi.delay: '10 ms' to '1 s' is no range; both need a number and one unit",
        ),
        (
            "vary: {call.duration: [5 s, 6 s], "
            + ", ".join(f"{name}: [{', '.join(f'{n} ms' for n in range(1, 100))}]" for name in ("a", "b", "c"))
            + "}\n",
            "mine.yaml:2: vary: these are 1940598 combinations; at most 100000 are possible",
        ),
    ],
)
def test_mistake_is_said_in_its_line(text: str, said: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, text) == [said]


def test_value_that_its_field_refuses_is_said_in_its_own_line_each(tmp_path: Path) -> None:
    text = "vary:\n  links.wifi.loss:\n    - 0 %\n    - 5\n    - 500 %\n"
    assert mistakes(tmp_path, text) == [
        "mine.yaml:5: links.wifi.loss: loss.wifi: 5 has no unit; a share is written like 2 %",
        "mine.yaml:6: links.wifi.loss: loss.wifi: '500 %' is impossible; a share is from 0 % to 100 %",
    ]


def test_what_does_not_fit_elsewhere_is_said_with_all_values(tmp_path: Path) -> None:
    first, *_ = mistakes(tmp_path, "seeds: 2\nvary: {links.wifi.delay: [0 ms, 5 ms]}\n")
    assert first.startswith("mine.yaml:3: vary: with links.wifi.delay 0 ms: ")
    assert "wifi-good.yaml:7: down.jitter: a jitter of 1 ms around a delay of 0 s would go back in time" in first


def test_scheme_may_need_what_is_varied(tmp_path: Path) -> None:
    """The scenario as it is has IPv4, which this scheme can do nothing with."""
    over_ipv6 = "schemes: [mipv6, handover-cn]\nvary: {{ip: [{}]}}\n"
    assert [one.scheme for one in laid_out(tmp_path, over_ipv6.format(6)).cells] == ["mipv6", "handover-cn"]
    assert mistakes(tmp_path, over_ipv6.format("4, 6")) == [
        "mine.yaml:3: ip: mipv6 keeps an address of IPv6; write ip: 6, or choose another scheme"
    ]


def test_combinations_that_make_no_difference_are_told(tmp_path: Path) -> None:
    text = "schemes: [reinvite, handover-cn]\nvary: {schemes.handover-cn.trigger.below: [-60 dBm, -70 dBm]}\n"
    assert laid_out(tmp_path, text).doubts == (
        "under reinvite, of 2 combinations of what is varied, 1 differ: the others are the same run",
    )
