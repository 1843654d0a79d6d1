"""What a role does with RTP: a call over any number of legs, their SSRCs, their reports.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from agents.media.call_media import CallMedia, MediaSettings
    from agents.media.latching import Latches
    from agents.media.leg import Agreed, Leg, agreed_leg, is_emptied, media_address
    from agents.media.readiness import Copies, LegReadiness
    from agents.media.reports import LAST_PORT, control_of
    from agents.media.ring import MOST_PACKETS, most_packets
    from agents.media.silences import SILENCE, SILENCE_S, Silences

__all__ = [
    "LAST_PORT",
    "MOST_PACKETS",
    "SILENCE",
    "SILENCE_S",
    "Agreed",
    "CallMedia",
    "Copies",
    "Latches",
    "Leg",
    "LegReadiness",
    "MediaSettings",
    "Silences",
    "agreed_leg",
    "control_of",
    "is_emptied",
    "media_address",
    "most_packets",
]

_HOMES = {
    "call_media": "CallMedia MediaSettings",
    "readiness": "Copies LegReadiness",
    "ring": "MOST_PACKETS most_packets",
    "latching": "Latches",
    "leg": "Agreed Leg agreed_leg is_emptied media_address",
    "silences": "SILENCE SILENCE_S Silences",
    "reports": "LAST_PORT control_of",
}

__getattr__ = exporting(__name__, _HOMES)
