"""Traces in another form: what becomes of their rates, and what is said to be lost."""

from __future__ import annotations

import gzip
from contextlib import suppress
from itertools import islice, pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest

from testbed.scenario.links.conversion import Conversion, written
from testbed.scenario.links.excerpt import TraceExcerpt
from testbed.scenario.links.forms import FORMS
from testbed.scenario.links.trace import read_csv, read_opportunities
from testbed.scenario.links.trace_facts import facts_of
from testbed.scenario.links.trace_file import TraceFile
from testbed.scenario.reading.errors import BadScenarioError

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.scenario.links.forms import Form

DRIVE = """\
Timestamp,RSRP,DL_bitrate
2019.12.14_10.16.30,-96,1200
2019.12.14_10.16.31,-95,0
2019.12.14_10.16.33,-97.25,100.123
2019.12.14_10.16.34,-97,2400
"""


def file(folder: Path, text: str, form: Form | None = None, excerpt: TraceExcerpt | None = None) -> TraceFile:
    path = folder / "trace"
    path.write_text(text)
    return TraceFile(path, form, excerpt or TraceExcerpt())


def test_our_own_csv_says_all_that_a_published_one_does(tmp_path: Path) -> None:
    drive = file(tmp_path, DRIVE)
    conversion = Conversion(drive)
    lines = list(conversion.to_csv(1.0))
    assert lines == [
        "time [s], down.rate [kbit/s], signal [dBm]",
        "0, 1200, -96",
        "1, 0, -95",
        "3, 100.123, -97.25",
        "4, 2400, -97",
    ]
    assert conversion.losses == []
    (tmp_path / "own.csv").write_text("\n".join(lines))
    again = [(one.at, one.values) for one in read_csv(tmp_path / "own.csv")]
    assert again == [(one.at, one.values) for one in drive.moments()]


def test_every_quantity_goes_to_csv_and_back_with_all_digits(tmp_path: Path) -> None:
    text = (
        "time [s], rate [bit/s], down.delay [us], up.jitter [ms], loss [%], loss_burst [packets]\n"
        "0, 333333.3, 1234, 0.1, 0.7, 3\n7200.25, , 5, , 100, \n"
    )
    own = file(tmp_path, text)
    (tmp_path / "again").write_text("\n".join(Conversion(own).to_csv(1.0)))
    again = TraceFile(tmp_path / "again")
    assert [(one.at, one.values) for one in again.moments()] == [(one.at, one.values) for one in own.moments()]


def test_rates_become_chances_of_mahimahi(tmp_path: Path) -> None:
    conversion = Conversion(file(tmp_path, DRIVE))
    times_ms = [int(line) for line in conversion.to_mahimahi()]
    # 1.2 Mbit/s: 1500 bytes each 10 ms; then nothing for two seconds; 100.123 kbit/s: each 119.9 ms; 2.4 Mbit/s: 5 ms.
    assert times_ms[:3] == [10, 20, 30]
    assert times_ms[99:102] == [1000, 3120, 3240]
    assert sum(3000 < one <= 4000 for one in times_ms) == 8
    # What had come together of the next one at 4 s needs no more than its rest.
    assert times_ms[108] == 4000 + 4
    assert {after - before for before, after in pairwise(times_ms[108:])} == {5}
    assert conversion.losses == [
        "the part of a millisecond: chances are at the next whole one",
        "0.001 s at its end: Mahimahi begins again after the last chance",
        "signal: Mahimahi knows rates of one direction",
    ]


def test_chances_become_rates_and_the_sum_stays(tmp_path: Path) -> None:
    times_ms = [1, 1, 5, 400, 999, 1000, 2500, 2750]
    conversion = Conversion(file(tmp_path, "".join(f"{one}\n" for one in times_ms)))
    lines = list(conversion.to_csv(1.0, "up"))
    assert lines == ["time [s], up.rate [kbit/s]", "0, 60", "1, 12", "2, 32"]
    assert sum((60.0, 12.0, 32 * 0.75)) == len(times_ms) * 12
    assert conversion.losses == [
        "when packets can leave within each 1 s",
        "its end, at 2.75 s, where Mahimahi begins again",
    ]


def test_there_and_back_again_is_the_same_rate_in_each_second(tmp_path: Path) -> None:
    text = "time [s], rate [kbit/s]\n" + "".join(f"{n}, {rate}\n" for n, rate in enumerate([1200, 600, 0, 4800, 12]))
    there = tmp_path / "there.down"
    there.write_text("\n".join(Conversion(file(tmp_path, text)).to_mahimahi()) + "\n")
    facts = facts_of(TraceFile(there))
    assert read_opportunities(there)[-1] == 5000
    assert list(Conversion(TraceFile(there)).to_csv(1.0))[1:] == [
        "0, 1188", "1, 600", "2, 12", "3, 4788", "4, 24",
    ]  # fmt: skip
    assert facts.quantities["rate"].mean == pytest.approx((1200 + 600 + 4800 + 12) * 1e3 / 5)


