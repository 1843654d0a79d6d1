"""What to type for this command."""

import shlex
import sys
from pathlib import Path


def own_name() -> str:
    """As it was called: it need not be on the PATH."""
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "testbed" else "testbed"


def own_python() -> str:
    """The Python that has this package, to be typed beside `own_name`."""
    python = Path(sys.argv[0]).with_name("python")
    return shlex.quote(str(python)) if own_name() != "testbed" and python.exists() else "python3"
