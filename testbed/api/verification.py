"""`verify`: a run carried out again; the same bytes?"""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from testbed.api.carrying_out import Job, Watch, carry_out_jobs
from testbed.api.errors import NotRepeatableError
from testbed.api.opened import Run
from testbed.api.places_of_runs import folder_of
from testbed.engine.engine import Engine, Place, Report
from testbed.lab.plan import Plan
from testbed.measure import RunFolderError, first_difference, to_json
from testbed.measure.folder.run_folder import MANIFEST, PLAN, RESULT, check_version
from testbed.runner import FinishedRun, carry_out_plan, code_digest

ENGINES = ("vm", "uml", "native")


@dataclass(frozen=True)
class Verified:
    """Two runs of one plan: `difference` names the first, None where all bytes are the same.

    `captures` is how many were compared, `changes` in what this machine, or this version, is not the one that made the
    first run.
    """

    difference: str | None
    captures: int
    changes: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether all captures and result.json are, byte for byte."""
        return self.difference is None


def verify(run: Run | Path | str, *, keep: Path | str | None = None, watch: Watch | None = None) -> Verified:
    """Carries out a run's plan again and compares; `keep` is a folder for the second run.

    Raises RunFolderError for what is no run's folder, NotRepeatableError for one that can't be the same twice.
    """
    folder = folder_of(run)
    manifest = _read(folder, MANIFEST, ("engine", "scheme", "seed", "engine_identity", "versions", "reproducible"))
    plan = cast("Plan", _read(folder, PLAN, tuple(sorted(Plan.__required_keys__))))
    engine = _engine_of(manifest)
    changes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="testbed-verify-") as scratch:
        again = Path(scratch) / "again"

        async def carried_out(engine: Engine, place: Place, report: Report) -> FinishedRun:
            del engine
            changes.extend(_changes(manifest, place.identity()))
            return await carry_out_plan(plan, manifest, place, again, report, with_page=keep is not None)

        carry_out_jobs([Job(manifest["scheme"], plan, carried_out)], engine, watch=watch)
        first = first_difference(folder, again)
        difference = None if first is None else str(first)
        if first is None and _without_users(folder / RESULT) != _without_users(again / RESULT):
            difference = f"{RESULT}, though the captures are the same"
        if keep is not None:
            shutil.copytree(again, keep)
    return Verified(difference, len(list((folder / "captures").glob("*.pcap"))), tuple(changes))


def _changes(manifest: dict[str, Any], identity: dict[str, str]) -> list[str]:
    before = dict(manifest["engine_identity"])
    found = [
        f"{name} was {before.get(name)} and is {value} now"
        for name, value in identity.items()
        if before.get(name) != value
    ]
    if manifest["versions"].get("code_sha256") != code_digest():
        found.append("the testbed's own code has changed since")
    return found


def _engine_of(manifest: dict[str, Any]) -> str:
    engine = manifest["engine"]
    if not manifest["reproducible"]:
        raise NotRepeatableError(f"the {engine} engine made this run, and is never the same twice")
    if engine not in ENGINES:
        raise NotRepeatableError(f"there is no engine '{engine}', which made this run")
    return str(engine)


def _without_users(path: Path) -> bytes | None:
    """The content of a result without the numbers that a user brought: their files are not asked again."""
    whole = _content(path)
    found = None if whole is None or b'"numbers"' not in whole else json.loads(whole)
    if not isinstance(found, dict) or "numbers" not in found:
        return whole
    keys = tuple(f"number {key}: " for key in found.pop("numbers"))
    found["warnings"] = [one for one in found["warnings"] if not one.startswith(keys)]
    return to_json(found).encode()


def _content(path: Path) -> bytes | None:
    """The content of a file; None when it is not there, as after a run in which nothing could be measured."""
    return path.read_bytes() if path.exists() else None


def _read(folder: Path, name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """A JSON file of a run folder, with these fields; raises RunFolderError."""
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFolderError(path, f"cannot be read: {error.strerror}; name the folder of a run") from error
    except (ValueError, RecursionError) as error:
        raise RunFolderError(path, f"is not JSON: {error}; name the folder of a run") from error
    if isinstance(found, dict) and "schema_version" in found:
        check_version(path, found)
    for field in fields:
        if not isinstance(found, dict) or field not in found:
            raise RunFolderError(path, f"has no '{field}'; name the folder of a run that this version made")
    return dict(found)
