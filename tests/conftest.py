"""What holds for all tests."""

import pytest
from hypothesis import settings

# The same examples each time, so that a test that fails for you fails for everybody. To look for more:
# pytest --hypothesis-profile=explore
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=10_000, deadline=None)
settings.load_profile("steady")

# Files whose few tests take long, since they start virtual machines or browsers. Left to the end, one of them keeps one
# processor busy while the other has nothing left to do.
LONG = ("tests/engine/", "tests/access/", "tests/report/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the order within each part stays. With `--no-loadscope-reorder`, xdist keeps to it."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
