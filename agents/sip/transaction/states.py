"""States of the transaction machines, and what moves them on (RFC 3261 17, RFC 6026 8)."""

from enum import StrEnum


class TransactionState(StrEnum):
    """Of all four machines; each has some of them."""

    NEW = ""
    CALLING = "CALLING"
    TRYING = "TRYING"
    PROCEEDING = "PROCEEDING"
    COMPLETED = "COMPLETED"
    ACCEPTED = "ACCEPTED"
    CONFIRMED = "CONFIRMED"
    TERMINATED = "TERMINATED"


class TransactionStep(StrEnum):
    """What moves a machine on, but for timers. Responses are the peer's at a client, the user's own at a server.

    ONCE is a final one that is not remembered (8.2.7).
    """

    START = "start"
    REQUEST = "request"
    ACK = "ACK"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    REFUSAL = "300-699"
    ONCE = "once"
    ABANDON = "abandon"
    FALL_BACK = "fall back"
    TRANSPORT_ERROR = "transport error"


class TransactionTimer(StrEnum):
    """Table 4's letters (RFC 6026 8.11 has L and M), and the one that sends a 100 (17.2.1)."""

    A = "A"
    B = "B"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741 - the RFC's letter
    J = "J"
    K = "K"
    L = "L"
    M = "M"
    TRYING = "100"


#: Those that run only over UDP: retransmission.
UNRELIABLE_ONLY = frozenset({TransactionTimer.A, TransactionTimer.E, TransactionTimer.G})
#: Those that are zero over a reliable transport, which brings no retransmissions to wait for.
ZERO_IF_RELIABLE = frozenset({TransactionTimer.D, TransactionTimer.I, TransactionTimer.J, TransactionTimer.K})
