"""A user's scheme and trigger in the lab: carried into the guest, blamed by file and line, the same bytes again."""

import hashlib
import json
from pathlib import Path

import testbed
from tests.brought.examples import example

from .command import DATA, call, run_scenario
from .test_native import needs_root
from .test_programs import write_example


def test_scheme_of_the_page_runs_and_is_the_same_again_without_its_file(tmp_path: Path) -> None:
    path = example("schemes.md", tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    result = run_scenario(DATA / "short.yaml", tmp_path / "run", "--scheme", str(path))
    assert result["scheme"] == "hasty"
    assert result["handover"]["trigger_s"] is not None
    assert result["media"]["to_mn"]["duplicates"] > 10
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["modules"] == {"hasty": {"kind": "scheme", "module": "hasty.py", "sha256": digest}}
    path.unlink()
    again = call("verify", tmp_path / "run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert call("report", tmp_path / "run").returncode == 0


@needs_root
def test_what_a_user_brings_is_run_natively_too(tmp_path: Path) -> None:
    scheme, cn = example("schemes.md", tmp_path), write_example(tmp_path)
    number = testbed.new("number", "longest-hole", tmp_path)[0]
    before = {path.name for path in tmp_path.rglob("*")}
    brought = ("--scheme", str(scheme), "--number", str(number), "--cn", str(cn))
    result = run_scenario("ideal", tmp_path / "run", "--engine", "native", *brought)
    assert (result["scheme"], result["handover"]["outcome"], result["reproducible"]) == ("hasty", "done", False)
    for media in result["media"].values():
        assert (media["lost"], media["duplicates"] > 10) == (0, True)
    assert result["numbers"]["longest_hole_ms"].keys() == {"to_mn", "to_cn"}
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["programs"] == {"cn": {"name": "mycn", "file": "mycn.yaml"}}
    assert (tmp_path / "run" / "logs" / "cn.log").read_text() == "listening\n"
    assert before == {path.name for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "run")}


def test_scheme_that_raises_fails_the_run_and_captures_are_kept(tmp_path: Path) -> None:
    path = example("schemes.md", tmp_path)
    text = path.read_text().replace(
        '            self.enter("COPYING")\n', '            raise ValueError("no copies")\n'
    )
    path.write_text(text)
    line = text[: text.index("raise ValueError")].count("\n") + 1
    done = call("run", DATA / "short.yaml", "--no-page", "--scheme", path, "--out", tmp_path / "run")
    assert done.returncode == 1
    assert f"hasty.py:{line}: ValueError: no copies" in done.stdout
    assert (tmp_path / "run" / "captures" / "mn-wifi.pcap").stat().st_size > 10_000
