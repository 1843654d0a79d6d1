"""`verify --self`: a run whose digests are part of the project; does this machine make the same bytes?"""

import hashlib
import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from testbed.api.carrying_out import EngineName, News, Watch, carry_out_experiments, ignore
from testbed.api.errors import NotRepeatableError
from testbed.api.places_of_runs import new_folder
from testbed.api.verification import Verified
from testbed.engine.choose import usual_engine
from testbed.measure import first_difference_from, prints_of
from testbed.measure.folder.run_folder import MANIFEST, RESULT
from testbed.scenario.experiment.experiment import load_experiment

SCENARIO, FAILURE = "wifi-to-umts", "signal-falls"
"""The run: a call of 30 s whose WiFi goes after 4 s, under the scenario's own scheme."""
FILE = "reference.json"
"""In testbed/selftest; `make reference` writes it."""


def verify_self(
    engine: EngineName | None = None, *, keep: Path | str | None = None, watch: Watch | None = None
) -> Verified:
    """Carries the reference run out and compares it with what the project has of it; `keep` is a folder for the run.

    Raises NotRepeatableError where there is no reference by that engine.
    """
    tell = watch or ignore
    name = engine or usual_engine(lambda line: tell(News("preparing", text=line)))
    known = json.loads((resources.files("testbed.selftest") / FILE).read_text())
    if name not in known:
        raise NotRepeatableError(f"there is no reference run by the {name} engine; there are: {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="testbed-verify-") as scratch:
        folder = new_folder(keep, "reference") if keep is not None else Path(scratch) / "run"
        made = reference_by(name, folder, watch)
        difference = first_difference_from(known[name]["captures"], folder)
    changes = [
        f"{what} is {made['made_by'].get(what)}, that of the reference {known[name]['made_by'].get(what)}"
        for what in sorted(made["made_by"].keys() | known[name]["made_by"].keys())
        if made["made_by"].get(what) != known[name]["made_by"].get(what)
    ]
    said = None if difference is None else str(difference)
    if said is None and made["result_sha256"] != known[name]["result_sha256"]:
        said = f"{RESULT}, though the captures are the same"
    return Verified(said, len(known[name]["captures"]), tuple(changes))


def reference_by(engine: str, folder: Path, watch: Watch | None = None) -> dict[str, Any]:
    """Carries the reference run out into `folder`; what the project keeps of it: who made it, digests and prints."""
    experiment = load_experiment(SCENARIO, failure=FAILURE)
    (done,) = carry_out_experiments([(experiment, folder)], engine, at_once=1, watch=watch, with_page=False)
    manifest = json.loads((folder / MANIFEST).read_text())
    if done.failure is not None:
        raise NotRepeatableError(f"the reference run failed: {done.failure}")
    return {
        "made_by": {**manifest["engine_identity"], "plan": manifest["plan_sha256"]},
        "captures": prints_of(folder),
        "result_sha256": hashlib.sha256((folder / RESULT).read_bytes()).hexdigest(),
    }
