"""All handovers of a run, each with its own window and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.result.run import measure_run
from tests.measure import synthetic
from tests.measure.frames import START_NS

if TYPE_CHECKING:
    from pathlib import Path


def test_each_handover_has_its_own_numbers(tmp_path: Path) -> None:
    result = measure_run(synthetic.there_and_back_run().write(tmp_path / "run"))
    there, back = result["handovers"]
    assert [(one["trigger_s"], one["old_path"], one["new_path"]) for one in (there, back)] == [
        (6.0, "wifi", "umts"), (10.0, "umts", "wifi"),
    ]  # fmt: skip
    # Down: packet 255 over WiFi in at 6109 ms, 256 over UMTS at 6237; 444 over UMTS at 9997, 450 over WiFi at 10009.
    assert [one["delay_ms"] for one in (there, back)] == [237.0, 9.0]
    assert [one["window_s"]["to_mn"] for one in (there, back)] == [
        {"open": 6.0, "close": 6.237, "released": True}, {"open": 10.0, "close": 10.01, "released": True},
    ]  # fmt: skip
    # Up: 261 in at 6225, 262 at 6353; 451 over WiFi at 10025, when 445 to 450 are still on their way.
    assert [one["window_s"]["to_cn"]["close"] for one in (there, back)] == [6.353, 10.025]
    for way in ("to_mn", "to_cn"):
        media = [one["media"][way] for one in (there, back)]
        assert [(one["gap_ms"], one["path_step_ms"], one["lost_in_window"]) for one in media] == [
            (108.0, 108.0, 0), (0.0, -108.0, 0),
        ]  # fmt: skip
        assert media[0]["interruption_ms"] > 0
        assert media[1]["interruption_ms"] == 0
    assert there["phases_ms"] == {"detect": None, "attach": 0.0, "address": 0.0, "signalling": 226.0, "media": 11.0}
    assert back["phases_ms"] == {"detect": None, "attach": 0.0, "address": 0.0, "signalling": 10.0, "media": -1.0}
    assert [one["signalling"]["delay_ms"] for one in (there, back)] == [222.0, 6.0]
    assert [one["signalling"]["messages"] for one in (there, back)] == [3, 3]


def test_the_first_one_is_also_where_it_always_was(tmp_path: Path) -> None:
    result = measure_run(synthetic.there_and_back_run().write(tmp_path / "run"))
    first = result["handovers"][0]
    assert {name: first[name] for name in result["handover"]} == result["handover"]
    for way, media in first["media"].items():
        assert {name: result["media"][way][name] for name in media} == media
    assert result["warnings"] == [
        "2 handovers were triggered: 'handover' and 'media' are about the first one, 'handovers' has all of them"
    ]


def test_delays_before_in_and_after_the_window(tmp_path: Path) -> None:
    first, second = measure_run(synthetic.there_and_back_run().write(tmp_path / "run"))["handovers"]
    # In the first window arrive packets 250 to 255, at 2 ms, and 256, at 110.
    inside = round((6 * 2 + 110) / 7, 3)
    assert first["media"]["to_mn"]["delay_change_ms"] == {
        "before": 2.0, "in_window": inside, "after": 110.0, "old_path": 2.0, "new_path": 110.0,
    }  # fmt: skip
    assert second["media"]["to_mn"]["delay_change_ms"]["new_path"] == 2.0


def test_a_handover_that_never_ends_ends_with_the_next_one(tmp_path: Path) -> None:
    run = synthetic.there_and_back_run()
    run.event(9000, "mn", "trigger", kind="signal", link="umts")
    result = measure_run(run.write(tmp_path / "run"))
    assert len(result["handovers"]) == 3
    second = result["handovers"][1]
    assert (second["new_path"], second["delay_ms"], second["signalling"]["delay_ms"]) == (None, None, None)
    assert second["window_s"]["to_mn"] == {"open": 9.0, "close": 10.0, "released": False}
    assert result["warnings"][1:] == [
        "handover 2: no handover took place: no INVITE was sent over another link: the call stayed on umts"
    ]
    assert result["handovers"][2]["delay_ms"] == 9.0


def test_one_that_goes_silent_says_so_with_its_number(tmp_path: Path) -> None:
    run = synthetic.there_and_back_run()
    for name in ("mn-wifi", "mn-umts"):  # nothing is heard from 9.5 s on
        at_ns = START_NS + 9_500_000_000
        run.captured[name] = [one for one in run.captured[name] if one.time_ns < at_ns or one.data[42] != 0x80
                              or one.data[30:34] == bytes((10, 20, 0, 2))]  # fmt: skip
    result = measure_run(run.write(tmp_path / "run"))
    assert result["handovers"][0]["media"]["to_mn"]["gap_ms"] == 108.0
    assert result["handovers"][1]["media"]["to_mn"]["gap_ms"] is None
    assert any(one.startswith("handover 2: to_mn: silent to the end") for one in result["warnings"])


def test_no_trigger_no_handovers(tmp_path: Path) -> None:
    result = measure_run(synthetic.plain_run().write(tmp_path / "run"))
    assert (result["handover"], result["handovers"]) == (None, [])
    assert set(result["media"]["to_mn"]["fixed_playout"]) == {"60_ms", "200_ms"}
    assert result["media"]["to_mn"]["fixed_playout"]["60_ms"]["interruption_ms"] is None
    assert result["media"]["to_mn"]["delay_change_ms"] is None


def test_a_fixed_buffer_beside_the_adaptive_one(tmp_path: Path) -> None:
    """Break before make: packets 250 to 393 are lost, 394 and later come 108 ms later than before."""
    to_mn = measure_run(synthetic.reinvite_run().write(tmp_path / "run"))["media"]["to_mn"]
    deep, shallow = (to_mn["fixed_playout"][depth] for depth in ("200_ms", "60_ms"))
    wanted = {"interruption_call_ms": 144 * 20.0, "late": 0, "late_in_window": 0}
    assert {name: deep[name] for name in wanted} == wanted
    assert deep["interruption_ms"] == deep["interruption_call_ms"]
    assert (shallow["interruption_call_ms"], shallow["late"]) == (450 * 20.0, 306)
    assert to_mn["depth_needed_ms"] == 108.0
    assert deep["mouth_to_ear_ms"] == 2.0 + 200 + 20
    assert to_mn["burst_loss"] == {
        "gmin": 16, "bursts": 1, "burst_density": 1.0, "burst_duration_ms": 2880.0, "gaps": 2, "gap_density": 0.0,
        "gap_duration_ms": (250 + 306) * 20 / 2, "lost_runs": 1, "longest_lost_run": 144,
    }  # fmt: skip
