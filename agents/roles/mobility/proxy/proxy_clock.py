"""Time of day as Proxy Mobile IPv6 has it (RFC 5213 8.8), and what both of its ends sign."""

from __future__ import annotations

from agents.mip6.proxy_options import FRACTIONS

#: For whose home address a message is signed (RFC 4285 5.1): a gateway need not know it, and then it is in no header.
NO_HOME = "::"


def proxy_timestamp(time_of_day_s: float) -> int:
    """64 bits: seconds since 1970, and 65536ths of one."""
    return round(time_of_day_s * FRACTIONS)


def proxy_time_s(timestamp: int) -> float:
    """The other way."""
    return timestamp / FRACTIONS
