"""How a command ends when it is told to: SIGTERM and SIGHUP are what Ctrl-C is."""

import signal
import threading
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


def end_as_with_ctrl_c() -> None:
    """SIGTERM and SIGHUP end the program as a user at the keyboard does; what is ignored (nohup) stays so.

    They count once: a terminal that closes, a service that is stopped send several, and the end must not be ended.
    """

    def ended(number: int, frame: FrameType | None) -> None:
        del number, frame
        for one in ours:
            signal.signal(one, already)
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell's command in the background
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    ours = [one for one in ENDING if signal.getsignal(one) == signal.SIG_DFL]
    if threading.current_thread() is threading.main_thread():
        for one in ours:
            signal.signal(one, ended)


def already(number: int, frame: FrameType | None) -> None:
    """The handler of a signal that has come before: it is being done."""


def ignore_more() -> None:
    """At the end of what was ended so: Python gives its handlers back to the kernel before it is gone."""
    for one in ENDING:
        if signal.getsignal(one) == already:
            signal.signal(one, signal.SIG_IGN)
