"""`--fail-if`: numbers that make `testbed measure` end with 1, for other people's builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from testbed.plain_text import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testbed.measure.conditions.condition import FailIf

fail_if_option = click.option(
    "--fail-if",
    "fail_if",
    multiple=True,
    metavar="'NAME > LIMIT'",
    help="End with 1 if this holds for any stream, call, direction …: 'gap_ms > 200'; repeatable. Names as in --json.",
)
unmeasured_option = click.option(
    "--unmeasured",
    type=click.Choice(["fail", "pass"]),
    default="fail",
    show_default=True,
    help="What --fail-if does about a number that was not measured.",
)


def read_conditions(texts: Iterable[str], *, runs: bool, captures: bool) -> list[FailIf]:
    """Read conditions; `ConditionError` where one can't be read, or runs or captures have no such number."""
    if not texts:
        return []
    from testbed.measure.conditions.condition import FailIf  # noqa: PLC0415 - measuring does without
    from testbed.measure.conditions.names import OF_CAPTURES, OF_RUNS  # noqa: PLC0415 - see above

    conditions = [FailIf.parse(text) for text in texts]
    for condition in conditions:
        for names in (*([OF_RUNS] if runs else []), *([OF_CAPTURES] if captures else [])):
            names.places_of(condition)
    return conditions


def say_what_fails(
    conditions: Sequence[FailIf], results: Iterable[tuple[object, Mapping[str, Any]]], unmeasured: str
) -> bool:
    """Say on standard error where conditions hold, a line each; return whether that is a failure."""
    if not conditions:
        return False
    from testbed.measure.conditions.judging import judge  # noqa: PLC0415 - see above

    failed = False
    for path, result in results:
        for condition in conditions:
            for line, is_measured in judge(condition, result):
                fails = is_measured or unmeasured == "fail"
                say(f"{'failed' if fails else 'note'}: {path}: {line}", err=True)
                failed |= fails
    return failed
