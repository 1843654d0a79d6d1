"""`open`: a run in Wireshark, with a profile made for it; where there is none, what to type instead.

The profile lives in a folder of the testbed's own, which WIRESHARK_CONFIG_DIR makes Wireshark's folder for settings: so
the user's own settings and profiles are neither changed nor needed. What the user changes of ours is kept.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click

from testbed.engine.errors import CommandError
from testbed.measure import RunFolderError
from testbed.measure.folder.run_folder import (
    EVENTS,
    MANIFEST,
    MERGED,
    Manifest,
    read_document,
    read_events,
    read_manifest,
)
from testbed.plain_text import say
from testbed.report.one_run.run_capture import has_names
from testbed.report.one_run.wireshark import RECENT, jump, profile, profile_name, questions

WRITTEN = "written.json"
"""SHA-256 of each file as we wrote it: one that differs was changed by the user."""
FIRST_SETTINGS = {"recent_common": "gui.geometry_main_maximized: TRUE\n"}


@click.command("open")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def open_command(run: Path) -> None:
    """Open the run in folder RUN in Wireshark: nodes by name, paths in colours, the Handover header as a field.

    Without Wireshark, or without a display, it says what to install, and what to type for tshark.
    """
    capture = capture_of(run)
    manifest = read_manifest(run)
    if not manifest.links:
        raise RunFolderError(run / MANIFEST, "names no link of the mobile node")
    settings, name = settings_folder(), profile_name(manifest)
    for path in write_profile(settings, name, profile(manifest)):
        say(f"note: {path} is as you changed it; delete it, and it is made anew", err=True)
    lacking = what_is_lacking()
    if lacking is not None:
        say(lacking, err=True)
        for line in instead(settings, name, capture, manifest):
            say(line)
        sys.exit(1)
    look_at = jump(read_events(run)) if (run / EVENTS).exists() else None
    command = ["wireshark", "-C", name, "-r", str(capture), *(["-J", look_at] if look_at else [])]
    say(f"{capture} in Wireshark, with the profile {name} of {settings}", err=True)
    status = subprocess.run(
        command, env={**os.environ, "WIRESHARK_CONFIG_DIR": str(settings)}, stdin=subprocess.DEVNULL, check=False
    ).returncode
    if status != 0:
        raise CommandError(command, status, "see above")


def capture_of(run: Path) -> Path:
    """The annotated capture of a run; `RunFolderError` says what the folder is instead, or why there is none."""
    if not (run / MANIFEST).exists():
        runs = [str(path.parent) for path in sorted(run.glob(f"*/{MANIFEST}"))]
        if runs:
            raise RunFolderError(run, f"holds several runs; name one of them: {', '.join(runs)}")
        raise RunFolderError(run, f"is no run: it has no {MANIFEST}")
    failure = read_document(run).get("failure")
    capture = run / MERGED
    if not capture.is_file():
        raise RunFolderError(
            capture, f"is not there: {f'the run failed: {failure}' if failure else 'nothing was captured'}"
        )
    if failure:
        say(f"warning: the run failed: {failure}", err=True)
    if not has_names(capture):
        told = "is of an older version and names no nodes: the paths will have no colours"
        say(f"note: {capture} {told}", err=True)
    return capture


def settings_folder() -> Path:
    """Wireshark's settings for runs, apart from the user's own."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "sip-handover-testbed" / "wireshark"


def write_profile(settings: Path, name: str, files: dict[str, str]) -> list[Path]:
    """Writes a profile's files where they are not the user's by now; returns those that are, and differ from ours."""
    record, kept = settings / WRITTEN, list[Path]()
    folder = settings / "profiles" / name
    folder.mkdir(parents=True, exist_ok=True)
    written = read_record(record)
    for file, text in {**{f"profiles/{name}/{one}": text for one, text in files.items()}, **FIRST_SETTINGS}.items():
        path, ours = settings / file, hashlib.sha256(text.encode()).hexdigest()
        there = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
        if there is None or (there == written.get(file) and there != ours):
            path.write_text(text)
            written[file] = ours
        elif there != ours and path.name != RECENT and file not in FIRST_SETTINGS:
            kept.append(path)
    record.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    return kept


def read_record(path: Path) -> dict[str, str]:
    """What was written when; nothing where the record is lost, so that nothing of the user's is overwritten."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def what_is_lacking() -> str | None:
    """Why Wireshark cannot be started here, and what mends it, in one line."""
    if shutil.which("wireshark") is None:
        return "Wireshark is not installed: sudo apt-get install wireshark"
    has_display = sys.platform == "darwin" or any(os.environ.get(one) for one in ("DISPLAY", "WAYLAND_DISPLAY"))
    return None if has_display else "Wireshark needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set"


def instead(settings: Path, name: str, capture: Path, manifest: Manifest) -> list[str]:
    """The same to be seen with tshark, as lines for a shell."""
    lines = [] if shutil.which("tshark") else ["# tshark is not installed either: sudo apt-get install tshark"]
    lines.append(f"export WIRESHARK_CONFIG_DIR={shlex.quote(str(settings))}")
    for question in questions(manifest):
        lines.append(f"# {question.tells}:")
        lines.append(shlex.join(["tshark", "-C", name, "-r", str(capture), *question.options]))
    return lines
