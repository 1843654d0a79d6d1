"""The B2BUA as a program that asks nobody who they are, as the ones that it is compared with.

python -m tests.bench.open_b2bua ADDRESS
"""

from __future__ import annotations

import sys
from random import Random

from agents.io.driver import Driver
from agents.roles.b2bua.back_to_back import BackToBack


def main() -> None:
    """Runs until standard input ends."""
    config = {"address": sys.argv[1], "realm": "bench", "users": {}, "always_bridges": False}
    role = BackToBack(config, Random(1))
    role._office.ua._arrivals.guard = None
    Driver(role).run()


if __name__ == "__main__":
    main()
