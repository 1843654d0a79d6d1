"""What a user agent's events leave in the logs, whatever its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.role import Note, Tell
from agents.sip.session import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.roles.role import Command
    from agents.sip.session.events import Event
    from agents.sip.user_agent import UserAgent


def logged(ua: UserAgent, commands: list[Command]) -> Iterator[Event]:
    """The events of a user agent, each with its log entry among the commands before the role hears of it."""
    while (event := ua.next_event()) is not None:
        entry = log_entry(event)
        if entry is not None:
            commands.append(entry)
        yield event


def log_entry(event: Event) -> Command | None:
    """The log entry for an event; None for one that says nothing new."""
    if isinstance(event, events.StateChanged):
        return Note(f"{event.machine} {event.key}: {event.change}")
    if isinstance(event, events.Discarded):
        return Tell("discarded", {"reason": event.reason, "remote": event.source.hostport})
    if isinstance(event, events.Refused):
        return refusal(event)
    if isinstance(event, events.SessionTerminated):
        return Tell("session_ended", {"call_id": event.session.call_id, "reason": event.reason, "by": event.by})
    if isinstance(event, events.ByeAnswered):
        return Tell("bye_answered", {"call_id": event.session.call_id, "status": event.status})
    return None


def refusal(event: events.Refused) -> Command:
    """Challenges are no refusals, but for credentials that were wrong or used before."""
    request, status, reason, source = event
    has_credentials = "authorization" in request.headers or "proxy-authorization" in request.headers
    if status in {401, 407} and not has_credentials:
        return Note(f"{request.method} {request.call_id} challenged")
    facts = {"method": request.method, "status": status, "reason": reason, "remote": source.hostport}
    return Tell("refused", facts)
