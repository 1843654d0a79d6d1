"""`testbed sweep`: what is wrong ends it with 2 and one line each, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.campaign.progress_of_runs import SweepNews
from testbed.cli.main import USERS_FAULT, main
from testbed.cli.runs.sweep_progress import SweepProgress, line

if TYPE_CHECKING:
    from pathlib import Path

ONE = "scenarios: [wifi-to-umts]\nschemes: [reinvite]\n"


def refusal(capsys: pytest.CaptureFixture[str], folder: Path, text: str, *options: str) -> list[str]:
    """What is said of a campaign; nothing is left of it."""
    file, out = folder / "mine.yaml", folder / "out"
    file.write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["sweep", str(file), "--out", str(out), *options])
    assert end.value.code == USERS_FAULT
    assert not out.exists()
    return capsys.readouterr().err.replace(f"{folder}/", "").splitlines()


def test_mistakes_are_said_with_their_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert refusal(capsys, tmp_path, f"{ONE}vary:\n  call.codec: [PCMU, MP3]\n  links.wifi.loss: [5]\n") == [
        "mine.yaml:4: call.codec: 'MP3' is not possible; possible are: PCMU, PCMA, GSM, G722, OPUS",
        "mine.yaml:5: links.wifi.loss: loss.wifi: 5 has no unit; a share is written like 2 %",
    ]


def test_what_will_be_run_is_said_first_and_too_little_disk_ends_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first, *_, last = refusal(capsys, tmp_path, f"{ONE}seeds: 4000000000\nkeep: all\n")
    assert first.startswith("4000000000 runs: 1 cell of scenario, scheme and values, 4000000000 seeds each; about ")
    assert last.startswith("error: out needs about ")
    assert last.endswith(" MB are free there; keep less ('keep: none'), or name a folder with more room")


def test_folder_of_something_else_is_left_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(ONE)
    with pytest.raises(SystemExit) as end:
        main(["sweep", str(tmp_path / "mine.yaml"), "--out", str(tmp_path)])
    assert end.value.code == USERS_FAULT
    assert "holds something else than a campaign; name a folder that is not there yet" in capsys.readouterr().err


def test_scheduler_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")
    *_, last = refusal(capsys, tmp_path, ONE, "--scheduler", "nonsense://127.0.0.1:1")
    assert last.startswith("error: no Dask scheduler answers at nonsense://127.0.0.1:1 (unknown address scheme")


def test_workers_here_and_a_scheduler_s_are_one_too_many(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (said,) = refusal(capsys, tmp_path, ONE, "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2")
    assert said.startswith("error: --jobs is for workers on this machine; those of a scheduler say how many they are.")


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (SweepNews(60, 0, 0, None), "0 of 60 runs"),
        (SweepNews(60, 12, 1, 226.4), "12 of 60 runs, 1 failed, 3 min 46 s left"),
        (SweepNews(60, 12, 0, 7325), "12 of 60 runs, 2 h 2 min left"),
        (SweepNews(60, 60, 0, 0.0), "60 of 60 runs"),
    ],
)
def test_progress_in_words(news: SweepNews, said: str) -> None:
    assert line(news) == said


def test_piped_progress_has_a_line_for_each_twentieth(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepProgress() as progress:
        for done in range(101):
            progress.show(SweepNews(100, done, 0, None))
    assert len(capsys.readouterr().err.splitlines()) == 20
