"""How much disk a campaign takes: measured of runs of the default scenario, whose calls last 30 s."""

from testbed.campaign.campaign_file import Keep

OF_RUN = 32_000
"""Bytes of manifest and result."""
OF_CALL_S = 27_000
"""Bytes of all other files, compressed, for each second of call."""


def needed_bytes(runs: int, call_s: float, keep: Keep) -> int:
    """What so many runs take whose calls last `call_s` together; how many will fail, nobody knows."""
    return runs * OF_RUN + (round(call_s * OF_CALL_S) if keep == "all" else 0)
