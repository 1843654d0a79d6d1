"""The tables of `testbed export` by name; docs/results.md is made of them, and a test holds it to that."""

from __future__ import annotations

from testbed.measure.tables.columns_media import (
    HANDOVERS,
    PACKETS,
    PATHS,
    PHASES,
    RADIOS,
    RUNS,
    SILENCES,
    SWITCHES,
    TRAFFIC,
)
from testbed.measure.tables.columns_protocols import DIALOGS, MESSAGES, REPORTS, RTCP, TRANSACTIONS

TABLES = {
    table.name: table
    for table in (
        RUNS,
        HANDOVERS,
        PHASES,
        PATHS,
        RADIOS,
        TRAFFIC,
        SILENCES,
        SWITCHES,
        TRANSACTIONS,
        MESSAGES,
        DIALOGS,
        RTCP,
        REPORTS,
        PACKETS,
    )
}
LEFT_OUT = (
    "standby.dialogs",
    "standby.copies",
    "dialogs.{place}.holds",
    "dialogs.{place}.moves",
    "dialogs.{place}.media",
    "dialogs.{place}.transactions",
    "media.{direction}.rtcp.{path}.voip_metrics",
)
"""Parts of result.json that no table has; docs/results.md says so."""
