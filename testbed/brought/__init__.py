"""What users bring: schemes, triggers and the like from a file, or from an installed package by its entry points.

None of it is ever loaded into this process: a child looks at it first, with a time limit.
"""

from testbed.brought.bringing import Brought, Kind, bring, installed, is_brought
from testbed.brought.errors import BroughtError

__all__ = ["Brought", "BroughtError", "Kind", "bring", "installed", "is_brought"]
