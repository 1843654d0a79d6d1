"""Run folders of other versions: read, or one line that says why not; and what the documents say of versions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from testbed.measure import MeasuredRun, RunFolderError
from testbed.measure.folder.run_folder import MANIFEST, OLDEST_READ, RESULT, SCHEMA_VERSION, read_document
from tests.measure import synthetic

MISSING = object()
REFUSED = [
    (0, "was made by an older testbed (schema_version 0; this one reads 1): run it anew"),
    (-3, "was made by an older testbed (schema_version -3; this one reads 1): run it anew"),
    (2, "was made by a newer testbed (schema_version 2; this one reads 1): use that one"),
    (10**30, f"was made by a newer testbed (schema_version {10**30}; this one reads 1): use that one"),
    (MISSING, "has no schema_version, which every testbed writes: this is not the folder of a run"),
    (None, "schema_version is None, and should be a whole number"),
    ("1", "schema_version is '1', and should be a whole number"),
    (1.0, "schema_version is 1.0, and should be a whole number"),
    (True, "schema_version is True, and should be a whole number"),
    ([1], "schema_version is [1], and should be a whole number"),
    ("x" * 10_000, f"schema_version is '{'x' * 39}, and should be a whole number"),
]


def with_version(path: Path, version: object) -> Path:
    document: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    document["schema_version"] = version
    if version is MISSING:
        del document["schema_version"]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(("version", "what"), REFUSED)
@pytest.mark.parametrize("name", [MANIFEST, RESULT])
def test_a_document_that_cannot_be_read_says_so_in_one_line(
    tmp_path: Path, name: str, version: object, what: str
) -> None:
    path = with_version(tmp_path / name, version)
    with pytest.raises(RunFolderError) as caught:
        read_document(tmp_path, name)
    assert str(caught.value) == f"{path}: {what}"


@pytest.mark.parametrize("version", range(OLDEST_READ, SCHEMA_VERSION + 1))
def test_every_version_that_is_said_to_be_read_is_read(tmp_path: Path, version: int) -> None:
    with_version(tmp_path / MANIFEST, version)
    assert read_document(tmp_path) == {"schema_version": version}


@pytest.mark.parametrize("version", [0, 2, MISSING, "one"])
def test_neither_measuring_nor_the_chart_takes_a_run_of_another_version(tmp_path: Path, version: object) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    with_version(folder / MANIFEST, version)
    for told in ("result", "chart"):
        with pytest.raises(RunFolderError, match="schema_version"):
            getattr(MeasuredRun(folder), told)


def test_the_document_says_which_version_this_is() -> None:
    text = (Path(__file__).parents[3] / "docs" / "run-folder.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ", text, flags=re.MULTILINE)
    assert [int(one) for one in rows] == list(range(1, SCHEMA_VERSION + 1))
