"""Real SIP calls over real Linux network stacks, in virtual time: carried out, measured from captures, compared.

    import testbed
    run = testbed.run("wifi-to-umts", scheme="handover-cn")
    print(run.result.media.to_mn.interruption_ms)

docs/api.md has all names. Each is imported when it is used (PEP 562), so that `import testbed` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from testbed.api.attacked_calls import AttackedCall, attack
    from testbed.api.campaigns import Swept, sweep
    from testbed.api.carrying_out import News
    from testbed.api.errors import NotRepeatableError, OutputError
    from testbed.api.opened import Run, Runs
    from testbed.api.reference import verify_self
    from testbed.api.runs import compare, compare_triggers, replay, run
    from testbed.api.tables import export, frame
    from testbed.api.verification import Verified, verify
    from testbed.campaign.errors import NoWorkersError, StrangerError
    from testbed.campaign.progress_of_runs import SweepNews
    from testbed.engine.errors import CommandError, MissingRequirementError
    from testbed.files.beginning import NotBegunError, new
    from testbed.files.checking import Checked, check
    from testbed.measure.capture.errors import CaptureError, RunFolderError
    from testbed.measure.result.measured import measure
    from testbed.measure.result.typed import RunResult
    from testbed.measure.result.typed_capture import CaptureResult
    from testbed.scenario.reading.errors import BadScenarioError, ScenarioError

__all__ = [
    "AttackedCall",
    "BadScenarioError",
    "CaptureError",
    "CaptureResult",
    "Checked",
    "CommandError",
    "MissingRequirementError",
    "News",
    "NoWorkersError",
    "NotBegunError",
    "NotRepeatableError",
    "OutputError",
    "Run",
    "RunFolderError",
    "RunResult",
    "Runs",
    "ScenarioError",
    "StrangerError",
    "SweepNews",
    "Swept",
    "Verified",
    "attack",
    "check",
    "compare",
    "compare_triggers",
    "export",
    "frame",
    "measure",
    "new",
    "replay",
    "run",
    "sweep",
    "verify",
    "verify_self",
]

_HOMES = {
    "api.attacked_calls": "AttackedCall attack",
    "api.campaigns": "Swept sweep",
    "api.carrying_out": "News",
    "api.errors": "NotRepeatableError OutputError",
    "api.opened": "Run Runs",
    "api.runs": "compare compare_triggers replay run",
    "api.tables": "export frame",
    "api.reference": "verify_self",
    "api.verification": "Verified verify",
    "campaign.errors": "NoWorkersError StrangerError",
    "campaign.progress_of_runs": "SweepNews",
    "engine.errors": "CommandError MissingRequirementError",
    "files.beginning": "NotBegunError new",
    "files.checking": "Checked check",
    "measure.capture.errors": "CaptureError RunFolderError",
    "measure.result.typed": "RunResult",
    "measure.result.typed_capture": "CaptureResult",
    "scenario.reading.errors": "BadScenarioError ScenarioError",
}


_find = exporting(__name__, _HOMES)


def __getattr__(name: str) -> object:
    # A package that can be called.
    return importlib.import_module("testbed.measure") if name == "measure" else _find(name)
