"""`make reference`: what `testbed verify --self` compares with, made anew by both engines."""

import json
import tempfile
from pathlib import Path

from testbed.api.reference import FILE, reference_by

TARGET = Path(__file__).parents[2] / "testbed" / "selftest" / FILE


def main() -> None:
    """Writes the file."""
    with tempfile.TemporaryDirectory(prefix="testbed-reference-") as scratch:
        made = {engine: reference_by(engine, Path(scratch) / engine) for engine in ("vm", "uml")}
    TARGET.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
