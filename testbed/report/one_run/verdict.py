"""What a run's numbers mean, in words and big figures that are understood at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.measure.listening.codec_ratings import WIDEBAND
from testbed.measure.numbers.media_numbers import (
    DUPLICATES,
    GAP,
    GAP_CALL,
    INTERRUPTION,
    INTERRUPTION_CALL,
    LOST,
    LOST_IN_WINDOW,
    MOS,
    MOS_SCALE,
    PATH_STEP,
    QUALITY_DOUBT,
    SENT,
)
from testbed.report.terminal import NOT_MEASURED, number

WHO = {"to_mn": "the phone (MN)", "to_cn": "the correspondent (CN)"}
TITLES = {"to_mn": "What the phone heard (to MN)", "to_cn": "What the correspondent heard (to CN)"}
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class DirectionCard:
    """One direction: the interruption in big figures (None: not measured), the others beside it, and their doubts.

    `numbers` are (what, value, note).
    """

    name: str
    title: str
    interruption: str
    is_good: bool | None
    scope: str
    numbers: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """The whole: one sentence, what goes with it, a card for each direction; warnings that are of neither."""

    headline: str
    is_good: bool | None
    explanation: tuple[str, ...]
    cards: tuple[DirectionCard, ...]
    warnings: tuple[str, ...]


def judge(result: dict[str, Any] | None, warnings: tuple[str, ...], failure: str | None) -> RunVerdict:
    """Return the verdict on a result.json; `warnings` stand for its own where there is none."""
    said = tuple(warnings if result is None else result["warnings"])
    cards = tuple(_card(name, result, said) for name in WHO)
    mine = tuple(one for one in said if not one.startswith(tuple(f"{name}: " for name in WHO)))
    headline, is_good = _headline(result, failure)
    return RunVerdict(headline, is_good, tuple(_explanation(result)), cards, mine)


def _media(result: dict[str, Any] | None, name: str) -> dict[str, Any]:
    return {} if result is None else result["media"].get(name, {})


def _handovers(result: dict[str, Any]) -> int:
    """Return how many handovers there were; an older result tells of the first alone."""
    return 0 if result["handover"] is None else len(result.get("handovers") or [result["handover"]])


def _interruption(result: dict[str, Any] | None, name: str) -> float | None:
    """Return the interruption of the handover; of the whole call where there was none, or several."""
    row = INTERRUPTION if result is not None and _handovers(result) == 1 else INTERRUPTION_CALL
    value = row.read(_media(result, name))
    return None if value is None else float(value)


def _headline(result: dict[str, Any] | None, failure: str | None) -> tuple[str, bool | None]:
    if failure is not None:
        return "The run failed.", None
    if result is None:
        return "Nothing could be measured.", None
    missed = {name: _interruption(result, name) for name in WHO}
    known = {name: value for name, value in missed.items() if value is not None}
    what = "The call went on" if result["handover"] is not None else "No handover was seen, and the call went on"
    if len(known) < len(missed):
        heard = [f"{WHO[name]} missed {duration(value)}" for name, value in known.items()]
        return "Not everything was measured" + (f": {'; '.join(heard)}." if heard else "."), None
    if not any(known.values()):
        return _all_is_well(result, what), True
    parts = [f"{WHO[name]} missed {duration(value)}" for name, value in known.items() if value]
    parts += [f"{WHO[name]} missed nothing" for name, value in known.items() if not value]
    return f"The call was interrupted: {', '.join(parts)}.", False


def _all_is_well(result: dict[str, Any], what: str) -> str:
    """Return the headline of a handover without an interruption; a link may have lost something besides."""
    beside = {name: INTERRUPTION_CALL.read(_media(result, name)) or 0.0 for name in WHO}
    missed = [f"{WHO[name]} missed {duration(value)}" for name, value in beside.items() if value]
    if not missed:
        return f"{what} without an interruption."
    return f"The handover interrupted nothing; before or after it {', '.join(missed)}."


def duration(ms: float) -> str:
    """Return a time as one says it."""
    return f"{ms / _MS_PER_S:.2f} s of speech" if ms >= _MS_PER_S else f"{ms:.0f} ms of speech"


def _explanation(result: dict[str, Any] | None) -> list[str]:
    """Return what the numbers beside the interruption mean in this run."""
    if result is None or result["handover"] is None:
        return []
    handover = result["handover"]
    found = []
    if handover["old_path"] and handover["new_path"]:
        why = f" ({handover['kind']})" if handover.get("kind") else ""
        count = _handovers(result)
        several = "" if count == 1 else f" first, and {count} times in all,"
        found.append(
            f"The call was handed over{several} from {handover['old_path']} to {handover['new_path']}, triggered{why} "
            f"{number(handover['trigger_s'], 3)} s into the scenario."
        )
    steps = [value for name in WHO if (value := PATH_STEP.read(_media(result, name))) is not None and value > 0]
    if steps:
        found.append(
            "The interruption is speech that was never heard, and the number that must be zero. The gap is silence on "
            f"the wire: {handover['new_path']} is {' and '.join(number(one) for one in steps)} ms slower on average "
            "(path step), and no scheme can make what it alone carries arrive earlier."
        )
    return found


def _about_mos(scale: str | None) -> str:
    return "1 bad to 4.5, wideband scale (ITU-T G.107.1)" if scale == WIDEBAND else "1 bad to 4.5 (ITU-T G.107)"


def _card(name: str, result: dict[str, Any] | None, warnings: tuple[str, ...]) -> DirectionCard:
    media = _media(result, name)
    has_one = result is not None and _handovers(result) == 1
    missed = _interruption(result, name)
    lost, sent = LOST.read(media), SENT.read(media)
    numbers = [
        ("gap [ms]", number((GAP if has_one else GAP_CALL).read(media)), "longest silence on the wire"),
        ("path step [ms]", number(PATH_STEP.read(media)), "how much slower the new path is"),
        ("lost in handover", number(LOST_IN_WINDOW.read(media)), "packets"),
        ("lost in call", number(lost), NOT_MEASURED if sent is None else f"of {sent} packets"),
        ("duplicates", number(DUPLICATES.read(media)), "packets"),
        ("MOS", number(MOS.read(media), 2), _about_mos(MOS_SCALE.read(media))),
    ]
    mine = [one.partition(": ")[2] for one in warnings if one.startswith(f"{name}: ")]
    if doubt := QUALITY_DOUBT.read(media):
        mine.append(f"MOS: {doubt}")
    return DirectionCard(
        name=name,
        title=TITLES[name],
        interruption=number(missed),
        is_good=None if missed is None else missed == 0,
        scope="during the handover" if has_one else "in the whole call",
        numbers=tuple(numbers),
        warnings=tuple(mine),
    )
