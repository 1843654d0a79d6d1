"""What is said of packets that were not read, and of what the others came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_REASONS = 12


def no_streams(summary: Mapping[str, Any]) -> str:
    """Return a sentence for a capture without streams; it says nothing of packets that were not read."""
    packets, unread = summary["packets"], sum(summary["unread"].values())
    if "selection" in summary:
        return "No RTP stream found in what was asked for."
    if not unread:
        return f"No RTP stream found in {_packets(packets)}."
    if unread >= packets:
        return f"None of {_packets(packets)} could be read."
    return f"No RTP stream found in the {_packets(packets - unread)} that could be read, of {packets}."


def notes(summary: Mapping[str, Any]) -> list[str]:
    """Return lines: what was not read and why, the most packets first; what packets came in; how many were cut."""
    reasons = sorted(summary["unread"].items(), key=lambda one: (-one[1], one[0]))
    lines = [f"not read: {_packets(count)}: {reason}" for reason, count in reasons[:_MOST_REASONS]]
    rest = reasons[_MOST_REASONS:]
    if rest:
        lines.append(f"not read: {_packets(sum(count for _, count in rest))}: {len(rest)} other reasons (see --json)")
    if summary["encapsulations"]:
        came = ", ".join(f"{name} ({count})" for name, count in summary["encapsulations"].items())
        lines.append(f"packets came in: {came}; shown is what is innermost")
    if summary["cut_short"]:
        lines.append(f"cut short by the capture: {_packets(summary['cut_short'])} (a snapshot length)")
    return lines


def shown(summary: Mapping[str, Any]) -> list[str]:
    """Return a line that says which part of the capture was asked for; none where all is shown."""
    asked = summary.get("selection")
    if asked is None:
        return []
    words = [*(f"Call-ID {one}" for one in asked["call_ids"]), *(f"user {one}" for one in asked["numbers"])]
    words += [f"{name} {asked[name]}" for name in ("from", "to") if asked[name] is not None]
    return [f"shown is only what was asked for: {', '.join(words)}"]


def _packets(count: int) -> str:
    return f"{count} packet" if count == 1 else f"{count} packets"
