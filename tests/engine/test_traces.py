"""Users' traces in the lab: packets leave when a Mahimahi trace says, and a run's link history gives the same bytes."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from .command import call, run_scenario, shortened
from .rtp_packets import rtp_packets

if TYPE_CHECKING:
    from pathlib import Path

# An outage of a second in every four; elsewhere a chance for 1500 bytes each 7 ms.
PERIOD_MS, OUTAGE_MS = 4_000, (2_000, 3_000)
CHANCES_MS = [at for at in range(7, PERIOD_MS + 1, 7) if not OUTAGE_MS[0] <= at < OUTAGE_MS[1]] + [PERIOD_MS]
# What the profile adds behind the trace: delay and serialisation at 30 Mbit/s. And its jitter, and the program's time:
# after an outage seven packets leave at one chance, one after the other.
DELAY_MS = 1.5 + 200 * 8 / 30_000
TOLERANCE_MS = 1.0 + 7 * 0.2
SECOND_NS = 1_000_000_000


def hashes(folder: Path) -> dict[str, str]:
    files = [*sorted((folder / "captures").iterdir()), folder / "result.json"]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def test_packets_leave_when_the_trace_says_and_the_history_can_be_replayed(tmp_path: Path) -> None:
    (tmp_path / "drive.down").write_text("".join(f"{at}\n" for at in CHANCES_MS))
    (tmp_path / "walk.csv").write_text("time [s], signal [dBm]\n0, -50\n4, -70\n")
    script = tmp_path / "mine.yaml"
    script.write_text(
        "name: mine\nabout: two traces, and losses by chance\n"
        "steps:\n  - {at: 3 s to 4 s, for: 300 ms to 600 ms, link: umts, loss: 10 % to 50 %, loss_burst: 1 packet}\n"
        "traces:\n  - {link: wifi, mahimahi: drive.down, direction: down}\n  - {link: wifi, csv: walk.csv, at: 7 s}\n"
    )
    options = ("--scheme", "handover-cn", "--failure")
    scenario = shortened("wifi-to-umts", tmp_path, 11)
    run_scenario(scenario, tmp_path / "run", *options, str(script))

    zero_ns = scenario_zero_ns(tmp_path / "run")
    packets = rtp_packets(tmp_path / "run" / "captures" / "mn-wifi.pcap")
    left_ms = [(one.time_ns - zero_ns) / 1e6 - DELAY_MS for one in packets if one.source == "10.20.0.2"]
    assert len(left_ms) > 400
    assert max(left_ms) > 2 * PERIOD_MS
    for at in left_ms:
        assert min(abs(at % PERIOD_MS - chance) for chance in CHANCES_MS) < TOLERANCE_MS
        assert not OUTAGE_MS[0] + TOLERANCE_MS < at % PERIOD_MS < OUTAGE_MS[1] - TOLERANCE_MS

    assert call("failure", "export", tmp_path / "run", tmp_path / "again").returncode == 0
    run_scenario(scenario, tmp_path / "replayed", *options, str(tmp_path / "again" / "failure.yaml"))
    assert hashes(tmp_path / "replayed") == hashes(tmp_path / "run")


def scenario_zero_ns(folder: Path) -> int:
    """Scenario time zero, which is a full second, in ns of the captures' clock."""
    first = json.loads((folder / "events.jsonl").read_text().splitlines()[0])
    assert first["event"] == "attached"
    return int(first["time_ns"]) // SECOND_NS * SECOND_NS
