"""A user's own scenario, with all the files that it names, to be damaged in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

from testbed.scenario.reading.places import FAILURE, PROFILE, TOPOLOGY

SCENARIO_FILE, WIFI, UMTS, SCRIPT, NET = "scenario.yaml", "wifi.yaml", "umts.yaml", "fade.yaml", "net.py"


class Files:
    """A scenario of the tests' own, and copies of the shipped files that it names, in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        for name, shipped in (
            (SCENARIO_FILE, Path(__file__).parent / "data" / "wifi-to-umts.yaml"),
            (WIFI, PROFILE.find("wifi-good")),
            (UMTS, PROFILE.find("umts-r99-384")),
            (SCRIPT, FAILURE.find("wifi-fade")),
            (NET, TOPOLOGY.find("multihomed")),
        ):
            shutil.copy(shipped, folder / name)
        for shipped_name, own in (
            ("topology: multihomed", f"topology: {NET}"),
            ("wifi: wifi-good", f"wifi: {WIFI}"),
            ("umts: umts-r99-384", f"umts: {UMTS}"),
            ("failure: wifi-fade", f"failure: {SCRIPT}"),
        ):
            self.change(SCENARIO_FILE, shipped_name, own)

    @property
    def scenario(self) -> Path:
        """The scenario's file."""
        return self.folder / SCENARIO_FILE

    def change(self, name: str, old: str, new: str) -> None:
        """Replaces the first `old` in a file; an error when there is none."""
        text = self.read(name)
        if old not in text:
            raise AssertionError(f"{name} has no {old!r}; the test has to follow the shipped file")
        self.write(name, text.replace(old, new, 1))

    def read(self, name: str) -> str:
        """A file's text."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Gives a file another text."""
        (self.folder / name).write_text(text, encoding="utf-8")
