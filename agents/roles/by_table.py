"""What the roles' machines have in common: a table says what each state does about each thing that it hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar

    Row = Mapping[type, Callable[[Any, Any, float], None]]
    #: state -> type of event -> method(machine, event, now). What a row does not have is ignored in that state.
    Table = Mapping[str, Row]


class ByTable:
    """A machine driven by its `TABLE`, which has a row for every state. Its methods say where it goes from there."""

    TABLE: ClassVar[Table]
    state: str

    def feed(self, event: object, now: float) -> None:
        """Does what the state's row says about an event of this type."""
        action = self.TABLE[self.state].get(type(event))
        if action is not None:
            action(self, event, now)
