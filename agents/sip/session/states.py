"""The states of a call (RFC 3261 13, 15)."""

from __future__ import annotations

# RFC 3261 13 and 15, drawn as one machine; a command or event that a row does not have is refused or ignored.
SESSION_TABLE: dict[str, dict[str, str]] = {
    # we call
    "CALLING": {
        "1xx": "EARLY",
        "2xx": "CONFIRMED",
        "refused": "TERMINATED",
        "cancel": "CANCELLING",
        "bye received": "TERMINATED",
    },
    "EARLY": {
        "1xx": "EARLY",
        "2xx": "CONFIRMED",
        "refused": "TERMINATED",
        "cancel": "CANCELLING",
        "bye received": "TERMINATED",
    },
    # 15: a 2xx that was faster than the CANCEL is acknowledged, then ended with BYE.
    "CANCELLING": {
        "1xx": "CANCELLING",
        "2xx": "ENDING",
        "refused": "TERMINATED",
        "cancel": "CANCELLING",
        "bye received": "TERMINATED",
    },
    # we are called
    "INCOMING": {
        "ring": "RINGING",
        "accept": "ACCEPTED",
        "reject": "TERMINATED",
        "withdrawn": "TERMINATED",
        "bye received": "TERMINATED",
    },
    "RINGING": {
        "ring": "RINGING",
        "accept": "ACCEPTED",
        "reject": "TERMINATED",
        "withdrawn": "TERMINATED",
        "bye received": "TERMINATED",
    },
    # 15: the callee MUST NOT send BYE before the ACK or the end of the wait for it, so a "bye" is put off.
    "ACCEPTED": {
        "bye": "ACCEPTED",
        "ack": "CONFIRMED",
        "no ack": "ENDING",
        "bye received": "TERMINATED",
    },
    # both
    "CONFIRMED": {
        "bye": "ENDING",
        "dead": "ENDING",
        "bye received": "TERMINATED",
    },
    # Our BYE is on its way; another one may go over another link. The peer's may cross it.
    "ENDING": {
        "bye": "ENDING",
        "bye received": "ENDING",
        "bye done": "TERMINATED",
    },
    "TERMINATED": {},
}
