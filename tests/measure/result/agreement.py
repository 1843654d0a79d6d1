"""The numbers of a run beside those that Wireshark's tshark finds in the same captures, and what they may differ by.

`python -m tests.measure.result.agreement RUN…` prints them as tables, and ends with 1 where one is out of its bound.
The test suite holds its own runs to the same bounds. Why they differ where they do is in docs/numbers.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from testbed.measure import measure_capture, measure_run
from testbed.measure.folder.run_folder import CAPTURES, read_manifest
from testbed.report.terminal import DIRECTIONS, console, new_table, number

from . import tshark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from testbed.measure.folder.run_folder import Manifest

PRINTED_MS = 0.002
"""Both print thousandths of a millisecond, each rounded on its own; tshark computes in floating-point seconds."""


@dataclass(frozen=True)
class Pair:
    """One number, ours and theirs, and what they may differ by."""

    run: str
    where: str
    what: str
    ours: float
    theirs: float
    bound: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether the difference is within its bound."""
        return abs(self.theirs - self.ours) <= self.bound + 1e-9

    def __str__(self) -> str:
        return f"{self.run}, {self.where}, {self.what}: {self.ours} here, {self.theirs} in tshark, bound {self.bound}"


@dataclass(frozen=True)
class Call:
    """One direction of a call as we merge it, and what tshark's streams of it add up to."""

    run: str
    direction: str
    media: dict[str, Any]
    packets: int
    lost: int
    streams: int


@dataclass(frozen=True)
class Agreement:
    """A run: numbers of streams, paths, calls, signalling; `setups_ms` are those of tshark's own statistics."""

    run: str
    streams: tuple[Pair, ...]
    paths: tuple[Pair, ...]
    calls: tuple[Call, ...]
    sip: tuple[Pair, ...]
    setups_ms: tuple[int, int] | None

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All numbers that have to agree."""
        sums = (
            Pair(one.run, DIRECTIONS[one.direction], "packets", one.media["received"] + one.media["duplicates"],
                 one.packets)
            for one in self.calls
        )  # fmt: skip
        return (*self.streams, *self.paths, *sums, *self.sip)


def compare_run(folder: Path, run: str) -> Agreement:
    """Measure a run folder, and have tshark look at the captures of the interfaces that received."""
    manifest, result = read_manifest(folder), measure_run(folder)
    streams: list[Pair] = []
    paths: list[Pair] = []
    calls = []
    for direction, receiver in (("to_mn", manifest.mn), ("to_cn", manifest.cn)):
        theirs = []
        for interface in receiver.interfaces.values():
            path = folder / CAPTURES / f"{interface}.pcap"
            heard = [one for one in tshark.rtp_streams(path) if _host(one.dst) in receiver.addresses]
            streams += _streams(path, heard, run)
            theirs += heard
        media = result["media"][direction]
        if direction == "to_mn":
            paths += _paths(media["paths"], manifest, theirs, run)
        packets, lost = sum(one.packets for one in theirs), sum(one.lost for one in theirs)
        calls.append(Call(run, direction, media, packets, lost, len(theirs)))
    sip, setups_ms = _signalling(folder, manifest, result["signalling"], run)
    return Agreement(run, tuple(streams), tuple(paths), tuple(calls), tuple(sip), setups_ms)


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _streams(path: Path, heard: Sequence[tshark.RtpStream], run: str) -> Iterator[Pair]:
    """Yield the numbers of the streams that arrived at one interface; each tool has to know the same streams."""
    theirs = {(one.src, one.dst, one.ssrc): one for one in heard}
    hosts = {_host(one.dst) for one in heard}
    ours = [one for one in measure_capture(path)["streams"] if _host(one["dst"]) in hosts]
    yield Pair(run, path.stem, "streams", len(ours), len(heard))
    for one in ours:
        other = theirs[one["src"], one["dst"], one["ssrc"]]
        where = f"{path.stem} {one['src']}"
        yield Pair(run, where, "packets", one["packets"], other.packets)
        # Theirs is expected less received, with duplicates among the received.
        yield Pair(run, where, "lost", one["lost"] - one["duplicates"], other.lost)
        yield Pair(run, where, "max delta", one["longest_silence_ms"], other.max_delta, PRINTED_MS)
        yield Pair(run, where, "mean jitter", one["jitter_ms"], other.mean_jitter, PRINTED_MS)
        yield Pair(run, where, "max jitter", one["jitter_max_ms"], other.max_jitter, PRINTED_MS)


def _paths(paths: dict[str, Any], manifest: Manifest, theirs: Sequence[tshark.RtpStream], run: str) -> Iterator[Pair]:
    """Yield what result.json says of each path to the MN; its jitter is a stream's where the path had only one."""
    for link, path in paths.items():
        mine = [one for one in theirs if manifest.mn.addresses[_host(one.dst)] == link]
        yield Pair(run, f"path {link}", "packets of the path", path["packets"], sum(one.packets for one in mine))
        if len(mine) == 1 and path["jitter_ms"] is not None:
            yield Pair(run, f"path {link}", "jitter of the path", path["jitter_ms"], mine[0].mean_jitter, PRINTED_MS)