@pytest.mark.parametrize(
    ("text", "direction", "said"),
    [
        ("time [s], signal [dBm]\n0, -50\n1, -60\n", None, "it has no rate, and a Mahimahi trace is nothing else"),
        ("time [s], up.rate [kbit/s]\n0, 50\n1, 60\n", "down", "it has no rate down, and a Mahimahi trace is nothing"),
        ("time [s], up.rate [kbit/s], down.rate [kbit/s]\n0, 5, 6\n", None, "it has no rate, and"),
        ("time [s], up.rate [kbit/s], down.rate [kbit/s]\n0, 5, 6\n1, 5, 6\n", None,
         "it has up.rate and down.rate; say which: --direction down, or up"),
        ("time [s], rate [kbit/s]\n0, 0\n9, 0\n", None, "rate lets no packet through; a Mahimahi trace has one at"),
        ("hello\n", None, "looks like no trace that is known; say which column is what: --column time='Times"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_one_line_and_no_file(text: str, direction: str, said: str, tmp_path: Path) -> None:
    lines = Conversion(file(tmp_path, text)).to_mahimahi("down" if direction == "down" else None)
    with pytest.raises(BadScenarioError) as refused:
        written(lines, tmp_path / "new")
    assert said in str(refused.value)
    assert not (tmp_path / "new").exists()


def test_what_would_fill_the_disk_is_told_before(tmp_path: Path) -> None:
    fast = Conversion(file(tmp_path, "time [s], rate [Gbit/s]\n0, 1\n600, 1\n"))
    with pytest.raises(BadScenarioError, match="100000000 packets can leave in 1200 s; take a part of it"):
        next(fast.to_mahimahi())
    fine = Conversion(file(tmp_path, "900000000\n"))
    with pytest.raises(
        BadScenarioError, match=r"a rate for each 0.001 s would be 900000000 rows; take a longer --every"
    ):
        next(fine.to_csv(0.001))


def test_a_part_of_a_mahimahi_trace(tmp_path: Path) -> None:
    trace = file(tmp_path, "5\n1000\n1001\n1500\n1999\n2000\n", excerpt=TraceExcerpt(skip=1.0, lasts=1.0))
    assert list(Conversion(trace).to_mahimahi()) == ["0", "1", "500", "999"]
    late = file(tmp_path, "5\n1000\n", excerpt=TraceExcerpt(skip=2.0))
    with pytest.raises(BadScenarioError, match="nothing passes from 2 s on; the last time is 1000 ms"):
        list(Conversion(late).to_mahimahi())


def test_facts_of_rows(tmp_path: Path) -> None:
    text = DRIVE.replace("10.16.34,-97,2400", "10.16.34,-97,0") + "2019.12.14_10.16.34,-,0\n2019.12.14_10.16.38,-,1\n"
    facts = facts_of(file(tmp_path, text))
    rate, signal = facts.quantities["down.rate"], facts.quantities["signal"]
    assert (facts.kind, facts.rows, facts.times, facts.lasts_s) == ("ucc", 6, 5, 12.0)
    assert (facts.longest_step_s, facts.longest_step_at_s) == (4.0, 4.0)
    assert (rate.least, rate.most) == (0.0, 1.2e6)
    # The last row holds as long as the one before it.
    assert rate.mean == pytest.approx((1.2e6 + 100_123 + 4 * 1e3) / 12)
    assert (rate.quiet.count, rate.quiet.total_s, rate.quiet.longest_s, rate.quiet.longest_at_s) == (2, 6.0, 4.0, 4.0)
    assert signal.mean == pytest.approx((-96 - 2 * 95 - 97.25 - 8 * 97) / 12)


def test_facts_of_chances(tmp_path: Path) -> None:
    facts = facts_of(file(tmp_path, "0\n1\n1\n101\n102\n1200\n1400\n2100\n"))
    rate = facts.quantities["rate"]
    assert (facts.kind, facts.rows, facts.times, facts.lasts_s) == ("mahimahi", 8, 7, 2.1)
    assert (rate.least, rate.most) == (24e3, 60e3)
    assert rate.mean == pytest.approx(96e3 / 2.1)
    assert (rate.quiet.count, round(rate.quiet.total_s, 3)) == (4, 2.098)
    assert (rate.quiet.longest_s, rate.quiet.longest_at_s) == (1.098, 0.102)


PIECES = [
    b"nan",
    b"-1",
    b"1e999",
    b"\x00",
    b"\xff",
    b'"',
    b";",
    b"\t",
    b"\n\n",
    b",",
    b"9" * 400,
    b"\xef\xbb\xbf",
    b"1,5",
]
FILES = [
    DRIVE.encode(), b"0.0\t4.0\n0.5\t3.0\n1.25\t2.0\n", b"0.27,Mbits/sec\r\n0.95,Mbits/sec\r\n", b"4\n8\n508\n",
    b"1289406399 5000 59.8 10.7 125000 1000\n1289406400 6500 59.8 10.7 0 1500\n",
    b"time [s], rate [kbit/s], signal [dBm]\n0, 5, -50\n1,, -60\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_in_a_file_nothing_but_what_is_wrong_is_said(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    for _ in range(60):
        content = bytearray(random.choice(FILES))
        for _ in range(random.randint(0, 4)):
            start = random.randrange(len(content) + 1)
            content[start : start + random.choice([0, 1, 3, 20])] = random.choice(PIECES)
        (tmp_path / "trace").write_bytes(gzip.compress(content)[: random.choice([30, None])] if seed == 5 else content)
        trace = TraceFile(tmp_path / "trace", random.choice([None, *(one.form for one in FORMS.values())]))
        with suppress(BadScenarioError):
            facts_of(trace)
        with suppress(BadScenarioError):
            list(islice(Conversion(trace).to_mahimahi(), 1000))
        with suppress(BadScenarioError):
            list(Conversion(trace).to_csv(1.0))
