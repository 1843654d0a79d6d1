"""Where an experiment runs: in a guest in virtual time, or on this machine's own kernel.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from testbed.engine.cache import cache_folder, digest
    from testbed.engine.choose import make_engine, usual_engine
    from testbed.engine.engine import Engine, Place, Report, Say
    from testbed.engine.errors import CommandError, MissingRequirementError, RunFailedError, UnknownPackageError
    from testbed.engine.guest.recipes import unknown_packages
    from testbed.engine.hands.user import User
    from testbed.engine.hands.wall_clock_vm import WallClockVm

__all__ = [
    "CommandError",
    "Engine",
    "MissingRequirementError",
    "Place",
    "Report",
    "RunFailedError",
    "Say",
    "UnknownPackageError",
    "User",
    "WallClockVm",
    "cache_folder",
    "digest",
    "make_engine",
    "unknown_packages",
    "usual_engine",
]

_HOMES = {
    "cache": "cache_folder digest",
    "choose": "make_engine usual_engine",
    "engine": "Engine Place Report Say",
    "errors": "CommandError MissingRequirementError RunFailedError UnknownPackageError",
    "guest.recipes": "unknown_packages",
    "hands.user": "User",
    "hands.wall_clock_vm": "WallClockVm",
}

__getattr__ = exporting(__name__, _HOMES)
