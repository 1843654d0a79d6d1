"""The report page as text: the same bytes, the right words, and a page whatever the folder lacks."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.cli.main import USERS_FAULT, main
from testbed.measure import MeasuredRun, RunFolderError, measure_run
from testbed.report.one_run import every_number
from testbed.report.one_run.chart_messages import shown
from testbed.report.one_run.page import bars, page, write_page
from testbed.report.one_run.verdict import judge
from testbed.report.pages import palette
from tests.measure import synthetic
from tests.measure.kept_address import moved_run
from tests.measure.said.test_said_passages import chart_of
from tests.report.bokeh import plots_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with everything but a plan."""
    return synthetic.handover_cn_run().write(tmp_path_factory.mktemp("runs") / "handover-cn")


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(run, tmp_path / "copy")


def words(text: str) -> str:
    """Return a page without its scripts, styles and tags."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_the_same_folder_gives_the_same_bytes_wherever_it_is(run: Path, copy: Path) -> None:
    first = page(MeasuredRun(run))
    measured = MeasuredRun(copy)
    assert measured.result["scheme"] == "handover-cn"
    assert page(measured) == first
    assert str(run) not in first
    assert write_page(MeasuredRun(copy)).read_text() == first
    assert page(MeasuredRun(copy)) == first, "the page itself is none of its files"


def test_bokeh_takes_the_plots(run: Path) -> None:
    lanes = plots_of(page(MeasuredRun(run)))
    assert [len(plot.renderers) > 0 for plot in lanes] == [True] * 9
    assert len({plot.x_range for plot in lanes}) == 3, "the time axis, and one of each distribution"


def test_nothing_is_fetched(run: Path) -> None:
    text = re.sub(r"<script.*?</script>", "", page(MeasuredRun(run)), flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:|//)""", text)
    assert "default-src &#39;none&#39;" in text


def test_the_numbers_are_those_of_the_result(run: Path) -> None:
    text, result = words(page(MeasuredRun(run))), measure_run(run)
    assert "The call went on without an interruption." in text
    for media in result["media"].values():
        assert f"{media['gap_ms']:.1f} gap [ms]" in re.sub(
            r"gap \[ms\] longest silence on the wire ([\d.]+)", r"\1 gap [ms]", text
        )
        assert f"of {media['sent']} packets {media['lost']}" in text
    assert "scheme handover-cn" in text
    assert "seed 7" in text
    assert "vm, reproducible" in text


def test_doubts_stand_beside_the_numbers_that_they_concern(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    warnings = ["to_cn: a doubt of one side", "a doubt of all"]
    (copy / "manifest.json").write_text(json.dumps({**manifest, "warnings": warnings, "reproducible": False}))
    text = page(MeasuredRun(copy))
    before, to_mn, to_cn = re.split(r"<article", text)[:3]
    assert "a doubt of all" in before
    assert "doubt" not in to_mn
    assert "a doubt of one side" in to_cn
    assert "not reproducible" in before


MISSING = {
    "captures": "Nothing could be measured.",
    "events.jsonl": "Nothing could be measured.",
    "captures/mn-wifi.pcap": "The call went on without an interruption.",
    "captures/cn-eth0.pcap": "Not everything was measured",
}


@pytest.mark.parametrize("name", MISSING)
def test_a_folder_that_lacks_something_has_a_page_that_says_so(copy: Path, name: str) -> None:
    path = copy / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    (copy / "run.pcapng").unlink()
    text = words(page(MeasuredRun(copy)))
    if MISSING[name] == "Nothing could be measured.":
        assert MISSING[name] in text
        assert f"Not measured: {name}" in text or "Not measured: run.pcapng" in text
        assert "0.0 ms" not in text
        assert "– ms" in text
    else:
        assert "No such file" in text


@pytest.mark.parametrize("name", ["plan.json", "events.jsonl"])
def test_a_damaged_file_is_named(copy: Path, name: str) -> None:
    (copy / name).write_text("{nonsense")
    assert f"Not measured: {name}" in words(page(MeasuredRun(copy)))


def test_a_run_that_failed_says_why(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    failed = {**manifest, "status": "failed", "failure": "mn ended with status 1", "warnings": ["the run failed: mn …"]}
    (copy / "manifest.json").write_text(json.dumps(failed))
    text = words(page(MeasuredRun(copy)))
    assert "The run failed." in text
    assert "Why: mn ended with status 1" in text


def test_the_head_says_who_is_no_agent_of_ours(copy: Path) -> None:
    text = page(MeasuredRun(copy))
    assert "<dt>correspondent</dt>" not in text
    title = text.partition("<title>")[2].partition("</title>")[0]
    programs = {"cn": {"name": "mycn", "file": "mycn.yaml"}}
    manifest = {**json.loads((copy / "manifest.json").read_text()), "cn": "mycn", "programs": programs}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    text = page(MeasuredRun(copy))
    assert "<dt>correspondent</dt><dd>mycn</dd>" in text
    assert title in text, "scheme and seed stay where they are"


def test_a_question_that_nobody_asked_has_no_row(copy: Path) -> None:
    run = MeasuredRun(copy)
    names = [row[0] for row in every_number.signalling_table({**run.result, "signalling": {"question": None}}).rows]
    assert names == []


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunFolderError, match=r"manifest\.json"):
        page(MeasuredRun(tmp_path))
    with pytest.raises(SystemExit) as end:
        main(["report", str(tmp_path)])
    assert end.value.code == USERS_FAULT
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_says_where_the_page_is(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(copy)])
    assert capsys.readouterr().out == f"{copy}/report.html\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
