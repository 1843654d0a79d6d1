"""The examples of the pages, as files."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def example(page: str, folder: Path) -> Path:
    """The Python file that a page shows, named as its docstring begins."""
    (text,) = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    path = folder / f"{text[3:].partition(':')[0]}.py"
    path.write_text(text, encoding="utf-8")
    return path
