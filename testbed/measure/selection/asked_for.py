"""What of a measured capture is shown: the dialogs asked for, those that took over from them, and their media."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.sip.dialogs import CANCELLED, REFUSED, UNANSWERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from testbed.measure.selection.selection import TimeSpan
    from testbed.measure.sip.dialogs import SeenDialog
    from testbed.measure.sip.scan import SipMessage

_OVER = (CANCELLED, REFUSED, UNANSWERED)


class AskedFor:
    """`calls` are Call-IDs, None for all; `roots_of` gives the first of the dialogs that took over from each other."""

    def __init__(
        self,
        span: TimeSpan,
        calls: frozenset[str] | None,
        dialogs: Sequence[SeenDialog],
        roots_of: Callable[[Iterable[int]], frozenset[int]],
    ) -> None:
        self._span, self._calls = span, calls
        self.dialogs = [one for one in dialogs if _was_there(one, span)]
        if calls is not None:
            roots = roots_of(one.number for one in dialogs if one.call_id in calls)
            self.dialogs = [one for one in self.dialogs if roots & roots_of([one.number])]
            self._calls = calls | {one.call_id for one in self.dialogs}
        self._numbers = {one.number for one in self.dialogs}
        self._hosts = {address.ip for one in self.dialogs for address in one.addresses}

    def has(self, message: SipMessage) -> bool:
        """Whether a message is of a call asked for, and of the time."""
        return self._span.has(message.time_ns) and (self._calls is None or message.call_id in self._calls)

    def has_media(self, dialogs: Iterable[int]) -> bool:
        """Whether media of these dialogs are asked for."""
        return self._calls is None or not self._numbers.isdisjoint(dialogs)

    def has_hosts(self, hosts: Iterable[str]) -> bool:
        """Whether what goes between these hosts is; of ports nothing is known."""
        return self._calls is None or self._hosts.issuperset(hosts)


def _was_there(dialog: SeenDialog, span: TimeSpan) -> bool:
    """Whether a dialog lived within a span, or was tried in it."""
    times = [one.request.time_ns if one.final is None else one.final.time_ns for one in dialog.transactions]
    is_over = dialog.state in _OVER and max(times, default=dialog.first_ns) < span.begin_ns
    return dialog.lives(span.begin_ns, span.end_ns) and not is_over
