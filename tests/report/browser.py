"""A real browser, Debian's chromium, that must be there: a skipped check looks like a passed one."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from axe_core_python.selenium import Axe
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.wait import WebDriverWait

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = (1280, 900), (390, 844)


def program(name: str) -> str:
    """Return where a program is."""
    found = shutil.which(name)
    assert found, f"{name} is missing: sudo apt-get install --no-install-recommends chromium chromium-driver"
    return found


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with a fresh profile; it ends with the block."""
    options = ChromeOptions()
    options.binary_location = program("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=ChromeService(program("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """What the tests do with it."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        driver.set_script_timeout(PATIENCE_S)

    def open(self, page: Path, size: tuple[int, int] = DESKTOP, *, is_dark: bool = False) -> list[str]:
        """Open a page in a window of this size and wait until its plots are drawn; return what it complained of."""
        width, height = size
        device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")
        for log in ("browser", "performance"):
            self._log(log)
        self.driver.get(page.as_uri())
        self.wait(lambda: self.run("return document.documentElement.dataset.drawn === 'yes'"))
        return [entry["message"] for entry in self._log("browser") if entry["level"] != "INFO"]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the page was opened.

        Data that stand in an address are not asked for: the icons of the browser's own player are such data.
        """
        entries = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        asked = [one["params"]["request"]["url"] for one in entries if one["method"] == "Network.requestWillBeSent"]
        return [one for one in asked if not one.startswith("data:")]

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def barriers(self) -> list[tuple[str, str, list[str]]]:
        """Return what axe-core's rules find wrong with the page: each rule, what it says, and where.

        Of what they find right it is to keep one place a rule: to describe all six thousand takes as long again.
        """
        found = Axe().run(self.driver, options={"resultTypes": ["violations"]})["violations"]
        return [(one["id"], one["help"], [node["html"][:120] for node in one["nodes"]]) for one in found]

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; with a limit."""
        WebDriverWait(self.driver, PATIENCE_S).until(lambda _: condition())

    def _log(self, name: str) -> list[dict[str, Any]]:
        """Return what was logged since the last time."""
        found: list[dict[str, Any]] = self.driver.get_log(name)  # type: ignore[no-untyped-call]
        return found
