"""What holds for all tests."""

from hypothesis import settings

# The same examples each time, so that a test that fails for you fails for everybody. To look for more:
# pytest --hypothesis-profile=explore
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=10_000, deadline=None)
settings.load_profile("steady")
