"""`python -m testbed.lab PLAN OUT`: a plan carried out in this kernel. The native engine calls it in namespaces."""

import json
import os
import sys
from pathlib import Path

from testbed.lab.run import Lab

# Before whatever else this machine does: what is measured is not to wait for it.
PRIORITY = -10


def main(plan_file: str, out: str) -> None:
    """Progress goes to standard output, a JSON line each."""
    os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)  # for all that it starts, too
    plan = json.loads(Path(plan_file).read_text())
    Lab(plan["network"], Path(out)).run(plan, lambda line: print(line, flush=True))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
