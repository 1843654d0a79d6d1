"""The report page as a browser shows it: drawn, zoomable, readable by everybody, and closed to the network."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from testbed.measure import MeasuredRun
from testbed.report.one_run.page import write_page
from tests.measure import synthetic
from tests.report.browser import DESKTOP, PHONE, Browser, browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>\"'><svg onload=window.ran=3>"
RANGES = "return Bokeh.documents[0].roots().map((one) => [one.x_range.name, one.x_range.start, one.x_range.end])"
# Of each plot, how many of its pixels are not empty.
INK = """
const figures = Array.from(Bokeh.index).filter((view) => view.model.type === "Figure");
return figures.map((view) => {
  const canvas = view.canvas_view.primary.canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] > 0) count += 1;
  return count;
});
"""


LISTEN = """
const done = arguments[0];
const loaded = (one) => new Promise((said) => {
  one.addEventListener("loadedmetadata", () => said(one.duration));
  one.addEventListener("error", () => said(one.error.message));
  one.preload = "auto";
  one.load();
});
Promise.all(Array.from(document.querySelectorAll("audio"), loaded)).then(done);
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a break: losses, a gap, holes, phases."""
    run = synthetic.reinvite_run()
    run.event(6000, "lab", "link_gone", link="wifi")
    return write_page(MeasuredRun(run.write(tmp_path_factory.mktemp("run") / "reinvite")))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which all that can be written down is an attempt to run a script."""
    run = synthetic.begin(HOSTILE)
    tags, extra = (
        ("mn2", "cn2"),
        f"X-Script: {HOSTILE}\r\nHandover: {HOSTILE}\r\nContact: <sip:{HOSTILE}>;if_q={HOSTILE}\r\n",
    )
    run.invite(6004, link="umts", call_id=HOSTILE, cseq=1, tags=tags, extra=extra)
    run.event(6000, HOSTILE, "trigger", link=HOSTILE, kind=HOSTILE)
    run.event(6001, "lab", HOSTILE, link="wifi", **{HOSTILE: HOSTILE})
    run.warnings += [HOSTILE, f"to_mn: {HOSTILE}", "</script><script>window.ran = 4</script>"]
    for k in range(synthetic.PACKETS):
        run.media(k, link="wifi", to_mn=True)
    folder = run.write(tmp_path_factory.mktemp("hostile") / "run")
    (folder / HOSTILE.replace("/", "∕")).write_text("")
    (folder / "javascript:window.ran=5").write_text("")
    return write_page(MeasuredRun(folder))


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_plot_is_drawn_and_nothing_is_complained_of_or_fetched(
    chromium: Browser, page: Path, size: tuple[int, int], *, is_dark: bool
) -> None:
    assert chromium.open(page, size, is_dark=is_dark) == []
    assert chromium.requests() == [page.as_uri()]
    assert min(chromium.run(INK)) > 500
    canvases = chromium.run("return Array.from(document.querySelectorAll('.canvas'), (one) => one.children.length)")
    assert len(canvases) > 8
    assert set(canvases) == {1}


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 600)], ids=["desktop", "phone", "small phone"])
def test_the_page_does_not_scroll_sideways(chromium: Browser, page: Path, size: tuple[int, int]) -> None:
    chromium.open(page, size)
    chromium.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert chromium.run("return document.documentElement.scrollWidth") <= size[0]


