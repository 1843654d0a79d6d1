"""What the guest left is unpacked, whatever it is, and nothing outside the run folder is touched."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from testbed.engine.errors import RunFailedError
from testbed.engine.vm.vm_run import collect

if TYPE_CHECKING:
    from pathlib import Path

CAPTURE = bytes(range(256)) * 100


def outcome(tmp_path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    """An archive as the guest writes it, on a device that is longer: names, types and contents."""
    path = tmp_path / "outcome"
    with tarfile.open(path, "w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    with path.open("ab") as device:
        device.write(bytes(1 << 20))
    return path


WHOLE = (
    ("captures", tarfile.DIRTYPE, b""),
    ("captures/mn-wifi.pcap", tarfile.REGTYPE, CAPTURE),
    ("outcome.json", tarfile.REGTYPE, b"{}"),
)


def test_whole_outcome_is_unpacked(tmp_path: Path) -> None:
    run = tmp_path / "run"
    collect(outcome(tmp_path, *WHOLE), run)
    assert (run / "captures" / "mn-wifi.pcap").read_bytes() == CAPTURE
    assert (run / "outcome.json").read_bytes() == b"{}"


def test_what_came_before_the_guest_died_is_kept(tmp_path: Path) -> None:
    path = outcome(tmp_path, *WHOLE)
    path.write_bytes(path.read_bytes()[: 3 * 512 + len(CAPTURE)])
    with pytest.raises(RunFailedError, match="the guest ended without a"):
        collect(path, tmp_path / "run")
    assert (tmp_path / "run" / "captures" / "mn-wifi.pcap").read_bytes() == CAPTURE


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../x", tarfile.REGTYPE), ("/etc/x", tarfile.REGTYPE), ("x", tarfile.SYMTYPE), ("x", tarfile.LNKTYPE),
     ("x", tarfile.FIFOTYPE), ("a/../../x", tarfile.DIRTYPE)],
)  # fmt: skip
def test_what_is_no_file_of_a_run_folder_is_refused(name: str, kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(RunFailedError, match="what is no file of a run folder"):
        collect(outcome(tmp_path, (name, kind, b""), *WHOLE), tmp_path / "run")
    assert {path.name for path in tmp_path.rglob("*")} <= {"outcome", "run"}