BESIDE = ("scenario", "command", "failure", "status", "versions", "engine_identity", "clock")
FIELDS = tuple(one for one in (*synthetic.DOCUMENT, *BESIDE) if one != "schema_version")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3))
def test_whatever_the_manifest_says_there_is_a_page(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "events.jsonl").write_text("")
    (tmp_path / "manifest.json").write_text(json.dumps({**synthetic.DOCUMENT, **changes}))
    assert "<h1>" in page(MeasuredRun(tmp_path))


def media(interruption_ms: float | None, **others: object) -> dict[str, Any]:
    return {"interruption_ms": interruption_ms, "interruption_call_ms": interruption_ms, **others}


HANDOVER = {"old_path": "wifi", "new_path": "umts", "kind": "signal", "trigger_s": 12.0}


@pytest.mark.parametrize(
    ("to_mn", "to_cn", "handover", "headline", "is_good"),
    [
        (0.0, 0.0, HANDOVER, "The call went on without an interruption.", True),
        (0.0, 0.0, None, "No handover was seen, and the call went on without an interruption.", True),
        (
            3480.0, 40.0, HANDOVER,
            "The call was interrupted: the phone (MN) missed 3.48 s of speech, "
            "the correspondent (CN) missed 40 ms of speech.",
            False,
        ),
        (
            20.0, 0.0, HANDOVER,
            "The call was interrupted: the phone (MN) missed 20 ms of speech, the correspondent (CN) missed nothing.",
            False,
        ),
        (None, 0.0, HANDOVER, "Not everything was measured: the correspondent (CN) missed 0 ms of speech.", None),
        (None, None, HANDOVER, "Not everything was measured.", None),
    ],
)  # fmt: skip
def test_the_headline(
    to_mn: float | None, to_cn: float | None, handover: dict[str, Any] | None, headline: str, *, is_good: bool | None
) -> None:
    result: dict[str, Any] = {
        "handover": handover,
        "media": {"to_mn": media(to_mn), "to_cn": media(to_cn)},
        "warnings": [],
    }
    verdict = judge(result, (), None)
    assert (verdict.headline, verdict.is_good) == (headline, is_good)
    assert [card.is_good for card in verdict.cards] == [None if one is None else one == 0 for one in (to_mn, to_cn)]
    assert judge(result, (), "an agent died").headline == "The run failed."


def test_with_several_handovers_the_whole_call_counts_and_each_has_its_row(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(lost=lambda _link, _to_mn, k: 450 < k < 500)
    run.event(10_000, "mn", "trigger", kind="signal", link="umts")
    folder = run.write(tmp_path / "run")
    result, text = measure_run(folder), words(page(MeasuredRun(folder)))
    assert result["media"]["to_mn"]["interruption_ms"] == 0
    assert "The call was interrupted: the phone (MN) missed 980 ms of speech" in text
    assert "handed over first, and 2 times in all, from wifi to umts" in text
    assert "The handovers of this run trigger [s] from to" in text
    assert " 2 10.000 umts " in text


def test_what_was_not_measured_is_a_dash() -> None:
    verdict = judge(None, ("a warning",), None)
    assert verdict.headline == "Nothing could be measured."
    for card in verdict.cards:
        assert {value for _, value, _ in card.numbers} == {"–"}
        assert card.interruption == "–"
    assert verdict.warnings == ("a warning",)


def test_phases_stand_one_after_the_other_and_those_below_zero_backwards() -> None:
    made = bars((("detect", 1.0, 2.0), ("attach", 2.0, 5.0), ("media", 5.0, 4.5)))
    assert [(one.name, one.left, one.width, one.ms) for one in made] == [
        ("detect", 0.0, 25.0, 1000.0),
        ("attach", 25.0, 75.0, 3000.0),
        ("media", 87.5, 12.5, -500.0),
    ]
    assert bars(()) == ()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"BYE x SIP/2.0\r\nTo: y\r\n\r\n", "BYE x SIP/2.0\nTo: y\n\n"),
        ("Subject: ü".encode(), "Subject: ü"),
        (b"\xff\x00\x1b[2J\r", "\\xff\\x00\\x1b[2J\\r"),
        ("\u202eevil\u200b".encode(), "\\u202eevil\\u200b"),
    ],
)
def test_a_message_is_shown_as_it_was(data: bytes, text: str) -> None:
    """Also what a terminal or a browser would obey instead of showing."""
    assert shown(data) == text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_seen(theme: str) -> None:
    """WCAG 2.1: 4.5:1 for text, 3:1 for what is drawn."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(colour: palette.Colour) -> float:
        pair = sorted(luminance(getattr(one, theme)) + 0.05 for one in (colour, palette.BACKGROUND))
        return pair[1] / pair[0]

    for colour in (palette.INK, palette.FAINT, palette.BLUE, palette.GREEN, palette.BAD):
        assert contrast(colour) >= 4.5, colour
    for colour in (palette.ORANGE, palette.PURPLE, palette.YELLOW, palette.GREY):
        assert contrast(colour) >= 3, colour


def test_paths_have_the_same_colours_everywhere() -> None:
    assert palette.path_colours(["umts", "lte", "wifi"])["wifi"] == palette.path_colours(["wifi"])["wifi"]
    assert len(set(palette.path_colours(["umts", "lte", "wifi", "5g"]).values())) == 4


def test_what_moves_the_call_beside_sip_has_a_row_and_arrows_of_its_own(tmp_path: Path) -> None:
    chart_of(moved_run(), tmp_path)
    html = page(MeasuredRun(tmp_path))
    text = words(html)
    assert "Triangles: SIP messages, and those of Mobile IPv4 above them." in text
    assert "Between them, dashed, those of Mobile IPv4." in text
    assert text.count("Registration Request") >= 2
    assert html.count('class="arrow beside"') == 4
    assert html.count("Mobile IPv4") > text.count("Mobile IPv4")  # a row of the picture, in the plot's own data
