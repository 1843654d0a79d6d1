"""From numbers to what people read: tables, annotated captures.

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from testbed.report.one_run.ladder import ladder
    from testbed.report.one_run.page import write_page
    from testbed.report.one_run.run_capture import write_run_capture
    from testbed.report.one_run.terminal_picture import pictures
    from testbed.report.several.comparison_page import write_comparison
    from testbed.report.several.comparison_table import comparison
    from testbed.report.several.groups import conditions
    from testbed.report.several.many_tables import tables_of_many
    from testbed.report.several.speech_table import mean_speech_table, speech_table
    from testbed.report.several.statistical_rows import statistics
    from testbed.report.several.sweep_table import sweep_table
    from testbed.report.several.triggers_table import Triggered, mean_triggers_table, triggers_table
    from testbed.report.streams_table import tables
    from testbed.report.terminal import console, new_table

__all__ = [
    "Triggered",
    "comparison",
    "conditions",
    "console",
    "ladder",
    "mean_speech_table",
    "mean_triggers_table",
    "new_table",
    "pictures",
    "speech_table",
    "statistics",
    "sweep_table",
    "tables",
    "tables_of_many",
    "triggers_table",
    "write_comparison",
    "write_page",
    "write_run_capture",
]

_HOMES = {
    "one_run.ladder": "ladder",
    "one_run.page": "write_page",
    "one_run.run_capture": "write_run_capture",
    "one_run.terminal_picture": "pictures",
    "several.comparison_page": "write_comparison",
    "several.comparison_table": "comparison",
    "several.groups": "conditions",
    "several.many_tables": "tables_of_many",
    "several.speech_table": "mean_speech_table speech_table",
    "several.statistical_rows": "statistics",
    "several.sweep_table": "sweep_table",
    "several.triggers_table": "Triggered mean_triggers_table triggers_table",
    "streams_table": "tables",
    "terminal": "console new_table",
}

__getattr__ = exporting(__name__, _HOMES)
