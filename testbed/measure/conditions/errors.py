"""The one error about a condition; apart from what raises it, so that whoever only reports it imports no more."""

from __future__ import annotations


class ConditionError(Exception):
    """What is wrong with a condition: its text, and what would be right, in one line."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(f"--fail-if '{text}': {what}")
