"""By how much a frame is played longer or shorter, so that the playout comes nearer to the depth that is wanted.

How fast it becomes deeper depends on the time that is left. As a rule a frame is longer by 1/8. By 1/3, which is
speech at three quarters of its speed, when there is a reason to hurry: what is wanted would take more than a second, or
packets have been lost lately that a slower path may still bring, or packets come just in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.rtp.playing.playout_settings import PlayoutSettings

_EXACT = 1e-6
"""Seconds; less is no difference."""


class Stretching:
    """Told what arrives and what is missed; all times in seconds."""

    def __init__(self, settings: PlayoutSettings) -> None:
        self._settings = settings
        self._shrinks = False
        self._hurries = False
        self.missed = float("-inf")
        """When something was last concealed."""
        self.spare = float("inf")
        """How long before its turn the newest packet came."""

    def of_frame(self, deficit: float, *, due: float, is_one_missing: bool) -> float:
        """Return by how much the frame of `due` is to be played longer, or shorter if negative.

        `deficit` is how much deeper the playout should be; `is_one_missing` says that of the packets to follow one has
        not come, but later ones: each frame that is played longer gives it more time.
        """
        settings = self._settings
        most = settings.interval * settings.max_stretch
        if deficit > _EXACT:
            self._shrinks = False
            self._hurries = self._hurries or is_one_missing or self._must_hurry(deficit, due)
            return min(deficit, settings.interval * settings.hurried_stretch if self._hurries else most)
        self._hurries = False
        if -deficit > settings.hysteresis:
            self._shrinks = True
        elif -deficit <= _EXACT:
            self._shrinks = False
        return max(deficit, -most) if self._shrinks else 0.0

    def _must_hurry(self, deficit: float, due: float) -> bool:
        settings = self._settings
        in_patience = settings.patience * settings.max_stretch / (1 + settings.max_stretch)
        return deficit > in_patience or self.spare < settings.margin or due - self.missed < settings.loss_memory
