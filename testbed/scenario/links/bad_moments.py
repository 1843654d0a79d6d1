"""Which moments of a link are bad: from here to there it loses all that comes, whoever sends then.

Good and bad moments follow each other and last for exponentially distributed times (Gilbert's model, in time). They
follow from the seed, the link, the direction and the times of its losses alone: not from how many packets there were.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from testbed.scenario.links.history import moment


def bad_moments(name: str, losses: Sequence[tuple[float, float, float]], end_s: float) -> list[tuple[float, float]]:
    """From when until when it is bad, up to `end_s`, in the order of time; times in microseconds' steps.

    `name` is what the random numbers follow from. `losses` are pieces: from a time on, a share of time that is bad, in
    moments of so many seconds on average. Where that changes in the middle of a moment, so does what is left of it.
    """
    random = Random(name)  # noqa: S311 - reproducible on purpose
    found: list[tuple[float, float]] = []
    # The first moment is as likely a bad one as any later one.
    since = 0.0 if losses and random.random() < losses[0][1] else None
    # How much of its life the present moment has left, of an exponential one with mean 1.
    left = random.expovariate(1.0)
    edges = [*(at for at, _, _ in losses), end_s]
    for (start, stop), (_, share, burst) in zip(pairwise(edges), losses, strict=True):
        at, until = max(0.0, start), min(stop, end_s)
        while at < until:
            is_bad = since is not None
            lasts = mean_s(share, burst, is_bad=is_bad) * left
            if at + lasts >= until:
                left -= (until - at) * left / lasts if lasts < math.inf else 0.0
                break
            at, left = at + lasts, random.expovariate(1.0)
            if since is not None:
                found.append((since, at))
            since = None if is_bad else at
    if since is not None:
        found.append((since, end_s))
    rounded = [(moment(start), moment(end)) for start, end in found]
    return [(start, end) for start, end in rounded if start < end]


def mean_s(share: float, burst: float, *, is_bad: bool) -> float:
    """How long a moment lasts on average."""
    if is_bad:
        return 0.0 if share <= 0 else math.inf if share >= 1 else burst
    return math.inf if share <= 0 else 0.0 if share >= 1 else burst * (1 - share) / share
