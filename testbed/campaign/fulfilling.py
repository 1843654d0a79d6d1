"""An order carried out, on whatever machine: the run is made in a folder that is gone afterwards."""

import asyncio
import io
import platform
import sys
import tarfile
import tempfile
from pathlib import Path

from testbed.campaign.errors import StrangerError
from testbed.campaign.order import Delivery, Order
from testbed.engine.choose import make_engine
from testbed.engine.errors import CommandError, MissingRequirementError, RunFailedError
from testbed.measure.folder.run_folder import MANIFEST, RESULT
from testbed.measure.numbers.user_numbers import load_numbers
from testbed.runner import carry_out_plan, own_versions, write_manifest

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

ARCHIVE = "files.tar.zst"
"""All other files of a run folder: captures, logs, the timeline, the plan."""


def fulfil(order: Order) -> Delivery:
    """Carries out an order; raises StrangerError where this testbed, or its guest, is not the orderer's."""
    check_versions(order.manifest["versions"])
    with tempfile.TemporaryDirectory(prefix="testbed-run-", dir=order.work) as name:
        folder = Path(name) / "run"
        return asyncio.run(_fulfilled(order, folder))


def check_versions(wanted: dict[str, str]) -> None:
    """Compares the program; raises StrangerError."""
    ours = own_versions()
    for what in ("testbed", "code_sha256"):
        if ours[what] != wanted[what]:
            different = f"its {what} is {ours[what]:.16}, and should be {wanted[what]:.16}"
            raise StrangerError(f"worker on {platform.node()} refused: {different}; install the same version there")


def check_guest(identity: dict[str, str], wanted: dict[str, str]) -> None:
    """Compares what the guest is made of; raises StrangerError."""
    for what, value in wanted.items():
        if identity.get(what) != value:
            different = f"its guest's {what} is {identity.get(what, 'nothing'):.16}, and should be {value:.16}"
            raise StrangerError(f"worker on {platform.node()} refused: {different} (docs/campaigns.md)")


async def _fulfilled(order: Order, folder: Path) -> Delivery:
    manifest = order.manifest
    try:
        place = await make_engine(manifest["engine"]).prepare(order.plan, ignore)
        check_guest(place.identity(), manifest["engine_identity"])
        numbers = load_numbers(order.numbers)
        done = await carry_out_plan(order.plan, manifest, place, folder, ignore, numbers, with_page=False)
        failure = done.failure
    except (MissingRequirementError, CommandError, RunFailedError, OSError) as error:
        if not folder.parent.exists():  # whoever ordered the run has stopped, and tidied up: nobody is to be told
            raise asyncio.CancelledError from None
        failure = f"on {platform.node()}: {error}"
        folder.mkdir(exist_ok=True)
        write_manifest(folder, {**manifest, "status": "failed", "failure": failure, "warnings": []})
    return deliver(order, folder, failure)


def failed(order: Order, failure: str) -> Delivery:
    """What is kept of a run that was never carried out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_manifest(folder, {**order.manifest, "status": "failed", "failure": failure, "warnings": []})
        return Delivery({MANIFEST: (folder / MANIFEST).read_bytes()}, failure)


def deliver(order: Order, folder: Path, failure: str | None) -> Delivery:
    """What is kept of a run that lies in a folder."""
    files = {name: (folder / name).read_bytes() for name in (MANIFEST, RESULT) if (folder / name).exists()}
    if order.keep == "all" or (order.keep == "failed" and failure is not None):
        for name, content in order.history.items():
            (folder / "history").mkdir(exist_ok=True)
            (folder / "history" / name).write_bytes(content)
        files[ARCHIVE] = archived(folder)
    return Delivery(files, failure)


def archived(folder: Path) -> bytes:
    """All files of a folder but those that stand beside, as a tar archive in zstd; same files, same bytes."""
    packed = io.BytesIO()
    with ZstdFile(packed, "wb") as compressed, tarfile.open(fileobj=compressed, mode="w|") as tar:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if name not in {MANIFEST, RESULT} and (path.is_file() or path.is_dir()):
                tar.add(path, name, recursive=False, filter=anonymous)
    return packed.getvalue()


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A file without owner and time."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def ignore(_: object) -> None:
    """Whoever does not listen."""