def test_the_verdict_is_seen_without_scrolling(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    for big in chromium.driver.find_elements(By.CSS_SELECTOR, ".big"):
        assert big.rect["y"] + big.rect["height"] < DESKTOP[1]


def test_what_was_heard_around_the_handover_can_be_played(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    assert chromium.driver.execute_async_script(LISTEN) == [8.0, 8.0]
    names = [one.accessible_name for one in chromium.driver.find_elements(By.TAG_NAME, "audio")]
    assert names == [
        "What the phone heard (to MN): 8.0 s, from 1.99 s of the scenario on",
        "What the correspondent heard (to CN): 8.0 s, from 1.99 s of the scenario on",
    ]


def test_at_first_the_handover_is_shown_and_all_plots_over_time_zoom_together(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    over_time = [one[1:] for one in chromium.run(RANGES) if one[0] == "time"]
    assert len(over_time) > 6
    # Silent from 5985 to 9113 ms (to the CN), and 1.5 s beside.
    assert over_time == [pytest.approx([4.485, 10.613])] * len(over_time)
    first = chromium.driver.find_element(By.CSS_SELECTOR, "#canvas-links")
    chromium.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", first)
    ActionChains(chromium.driver).move_to_element(first).click_and_hold().move_by_offset(-200, 0).release().perform()
    moved = {tuple(one[1:]) for one in chromium.run(RANGES) if one[0] == "time"}
    assert len(moved) == 1
    assert next(iter(moved))[0] > 4.485 + 0.5


def test_buttons_zoom_and_say_what_is_shown(chromium: Browser, page: Path) -> None:
    chromium.open(page)

    def press(label: str) -> list[float]:
        (button,) = (one for one in chromium.driver.find_elements(By.CSS_SELECTOR, ".tools button")
                     if label in {one.text, one.get_attribute("aria-label")})  # fmt: skip
        button.send_keys(Keys.ENTER)
        shown, *others = [[float(end) for end in one[1:]] for one in chromium.run(RANGES) if one[0] == "time"]
        assert all(one == shown for one in others)
        said = chromium.driver.find_element(By.CSS_SELECTOR, "[data-shown]").text
        assert said == f"{shown[0]:.2f} s to {shown[1]:.2f} s"
        return shown

    start, end = press("Whole call")
    assert [start, end] == pytest.approx([0, 15.421])
    pressed = chromium.driver.find_elements(By.CSS_SELECTOR, "[aria-pressed=true]")
    assert [one.text for one in pressed] == ["Whole call"]
    assert press("Zoom in") == pytest.approx([end / 4, end * 3 / 4])
    assert press("Later") == pytest.approx([end / 2, end])
    assert press("Later") == pytest.approx([end / 2, end]), "there is nothing beyond the end"
    assert press("Zoom out") == pytest.approx([0, end])
    assert press("Handover") == pytest.approx([4.485, 10.613])


def test_a_message_opens_by_click_and_by_keyboard(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    links = chromium.driver.find_elements(By.CSS_SELECTOR, ".ladder a")
    dialog = chromium.driver.find_element(By.CSS_SELECTOR, "dialog")
    assert not dialog.is_displayed()

    def text() -> str:
        return dialog.find_element(By.TAG_NAME, "pre").text

    chromium.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", links[0])
    links[0].find_element(By.TAG_NAME, "text").click()
    assert dialog.is_displayed()
    assert text().startswith("INVITE sip:cn@10.20.0.2 SIP/2.0\nVia: SIP/2.0/UDP 10.1.0.2:5060")
    dialog.find_element(By.XPATH, ".//button[text()='Next']").click()
    assert text().startswith("SIP/2.0 200 Whatever")
    ActionChains(chromium.driver).send_keys(Keys.ESCAPE).perform()
    chromium.wait(lambda: not dialog.is_displayed())

    chromium.run("arguments[0].focus()", links[-1])
    ActionChains(chromium.driver).send_keys(Keys.ENTER).perform()
    chromium.wait(dialog.is_displayed)
    assert text().startswith("SIP/2.0 200 Whatever")
    assert "BYE" in dialog.find_element(By.TAG_NAME, "h2").text
    assert not dialog.find_element(By.XPATH, ".//button[text()='Next']").is_enabled()
    dialog.find_element(By.XPATH, ".//button[text()='Close']").click()
    assert not dialog.is_displayed()


def test_messages_are_reached_by_tab_in_their_order(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    chromium.run("document.querySelector('.ladder').focus()")
    names = []
    for _ in range(3):
        ActionChains(chromium.driver).send_keys(Keys.TAB).perform()
        names.append(chromium.driver.switch_to.active_element.get_attribute("aria-label"))
    assert names == [
        "INVITE from mn wifi to cn at 500.0 ms, arrived 2.0 ms later",
        "200 Whatever (INVITE) from cn to mn wifi at 504.0 ms, arrived 2.0 ms later",
        "ACK from mn wifi to cn at 508.0 ms, arrived 2.0 ms later",
    ]


def test_every_plot_has_its_table(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    plots: list[WebElement] = chromium.driver.find_elements(By.CSS_SELECTOR, "figure.plot")
    assert len(plots) > 8
    for plot in plots:
        (summary,) = plot.find_elements(By.TAG_NAME, "summary")
        assert not plot.find_element(By.TAG_NAME, "table").is_displayed()
        summary.send_keys(Keys.ENTER)
        assert plot.find_element(By.TAG_NAME, "table").is_displayed()


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_a_screen_reader_does_not_stumble(chromium: Browser, page: Path, *, is_dark: bool) -> None:
    """axe-core's rules: names of all controls, contrast, landmarks, headings in order, tables, what has the focus."""
    chromium.open(page, is_dark=is_dark)
    chromium.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert chromium.barriers() == []


def test_everything_that_can_be_used_has_a_name(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    nodes = chromium.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    used = [
        (one["role"]["value"], one.get("name", {}).get("value", ""))
        for one in nodes
        if one.get("role", {}).get("value") in {"button", "link", "DisclosureTriangle", "region", "dialog", "figure"}
    ]
    assert len(used) > 40
    assert [role for role, name in used if not name.strip()] == []


def test_it_prints_with_its_plots(chromium: Browser, page: Path) -> None:
    chromium.open(page, is_dark=True)
    printed = chromium.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12
    assert chromium.run("return document.querySelectorAll('.drawing').length") == 0, "they are for paper alone"
    chromium.run("window.dispatchEvent(new Event('beforeprint'))")
    drawings = chromium.run(
        "const drawings = Array.from(document.querySelectorAll('.canvas > .drawing'));"
        "return drawings.map((one) => one.querySelectorAll('path').length)"
    )
    assert len(drawings) == chromium.run("return document.querySelectorAll('.canvas').length")
    assert min(drawings) > 3
    assert not chromium.run("return document.querySelector('#canvas-links .drawing').outerHTML.includes('#56b4e9')")


def test_a_hostile_run_runs_nothing(chromium: Browser, hostile: Path) -> None:
    """Not even tries to: the content security policy has nothing to complain of either."""
    assert chromium.open(hostile) == []
    assert chromium.run("return window.ran") is None
    assert chromium.run("return document.querySelectorAll('img').length") == 0
    assert chromium.run("return document.querySelectorAll('script').length") == 3
    assert chromium.requests() == [hostile.as_uri()]
    for link in chromium.driver.find_elements(By.CSS_SELECTOR, ".files a"):
        assert str(link.get_attribute("href")).startswith("file:")
    chromium.driver.find_elements(By.CSS_SELECTOR, ".ladder a")[3].send_keys(Keys.ENTER)
    assert HOSTILE in chromium.driver.find_element(By.CSS_SELECTOR, "dialog pre").text


def test_the_policy_stops_a_script_that_gets_in_all_the_same(chromium: Browser, page: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    injected = "<script>window.ran = 1</script><img src=x onerror=window.ran=2><main"
    changed.write_text(page.read_text().replace("<main", injected))
    complaints = chromium.open(changed)
    assert len([one for one in complaints if "Content Security Policy" in one]) >= 2
    assert chromium.run("return window.ran") is None
