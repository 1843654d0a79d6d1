"""Time of day as Mobile IP's registrations have it (RFC 5944 5.7.1): in the format of NTP (RFC 5905 6)."""

from __future__ import annotations

# 1900, where NTP's seconds begin, to 1970.
_NTP_EPOCH_S = 2_208_988_800
LOW, FRACTIONS = 0xFFFFFFFF, 1 << 32


def ntp_timestamp(time_of_day_s: float) -> int:
    """64 bits: seconds since 1900, and their fractions."""
    return round((time_of_day_s + _NTP_EPOCH_S) * FRACTIONS)


def time_of_day_s(timestamp: int) -> float:
    """The other way."""
    return timestamp / FRACTIONS - _NTP_EPOCH_S


def with_time_of(identification: int, timestamp: int) -> int:
    """The low half of one, which says which request is meant, with the seconds of the other."""
    return timestamp & ~LOW | identification & LOW