def _signalling(
    folder: Path, manifest: Manifest, ours: dict[str, Any], run: str
) -> tuple[list[Pair], tuple[int, int] | None]:
    """Return what was counted at the MN's interfaces, and tshark's own least and longest set-up time at the first."""
    paths = [folder / CAPTURES / f"{name}.pcap" for name in manifest.mn.interfaces.values()]
    statistics = [tshark.sip_statistics(path) for path in paths]
    lines = sorted((line for path in paths for line in tshark.sip_lines(path)), key=lambda line: line.time_ns)
    pairs = [
        Pair(run, "MN", "messages", ours["messages"], sum(one.messages for one in statistics)),
        Pair(run, "MN", "bytes", ours["bytes"], sum(line.size for line in lines)),
        Pair(run, "MN", "sent again", ours["retransmissions"], sum(one.resent for one in statistics)),
    ]
    for kind in ("requests", "responses"):
        counted: Counter[str] = Counter()
        for one in statistics:
            counted.update(getattr(one, kind))
        pairs += [Pair(run, "MN", name, ours[kind].get(name, 0), counted[name]) for name in {**ours[kind], **counted}]
    setup_ms = _setup_ms(lines, manifest)
    if setup_ms is not None or ours["setup_ms"] is not None:
        missing = float("nan")
        pairs.append(Pair(run, "MN", "set-up", ours["setup_ms"] or missing, setup_ms or missing, PRINTED_MS))
    return pairs, next((one.setups_ms for one in statistics if one.setups_ms), None)


def _setup_ms(lines: Sequence[tshark.SipLine], manifest: Manifest) -> float | None:
    """Return the MN's first INVITE out to the ACK of its 200, by tshark's fields."""
    first = next((one for one in lines if one.method == "INVITE" and one.src in manifest.mn.addresses), None)
    if first is None:
        return None
    same = [one for one in lines if one.call_id == first.call_id]
    accepted = next((one for one in same if one.status == "200" and one.cseq.endswith("INVITE")), None)
    number = accepted.cseq.split()[0] if accepted else None
    ack = next((one for one in same if one.method == "ACK" and one.cseq.split()[0] == number), None)
    return None if ack is None else round((ack.time_ns - first.time_ns) / 1e6, 3)


def beside(pair: Pair, digits: int = 0) -> str:
    """Our number, and how much more tshark says."""
    text = f"{pair.ours:.{digits}f}"
    return text if pair.theirs == pair.ours else f"{text} {pair.theirs - pair.ours:+.{digits}f}"


def streams_table(runs: Sequence[Agreement]) -> Table:
    """Each stream at the interface that received it."""
    table = new_table("Each stream where it was received (ms); where tshark says else, by how much", "run", "at, from")
    columns = {"packets": 0, "lost": 0, "max delta": 3, "mean jitter": 3, "max jitter": 3}
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        rows: dict[str, dict[str, Pair]] = {}
        for pair in run.streams:
            if pair.what in columns:
                rows.setdefault(pair.where, {})[pair.what] = pair
        for place, (where, found) in enumerate(rows.items()):
            cells = (beside(found[what], digits) for what, digits in columns.items())
            table.add_row("" if place else run.run, where, *cells)
    return table


def calls_table(runs: Sequence[Agreement]) -> Table:
    """What the listener got, and what the streams add up to in tshark."""
    table = new_table("What the listener got, and what tshark's streams add up to", "run", "")
    for column in (
        "new",
        "duplicates",
        "lost",
        "tshark:\nstreams",
        "tshark:\npackets",
        "tshark:\nlost",
        "of ours not\nin tshark's",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        for one in run.calls:
            media = one.media
            ours = (media[name] for name in ("received", "duplicates", "lost"))
            table.add_row(
                run.run if one.direction == "to_mn" else "", DIRECTIONS[one.direction], *map(number, ours),
                str(one.streams), str(one.packets), str(one.lost), str(media["lost"] - one.lost),
            )  # fmt: skip
    return table


def sip_table(runs: Sequence[Agreement]) -> Table:
    """Signalling at the MN's interfaces."""
    table = new_table("Signalling at the MN; where tshark says else, by how much", "run")
    names = list(dict.fromkeys(pair.what for run in runs for pair in run.sip))
    for name in names:
        table.add_column(f"{name}\nms" if name == "set-up" else name, justify="right", no_wrap=True)
    table.add_column("tshark's\nset-ups ms", justify="right", no_wrap=True)
    for run in runs:
        found = {pair.what: pair for pair in run.sip}
        cells = [beside(found[name], 3 if name == "set-up" else 0) if name in found else number(None) for name in names]
        setups = number(None) if run.setups_ms is None else "{} to {}".format(*run.setups_ms)
        table.add_row(run.run, *cells, setups)
    return table


def worst(runs: Sequence[Agreement]) -> list[str]:
    """The largest difference of each kind of number, beside what it may be."""
    kinds: dict[str, list[Pair]] = {}
    for pair in (pair for run in runs for pair in run.pairs):
        kinds.setdefault(pair.what if pair.bound else "counts", []).append(pair)
    return [
        f"{kind}: {len(pairs)} compared, largest difference "
        f"{max(abs(pair.theirs - pair.ours) for pair in pairs):.4g}, bound {max(pair.bound for pair in pairs):.4g}"
        for kind, pairs in kinds.items()
    ]


def main(folders: Sequence[Path]) -> int:
    """Print the tables; 1 where a number is out of its bound."""
    runs = [compare_run(folder, f"{folder.parent.name}/{folder.name}") for folder in folders]
    out = console()
    parts: list[RenderableType] = [streams_table(runs), Text(), calls_table(runs), Text(), sip_table(runs), Text()]
    out.print(Group(*parts, *(Text(line) for line in worst(runs))))
    wrong = [pair for run in runs for pair in run.pairs if not pair.agrees]
    for pair in wrong:
        out.print(Text(f"OUT OF BOUND {pair}"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main([Path(word) for word in sys.argv[1:]]))
