"""The page of several runs, as text: who is in it, what is said of them, and what it never does."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from testbed.measure import RunFolderError, measure_run, to_json
from testbed.report.several.comparison_page import comparison_page, write_comparison
from testbed.report.several.comparison_verdict import card, headline
from testbed.report.several.groups import conditions
from tests.measure import synthetic
from tests.report.records import a_record, interrupted

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.folder.records import Record

HOSTILE = "<script>window.ran=1</script>\"'><img src=x onerror=window.ran=2>"


class Reader(HTMLParser):
    """What can be read in a page: the cells of its tables, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: dict[str, str] = {}
        self.tags: list[str] = []
        self.text = ""
        self._rows: list[list[str]] = []
        self._inside: str | None = None
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")
        elif tag == "a":
            self._href = dict(attrs).get("href")
        self._inside = tag if tag in {"td", "th", "caption", "script", "style"} else self._inside

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self._inside in {"script", "style"} or not words:
            return
        self.text += words + "\n"
        if self._href is not None:
            self.links[words] = self._href
        if self._inside == "caption":
            self._rows = self.tables.setdefault(words, self._rows)
        elif self._inside in {"td", "th"}:
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {words}".strip()


def read(*records: Record, links: dict[str, str] | None = None) -> Reader:
    reader = Reader()
    reader.feed(comparison_page(records, links or {}))
    return reader


def said(*records: Record) -> str:
    (condition,) = conditions(records)
    return headline(condition)


# -- the verdict ------------------------------------------------------------------------------------------------------


def test_the_headline_tells_who_interrupted_the_call() -> None:
    never, ever = interrupted("handover-cn", 0.0, 0.0), interrupted("reinvite", 100.0, 0.0)
    assert said(*never, *ever) == "handover-cn never interrupted the call, reinvite did (2 runs each)."
    assert said(*never, *interrupted("b", 0.0), *ever) == "handover-cn and b never interrupted the call, reinvite did."
    assert said(*never) == "handover-cn never interrupted the call (2 runs)."
    assert said(*ever, *interrupted("b", 20.0, 20.0)) == (
        "Every scheme interrupted the call (2 runs each), b least: 20 ms."
    )
    assert said(*ever) == "reinvite interrupted the call (2 runs)."
    assert said(a_record("x", measured=False)) == "Nothing could be measured."


def test_a_card_has_the_share_of_interrupted_runs_and_how_sure_it_is() -> None:
    (condition,) = conditions(interrupted("reinvite", 0.0, 20.0, 0.0, 0.0, 0.0))
    one = card(condition, condition.series[0])
    assert (one.big, one.what, one.is_good) == ("1 of 5", "runs interrupted", False)
    assert one.sure == "1 % to 72 % of all such runs (95 % confidence)"
    # 4 ± 20/√5 · 2.776: the mean's own interval would reach below 0
    assert one.rows[0] == ("interruption [ms]", ("4.0 ±11.1", "0.0 each"))
    assert one.cost[2:] == (("SIP messages", "11 each"), ("SIP bytes", "6058 each"))


def test_of_one_run_the_card_has_the_interruption_and_says_that_it_is_one() -> None:
    (condition,) = conditions([a_record("x", to_mn={"interruption_ms": 20.0}, to_cn={"interruption_ms": 40.0})])
    one = card(condition, condition.series[0])
    assert (one.big, one.what, one.is_good) == ("40.0", "ms interruption", False)
    assert "there is no interval" in one.sure
    assert "±" not in str(one)


def test_nothing_measured_is_neither_good_nor_bad() -> None:
    silent = {"interruption_ms": None}
    (condition,) = conditions([a_record("x", to_mn=silent, to_cn=silent)])
    one = card(condition, condition.series[0])
    assert (one.big, one.is_good, one.rows[0][1]) == ("–", None, ("–", "–"))


# -- the page ---------------------------------------------------------------------------------------------------------


