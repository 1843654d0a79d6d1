"""What different mobile nodes do when their link goes, as a table: our schemes, and phones that nobody here wrote.

`python -m testbed.report.several.mobiles_table RUN…` prints it; a folder stands for the runs below.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.measure import RunFolderError, find_runs
from testbed.measure.folder.run_folder import OWN_MOBILE, RESULT, read_document
from testbed.measure.listening.codec_ratings import WIDEBAND
from testbed.measure.numbers.media_numbers import GAP_CALL, INTERRUPTION_CALL
from testbed.report.several.comparison_table import about_mos
from testbed.report.several.means_table import mean
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, wide_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table


@dataclass(frozen=True)
class MobileRun:
    """A run folder's manifest and result, as they are."""

    manifest: dict[str, Any]
    result: dict[str, Any]

    @property
    def name(self) -> str:
        """The scheme of ours, or the phone, and then whether it calls by way of its home network."""
        if self.manifest["mn"] == OWN_MOBILE:
            return str(self.manifest["scheme"])
        return f"{self.manifest['mn']}{', by home' if 'relay' in self.manifest['roles'] else ''}"

    @property
    def does(self) -> str:
        """What was seen of the mobile node: which message went with its speech to the other link."""
        handover = self.result["handover"]
        if handover is None:
            return "stays where it is"
        new = f"mn-{handover['new_path']}"
        after = [
            one
            for one in self.result["transactions"]
            if one["method"] == "INVITE" and one["interface"] == new and one["request_s"] >= handover["trigger_s"]
        ]
        answered = [one for one in after if one["status"] == 200]
        if answered:
            return "moves, and says so"
        return "says so, and nobody answers" if after else "sends on, and says nothing"


def read_mobile_run(folder: Path) -> MobileRun:
    """Read a run folder; `RunFolderError` when it is none, or was not measured."""
    return MobileRun(read_document(folder), read_document(folder, RESULT))


def mobiles_table(runs: Sequence[MobileRun]) -> Table:
    """A row for each mobile node under each failure, and each direction: means ± half of 95 % confidence intervals."""
    scales = about_mos([(run.name, run.result) for run in runs])
    title = f"When the link goes: mean ±95 % confidence interval (times in ms{scales})"
    table = new_table(title, "failure", "mobile node", "what it does", "runs", "from\n(s)", "")
    for column in ("silence", "interruption", "lost in\ncall", "MOS"):
        table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    groups: dict[tuple[str, str], list[MobileRun]] = {}
    for run in runs:
        groups.setdefault((run.manifest["failure_script"], run.name), []).append(run)
    for (failure, name), mine in sorted(groups.items(), key=lambda one: one[0][0]):
        handovers = [run.result["handover"] for run in mine]
        begins = mean(handover and handover["trigger_s"] for handover in handovers)
        about = [failure, name, said_by([run.does for run in mine]), str(len(mine)), begins]
        for way, direction in DIRECTIONS.items():
            media = [run.result["media"][way] for run in mine]
            table.add_row(
                *(about if way == "to_mn" else [""] * len(about)),
                direction,
                silence([GAP_CALL.read(one) for one in media]),
                mean((INTERRUPTION_CALL.read(one) for one in media), 1),
                mean((one["lost"] for one in media), 1),
                mean_mos(media),
            )
    return table


def mean_mos(media: Sequence[dict[str, Any]]) -> str:
    """The mean; none of two scales."""
    scales = {one.get("mos_scale") for one in media if one["mos"] is not None}
    if len(scales) > 1:
        return NOT_MEASURED
    return f"{mean(one['mos'] for one in media)}{' WB' if scales == {WIDEBAND} else ''}"


def said_by(words: Sequence[str]) -> str:
    """What runs have in common; of each how many, where they differ."""
    counts = Counter(words)
    return words[0] if len(counts) == 1 else ", ".join(f"{word} ({count})" for word, count in counts.most_common())


def silence(gaps_ms: Sequence[float | None]) -> str:
    """The longest one, which had no end where there is none."""
    return mean(gaps_ms, 1) if any(gap is not None for gap in gaps_ms) else "no end"


if __name__ == "__main__":
    try:
        wide_console().print(mobiles_table([read_mobile_run(one) for one in find_runs(map(Path, sys.argv[1:]))]))
    except RunFolderError as error:
        sys.exit(f"error: {error}")
