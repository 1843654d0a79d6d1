"""`python -m testbed.lab PLAN OUT`: a plan carried out in this kernel. The native engine calls it in namespaces."""

import json
import sys
from pathlib import Path

from testbed.lab.run import Lab


def main(plan_file: str, out: str) -> None:
    """Progress goes to standard output, a JSON line each."""
    plan = json.loads(Path(plan_file).read_text())
    Lab(plan["network"], Path(out)).run(plan, lambda line: print(line, flush=True))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