def test_tables_stand_behind_the_plots() -> None:
    page = read(*interrupted("reinvite", 100.0, 110.0, 120.0), *interrupted("handover-cn", 0.0, 10.0, 0.0))
    assert page.tables["interruption: mean and 95 % confidence interval"][1:] == [
        ["reinvite, to MN", "3", "110.0", "85.2", "134.8", "100.0", "120.0"],
        ["reinvite, to CN", "3", "0.0", "0.0", "0.0", "0.0", "0.0"],
        ["handover-cn, to MN", "3", "3.3", "0.0", "17.7", "0.0", "10.0"],  # not below 0: there is nothing
        ["handover-cn, to CN", "3", "0.0", "0.0", "0.0", "0.0", "0.0"],
    ]
    assert page.tables["interruption: each run"][1:4] == [
        ["reinvite, to MN", f"reinvite-seed{seed}", value] for seed, value in ((1, "100.0"), (2, "110.0"), (3, "120.0"))
    ]
    assert page.tables["interruption, each scheme less another, seed by seed"][1] == [
        # −100, −100, −120
        "handover-cn less reinvite, to MN", "3", "-106.7", "-135.4", "-78.0", "-120.0", "-100.0",
    ]  # fmt: skip
    assert page.tables["Phases: mean ±95 % confidence interval, ms"][1] == [
        "reinvite", "–", "0.0 each", "0.0 each", "290.0 each", "10.0 each", "300.0 each",
    ]  # fmt: skip


def test_every_plot_names_what_it_shows_and_has_a_table() -> None:
    html = comparison_page([*interrupted("a", 1.0, 2.0), *interrupted("b", 3.0, 4.0)], {})
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert len(figures) == 11
    for figure in figures:
        assert 'role="group" aria-label="Plot: ' in figure
        assert "<table>" in figure


def test_the_distribution_is_drawn_where_runs_differ_and_are_enough() -> None:
    values = [3480.0, 3500.0, 3440.0, 3520.0, 3460.0, 3470.0]
    records = [*interrupted("reinvite", *values), *interrupted("handover-cn", *[0.0] * 6)]
    html = comparison_page(records, {})
    drawn = re.findall(r'<strong id="title-distribution-[^"]*">([^<]*)', html)
    assert drawn == ["reinvite: interruption [ms]"]  # handover-cn's is 0 in all runs, and all gaps are equal
    assert "title-distribution" not in comparison_page(interrupted("reinvite", *values[:5]), {})
    page = read(*records)
    assert page.tables["reinvite, interruption: median and quantiles, with their intervals"][1:] == [
        ["to MN", "6", "3475.0", "3440.0", "3520.0", "3440.0", "–", "–", "3520.0", "–", "–"],
        ["to CN", "6", "0.0", "0.0", "0.0", "0.0", "–", "–", "0.0", "–", "–"],
    ]


def test_the_page_says_which_differences_stand() -> None:
    page = read(*interrupted("reinvite", *range(100, 109)), *interrupted("handover-cn", *[0.0] * 9))
    rows = page.tables["Each scheme less reinvite: which differences stand"][1:]
    assert len(rows) == 8
    assert rows[1] == [
        "handover-cn", "to MN", "interruption [ms]", "9", "-104.0", "-106.1", "-101.9", "0.0039", "0.0312", "yes", "4",
    ]  # fmt: skip
    assert [row[-2] for row in rows] == ["no", "yes", *["no"] * 6]
    assert "Runs to know a difference to ±5 ms" in page.text


def test_no_run_is_dropped_silently() -> None:
    records = [
        *interrupted("reinvite", 100.0, None),
        a_record("reinvite", 3, manifest={"status": "failed", "failure": "mn died"}, warnings=("the run failed: it",)),
        a_record("reinvite", 4, measured=False),
        a_record("reinvite", 9, manifest={"plan_sha256": "reinvite-seed1"}),
    ]
    page = read(*records, links={"reinvite-seed1": "./reinvite-seed1/report.html"})
    (rows,) = (table for caption, table in page.tables.items() if caption.startswith("Every run"))
    assert [(row[0], row[3], row[-1]) for row in rows[1:]] == [
        ("reinvite-seed1", "counted", "none"),
        ("reinvite-seed2", "counted", "none"),
        ("reinvite-seed3", "not counted: failed: mn died", "the run failed: it"),
        ("reinvite-seed4", "not counted: there is no result.json", "none"),
        ("reinvite-seed9", "not counted: the same run as reinvite-seed1: it counts once", "none"),
    ]
    assert rows[2][4:6] == ["–", "0.0"]
    assert rows[4][4:10] == ["–"] * 6
    assert "3 of 5 runs count in no mean:" in page.text
    assert page.links["reinvite-seed1"] == "./reinvite-seed1/report.html"
    assert "reinvite-seed2" not in page.links


