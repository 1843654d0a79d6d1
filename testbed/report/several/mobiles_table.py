"""What different mobile nodes do when their link goes, as a table: our schemes, and phones that nobody here wrote.

`python -m testbed.report.several.mobiles_table RUN…` prints it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.measure import RunFolderError
from testbed.measure.folder.run_folder import OWN_MOBILE, RESULT, read_document
from testbed.measure.numbers.media_numbers import GAP_CALL, INTERRUPTION_CALL
from testbed.report.terminal import console, new_table, number

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
    """One row a run."""
    table = new_table("When the link goes (ms; to MN / to CN)", "failure", "mobile node", "what it does")
    for column in ("from\n(s)", "silence", "interruption", "lost in\ncall", "MOS"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        media = [run.result["media"][way] for way in ("to_mn", "to_cn")]
        handover = run.result["handover"]
        table.add_row(
            run.manifest["failure_script"],
            run.name,
            run.does,
            "–" if handover is None else f"{handover['trigger_s']:.2f}",
            " / ".join("no end" if gap is None else number(gap) for gap in map(GAP_CALL.read, media)),
            " / ".join(number(INTERRUPTION_CALL.read(one)) for one in media),
            " / ".join(number(one["lost"]) for one in media),
            " / ".join("–" if one["mos"] is None else f"{one['mos']:.2f}" for one in media),
        )
    return table


if __name__ == "__main__":
    try:
        console().print(mobiles_table([read_mobile_run(Path(word)) for word in sys.argv[1:]]))
    except RunFolderError as error:
        sys.exit(f"error: {error}")
