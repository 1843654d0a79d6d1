"""What a radio takes: it talks from a packet on until it has had none for some time, and falls from state to state.

A model, not a measurement: the profiles' `radio_states`, or where there are none the `power` that the scenario gives
the network. What getting onto the network takes is not in it, nor how strong the signal is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testbed.measure.capture.capture import Ints
    from testbed.measure.folder.run_folder import PowerState


class Spent(NamedTuple):
    """What a radio took, and for how long it was in the first state, in which it talks."""

    joules: float
    talks_s: float


def spent(packets_ns: Ints, states: Sequence[PowerState], span_ns: tuple[int, int]) -> Spent:
    """Return what a radio took from one time to the other; before its first packet it is in the last state."""
    begin_ns, end_ns = span_ns
    times = packets_ns[(packets_ns >= begin_ns) & (packets_ns <= end_ns)]
    rest_s = np.diff(np.append(times, end_ns)) / 1e9
    before_s = ((int(times[0]) if len(times) else end_ns) - begin_ns) / 1e9
    joules, talks_s = before_s * states[-1].power_w, 0.0
    for number, state in enumerate(states):
        here_s = rest_s if state.tail_s is None else np.minimum(rest_s, state.tail_s)
        rest_s = rest_s - here_s
        joules += float(here_s.sum()) * state.power_w
        talks_s += float(here_s.sum()) if number == 0 else 0.0
    return Spent(joules, talks_s)
