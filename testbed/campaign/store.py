"""Where a campaign's runs lie: a folder for each, by its key, whole or not at all."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from testbed.campaign.errors import InUseError
from testbed.campaign.order import Delivery
from testbed.engine.cache import try_lock
from testbed.measure.capture.errors import RunFolderError
from testbed.measure.folder.run_folder import RESULT, read_document

CAMPAIGN, RUNS, UNFINISHED = "campaign.yaml", "runs", "unfinished"


class Store:
    """The folder of a campaign; made where it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = folder / RUNS
        self.unfinished = (folder / UNFINISHED).absolute()

    @contextlib.contextmanager
    def opened(self, campaign: str) -> Iterator[None]:
        """Keeps others out, and removes what a killed one left half-made; raises InUseError.

        `campaign` is the text of its file, of which a copy is kept.
        """
        self.runs.mkdir(parents=True, exist_ok=True)
        (self.folder / CAMPAIGN).write_text(campaign)
        lock = try_lock(self.runs)
        if lock is None:
            raise InUseError("is being filled by another sweep; wait for its end, or name another folder")
        with lock:
            shutil.rmtree(self.unfinished, ignore_errors=True)
            self.unfinished.mkdir()
            try:
                yield
            finally:
                shutil.rmtree(self.unfinished, ignore_errors=True)

    def count(self) -> int:
        """How many runs are there, of this campaign or not."""
        return sum(1 for _ in self.runs.iterdir()) if self.runs.is_dir() else 0

    def status(self, key: str) -> str | None:
        """`done` or `failed`; None for a run that is not there, or that a machine without power left half-written."""
        try:
            manifest = read_document(self.runs / key)
        except RunFolderError:
            return None
        is_done = manifest.get("status") == "done" and (self.runs / key / RESULT).exists()
        return "done" if is_done else "failed"

    def put(self, key: str, delivery: Delivery) -> None:
        """Keeps a run, in place of an earlier one that failed."""
        made = Path(tempfile.mkdtemp(prefix=key, dir=self.unfinished))
        made.chmod(0o755)
        for name, content in delivery.files.items():
            (made / name).write_bytes(content)
        if (self.runs / key).exists():
            (self.runs / key).rename(Path(tempfile.mkdtemp(dir=self.unfinished)) / key)
        made.rename(self.runs / key)
