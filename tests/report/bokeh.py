"""Bokeh's own Python, which knows every object and each property: it reads what our pages hand to its script."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from bokeh.core.serialization import Deserializer
from bokeh.plotting import figure

DATA = re.compile(r'<script type="application/json" id="plots">(.*?)</script>', re.DOTALL)


class NotBokehsError(Exception):
    """A property that Bokeh does not know: it says so in its log alone."""


class _Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise NotBokehsError(record.getMessage())


def plots_of(page: str) -> list[figure]:
    """Return the plots of a page as Bokeh takes them; what it does not take is an error, its own or ours."""
    (data,) = DATA.findall(page)
    return read(json.loads(data)["docs"]["plots"]["roots"])


def read(roots: list[dict[str, Any]]) -> list[figure]:
    """Return the plots that these are."""
    log, ear = logging.getLogger("bokeh.core.has_props"), _Ear()
    # Dask, once imported, silences all of Bokeh's loggers below an error.
    level = log.level
    log.setLevel(logging.WARNING)
    log.addHandler(ear)
    try:
        found = Deserializer().deserialize(roots)
    finally:
        log.removeHandler(ear)
        log.setLevel(level)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, figure)]
