"""Runs of the lab that several tests look at: made once."""

import json
from pathlib import Path
from typing import Any

import pytest

from .command import call


class Emulated:
    """What `make emulate` made: the default scenario under both schemes."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder = folder
        self.output = output

    def run(self, scheme: str) -> Path:
        """The run folder of a scheme."""
        return self.folder / scheme

    def result(self, scheme: str) -> dict[str, Any]:
        """The result.json of a scheme."""
        result: dict[str, Any] = json.loads((self.run(scheme) / "result.json").read_text())
        return result


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    """The default comparison by the usual engine, made once by each process that runs tests."""
    folder = tmp_path_factory.mktemp("emulated") / "runs"
    done = call("compare", "--out", folder)
    assert done.returncode == 0, done.stderr
    return Emulated(folder, done.stdout)
