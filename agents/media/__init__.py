"""What a role does with RTP: a call over any number of legs, their SSRCs, their reports.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.media.call_media import CallMedia, MediaSettings
    from agents.media.leg import Agreed, Leg, agreed_leg, is_emptied, media_address
    from agents.media.reports import LAST_PORT, control_of

__all__ = [
    "LAST_PORT",
    "Agreed",
    "CallMedia",
    "Leg",
    "MediaSettings",
    "agreed_leg",
    "control_of",
    "is_emptied",
    "media_address",
]

_HOMES = {
    "call_media": "CallMedia MediaSettings",
    "leg": "Agreed Leg agreed_leg is_emptied media_address",
    "reports": "LAST_PORT control_of",
}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - who imports modules by their full names doesn't need it

    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
