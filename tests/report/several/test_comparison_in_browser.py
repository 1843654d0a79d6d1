"""The comparison page as a browser shows it: drawn, readable by everybody, and closed to the network."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from testbed.report.several.comparison_page import comparison_page
from tests.report.browser import DESKTOP, PHONE, Browser, browser
from tests.report.one_run.test_page_in_browser import HOSTILE, INK
from tests.report.records import a_record, interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL_PHONE = (320, 600)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two conditions, several seeds, one that failed, one with warnings."""
    broken = {"failure_script": "wifi-break"}
    records = [
        *interrupted("reinvite", 3480.0, 3500.0, 3440.0, 3520.0),
        *interrupted("handover-cn-with-a-rather-long-name", 0.0, 0.0, 20.0, 0.0),
        a_record("reinvite", 5, manifest={"status": "failed", "failure": "mn died"}, warnings=("the run failed: mn",)),
        a_record("reinvite", manifest=broken),
        a_record("handover-cn", manifest=broken, warnings=("to_mn: silent to the end of the call",)),
    ]
    links = {record.name: f"./{record.name}/report.html" for record in records}
    path = tmp_path_factory.mktemp("page") / "comparison.html"
    path.write_text(comparison_page(records, links))
    return path


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_plot_is_drawn_and_nothing_is_complained_of_or_fetched(
    chromium: Browser, page: Path, size: tuple[int, int], *, is_dark: bool
) -> None:
    assert chromium.open(page, size, is_dark=is_dark) == []
    assert chromium.requests() == [page.as_uri()]
    assert min(chromium.run(INK)) > 500
    canvases = chromium.run("return Array.from(document.querySelectorAll('.canvas'), (one) => one.children.length)")
    assert canvases == [1] * 22


@pytest.mark.parametrize("size", [DESKTOP, PHONE, SMALL_PHONE], ids=["desktop", "phone", "small phone"])
def test_the_page_does_not_scroll_sideways(chromium: Browser, page: Path, size: tuple[int, int]) -> None:
    chromium.open(page, size)
    chromium.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert chromium.run("return document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_plots_have_room_beside_the_names_of_schemes(chromium: Browser, page: Path, size: tuple[int, int]) -> None:
    chromium.open(page, size)
    widths = chromium.run("return Bokeh.documents[0].roots().map((one) => one.inner_width)")
    assert min(widths) > 0.4 * size[0]


def test_the_verdict_comes_first(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    big = chromium.driver.find_elements(By.CSS_SELECTOR, ".big")
    assert [one.text.split() for one in big] == [
        ["4", "of", "4", "runs", "interrupted"],
        ["1", "of", "4", "runs", "interrupted"],
        ["0.0", "ms", "interruption"],
        ["0.0", "ms", "interruption"],
    ]
    assert big[1].rect["y"] + big[1].rect["height"] < DESKTOP[1]


def test_each_run_is_a_dot_in_each_direction(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    (runs,) = chromium.run(
        "return Bokeh.documents[0].roots().slice(0, 1).map((one) => one.renderers"
        ".filter((drawn) => drawn.data_source.data.run !== undefined)"
        ".map((drawn) => drawn.data_source.data.run))"
    )
    names = [
        f"{name}-seed{seed}" for name in ("reinvite", "handover-cn-with-a-rather-long-name") for seed in range(1, 5)
    ]
    assert runs == [names, names]


def test_every_plot_has_its_table(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    for plot in chromium.driver.find_elements(By.CSS_SELECTOR, "figure.plot"):
        (summary,) = plot.find_elements(By.TAG_NAME, "summary")
        assert not plot.find_element(By.TAG_NAME, "table").is_displayed()
        summary.send_keys(Keys.ENTER)
        assert plot.find_element(By.TAG_NAME, "table").is_displayed()


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_screen_reader_does_not_stumble(
    chromium: Browser, page: Path, size: tuple[int, int], *, is_dark: bool
) -> None:
    """axe-core's rules: names of all controls, contrast, landmarks, headings in order, tables, what has the focus."""
    chromium.open(page, size, is_dark=is_dark)
    chromium.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert chromium.barriers() == []


def test_it_prints_with_its_plots(chromium: Browser, page: Path) -> None:
    chromium.open(page, is_dark=True)
    printed = chromium.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    pdf = base64.b64decode(printed["data"])
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 20
    chromium.run("window.dispatchEvent(new Event('beforeprint'))")
    drawings = chromium.run("return document.querySelectorAll('.canvas > .drawing').length")
    assert drawings == chromium.run("return document.querySelectorAll('.canvas').length")


def test_hostile_runs_run_nothing(chromium: Browser, tmp_path: Path) -> None:
    manifest = {
        "failure_script": HOSTILE, "cn": HOSTILE, "trigger": HOSTILE, "engine": HOSTILE, "command": [HOSTILE],
        "scenario": {"name": HOSTILE, "sha256": HOSTILE}, "versions": {"testbed": HOSTILE, "code_sha256": HOSTILE},
    }  # fmt: skip
    records = [
        a_record(HOSTILE, seed, manifest=manifest, warnings=(HOSTILE, "</script><script>window.ran = 4</script>"))
        for seed in (1, 2)
    ] + [a_record("b", seed, manifest={**manifest, "status": "failed", "failure": HOSTILE}) for seed in (1, 2)]
    path = tmp_path / "hostile.html"
    path.write_text(comparison_page(records, {records[0].name: "./x/report.html"}))
    assert chromium.open(path) == []
    assert chromium.run("return window.ran") is None
    assert chromium.run("return document.querySelectorAll('img').length") == 0
    assert chromium.run("return document.querySelectorAll('script').length") == 3
    assert HOSTILE in chromium.run("return document.body.innerText")
