"""A run as a story: the arrays that pictures are made of, held to hand-made runs and to result.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from testbed.measure import MeasuredRun
from testbed.measure.capture.errors import RunFolderError
from testbed.measure.result.run import measure_run
from tests.measure import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS: dict[str, Callable[[], synthetic.Run]] = {
    "plain": synthetic.plain_run,
    "reinvite": synthetic.reinvite_run,
    "handover-cn": synthetic.handover_cn_run,
    "lossy": lambda: synthetic.handover_cn_run(lost=lambda link, _to_mn, k: link == "wifi" and k % 9 == 0),
    "never released": lambda: synthetic.handover_cn_run(bye_answered=False),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_arrays_say_what_the_numbers_say(tmp_path: Path, name: str) -> None:
    folder = RUNS[name]().write(tmp_path / "run")
    result, story = measure_run(folder), MeasuredRun(folder).story
    assert story.result == result
    for key, heard in story.directions.items():
        media = result["media"][key]
        assert len(heard.new_s) == media["received"]
        assert len(heard.missing_s) == media["lost"]
        assert sum(int((~path.is_new).sum()) for path in heard.paths) == media["duplicates"]
        assert heard.gap_s is not None
        assert heard.gap_s[1] is not None
        gap_ms = media["gap_call_ms" if result["handover"] is None else "gap_ms"]
        assert (heard.gap_s[1] - heard.gap_s[0]) * 1000 - 20 == pytest.approx(gap_ms, abs=1e-3)
        assert heard.playout is not None
        held_ms = sum(hole.duration_s for hole in heard.playout.holes) * 1000
        assert held_ms == pytest.approx(media["interruption_call_ms"], abs=1e-3)
        for path in heard.paths:
            numbers = media["paths"][path.link]
            assert len(path.time_s) == numbers["packets"]
            assert len(path.lost_s) == numbers["lost"]
            assert (np.diff(path.time_s) >= 0).all()
            if len(path.time_s):
                assert path.delay_ms.mean() == pytest.approx(numbers["delay_ms"]["mean"], abs=1e-3)


def test_a_break_is_told_exactly(tmp_path: Path) -> None:
    story = MeasuredRun(synthetic.reinvite_run().write(tmp_path / "run")).story
    to_mn, to_cn = story.directions["to_mn"], story.directions["to_cn"]
    assert to_mn.gap_s == (5.989, 8.997)
    assert to_mn.window_s == (6.18, 8.997)
    assert to_mn.missing_s[[0, -1]] == pytest.approx([6.007, 8.867])
    # The MN's own stack drops packets 250 to 399: nobody saw them leave, and each is 20 ms from the next.
    assert to_cn.missing_s == pytest.approx([(synthetic.MN_FIRST_MS + 20 * k) / 1000 for k in range(250, 400)])
    assert [path.lost_s.tolist() for path in to_cn.paths] == [[], []]
    assert story.trigger_s == (6.18,)
    assert to_mn.playout is not None
    assert to_mn.playout.holes[0].causes == ("underrun", "lost")


def test_each_message_has_its_bytes(tmp_path: Path) -> None:
    story = MeasuredRun(synthetic.handover_cn_run().write(tmp_path / "run")).story
    for passage in story.chart.passages:
        assert len(passage.message.text) == passage.message.size
        assert passage.message.call_id.encode() in passage.message.text


def test_a_call_that_falls_silent_has_a_gap_without_an_end(tmp_path: Path) -> None:
    run = synthetic.begin("none")
    run.event(6000, "mn", "trigger", kind="signal", link="wifi")
    for k in range(synthetic.PACKETS):
        run.media(k, link="wifi", to_mn=True, arrives=k < 250)
    story = MeasuredRun(run.write(tmp_path / "run")).story
    assert story.directions["to_mn"].gap_s == (5.989, None)
    assert story.directions["to_cn"].gap_s is None
    assert story.directions["to_cn"].playout is None


def test_links_are_told_as_they_were_set_and_as_they_fared(tmp_path: Path) -> None:
    run = synthetic.reinvite_run()
    run.event(6100, "lab", "link_gone", link="wifi")
    run.event(7100, "lab", "carrier", link="wifi", up=False)
    folder = run.write(tmp_path / "run")

    def shape(link: str, way: str, **options: object) -> dict[str, object]:
        return {"air": f"{link}-air", "device": f"{link}-air-{way}", "handle": "1:", "expected": options}

    rate = {"rate": {"rate": 48_000}}
    first = [shape("wifi", "dn", delay={"delay": 0.002, "jitter": 0.001}), shape("umts", "up", **rate)]
    bursts = shape("wifi", "dn", **{"loss-gemodel": {"p": 0.01, "r": 0.24, "1-h": 1, "1-k": 0}})
    gone = shape("wifi", "dn", **{"loss-random": {"loss": 1.0}})
    timeline = [
        {"at_s": 0.0, "do": "signal", "link": "wifi", "signal_dbm": -50},
        {"at_s": 3.0, "do": "shape", "link": "wifi", "shapes": [bursts]},
        {"at_s": 6.1, "do": "shape", "link": "wifi", "shapes": [gone]},
        {"at_s": 60.0, "do": "signal", "link": "wifi", "signal_dbm": -90},
    ]
    network: dict[str, list[object]] = {"nodes": [], "wires": [], "access_links": []}
    (folder / "plan.json").write_text(json.dumps({"network": network, "shapes": first, "timeline": timeline}))
    wifi, umts = MeasuredRun(folder).story.links
    assert [(one.start_s, one.end_s, one.name) for one in wifi.states][:3] == [
        (0.0, 6.1, "up"),
        (6.1, 7.1, "gone"),
        (7.1, pytest.approx(15.421), "no carrier"),
    ]
    assert [one.name for one in umts.states] == ["off", "up"]
    assert wifi.signal_dbm.tolist() == [-50]
    down = wifi.shaping["down"]
    assert down.time_s.tolist() == [0, 3, 6.1]
    assert down.delay_ms.tolist() == [2, 0, 0]
    assert down.loss_percent == pytest.approx([0, 4, 100])
    assert np.isnan(down.rate_kbit_s).all()
    assert umts.shaping["up"].rate_kbit_s.tolist() == [384]
    (folder / "plan.json").write_text('{"network": {"nodes": [], "wires": [], "access_links": []}, "shapes": [1]}')
    with pytest.raises(RunFolderError, match=r"plan\.json: describes no links"):
        _ = MeasuredRun(folder).story