def test_conditions_are_sections_of_their_own() -> None:
    broken = {"failure_script": "wifi-break"}
    page = read(a_record("a"), a_record("a", manifest=broken), a_record("b", manifest=broken))
    assert page.links["wifi-to-umts, wifi-fade"] == "#part-0"
    assert page.links["wifi-to-umts, wifi-break"] == "#part-1"
    assert "3 runs under 2 conditions" in page.text
    names = re.findall(r'id="([^"]+)"', comparison_page([a_record("a"), a_record("a", manifest=broken)], {}))
    assert len(names) == len(set(names))


def test_it_says_how_to_do_it_again() -> None:
    page = read(a_record("a", manifest={"command": ["compare", "my scenario.yaml", "--runs", "2"]}))
    assert "testbed compare 'my scenario.yaml' --runs 2" in page.text


def test_runs_in_which_nothing_was_measured_have_a_page() -> None:
    nothing = dict.fromkeys(("gap_ms", "path_step_ms", "interruption_ms", "lost_in_window", "lost", "duplicates", "mos",
                             "interruption_call_ms", "gap_call_ms"))  # fmt: skip
    page = read(a_record("a", measured=False), a_record("b", handover=None, to_mn=nothing, to_cn=nothing))
    assert "Nothing could be measured." in page.text
    assert page.text.count("Nothing to draw: it was not measured.") > 5


@pytest.mark.parametrize("records", [interrupted("a", 1.0, 2.0), [a_record("a"), a_record("b", measured=False)]])
def test_the_same_runs_are_the_same_bytes(records: list[Record]) -> None:
    assert comparison_page(records, {}) == comparison_page(records, {})


def test_whatever_a_run_says_stays_text() -> None:
    manifest = {
        "failure_script": HOSTILE, "cn": HOSTILE, "trigger": HOSTILE, "proxy": HOSTILE, "engine": HOSTILE,
        "command": [HOSTILE], "versions": {"testbed": HOSTILE, "code_sha256": HOSTILE},
        "scenario": {"name": HOSTILE, "sha256": HOSTILE}, "call": {"hangs_up": HOSTILE},
    }  # fmt: skip
    failed = {**manifest, "status": "failed", "failure": HOSTILE}
    records = [
        a_record(HOSTILE, 1, manifest=manifest, warnings=(HOSTILE,)),
        a_record(HOSTILE, 2, manifest=manifest),
        a_record("b", manifest=manifest),
        a_record("b", 2, manifest=failed),
        a_record("c", manifest={**manifest, "cn": "another"}),
    ]
    page = read(*records)
    assert page.tags.count("script") == 3  # the plots' data, BokehJS, and our own
    assert "img" not in page.tags
    assert HOSTILE in page.text


# -- of folders -------------------------------------------------------------------------------------------------------


def write(folder: Path, *, with_page: bool = True) -> Path:
    synthetic.reinvite_run().write(folder)
    (folder / "result.json").write_text(to_json(measure_run(folder)))
    if with_page:
        (folder / "report.html").write_text("")
    return folder


def test_a_page_of_folders_links_to_theirs(tmp_path: Path) -> None:
    for name in ("javascript:alert(1)", "a b#?", "c"):
        write(tmp_path / "runs" / name, with_page=name != "c")
    (tmp_path / "pages").mkdir()
    path = write_comparison([tmp_path / "runs"], tmp_path / "pages" / "comparison.html")
    reader = Reader()
    reader.feed(path.read_text())
    links = {name: link for name, link in reader.links.items() if not link.startswith("#")}
    assert links == {
        "a b#?": "./../runs/a%20b%23%3F/report.html",
        "javascript:alert(1)": "./../runs/javascript%3Aalert%281%29/report.html",
    }


def test_the_page_does_not_depend_on_where_the_folders_are(tmp_path: Path) -> None:
    pages = []
    for place in ("here", "deep/there"):
        for name in ("one", "two"):
            write(tmp_path / place / name)
        pages.append(write_comparison([tmp_path / place], tmp_path / place / "comparison.html").read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize("version", [0, 2])
def test_a_run_of_another_version_has_no_place_in_it(tmp_path: Path, version: int) -> None:
    path = write(tmp_path / "run") / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": version}))
    with pytest.raises(RunFolderError, match=f"schema_version {version}"):
        write_comparison([tmp_path], tmp_path / "comparison.html")
    assert not (tmp_path / "comparison.html").exists()
