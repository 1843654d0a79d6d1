"""A role that hears nothing, waits for nothing and sends nothing: who inherits from it writes down what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.roles.role import Command, LinkChange
    from agents.sip.message.address import Address, Datagram


class QuietRole:
    """A `Role`. What is to be done goes into `_commands`, what is to be sent into `_sending`."""

    def __init__(self) -> None:
        self._commands: list[Command] = []
        self._sending: list[Datagram] = []

    def start(self, *, now: float) -> None:
        """It has begun already."""

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """Nobody is listened to."""

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """Whoever wants it asks again."""

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """There is neither user nor radio here."""

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The one interface does not change."""

    def get_timer(self) -> float | None:
        """There is nothing to wait for."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """There is nothing to do."""

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        sending, self._sending = self._sending, []
        return sending

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None
