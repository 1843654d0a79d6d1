"""What all pages have in common: one HTML file that works offline, is the same each time, and runs no script but ours.

A page is a Jinja2 template that extends `base.html.j2`, and Bokeh plots that share one document, so that they can share
a range. Whatever comes from a capture or a user's file is escaped by the template; beyond that the page's own content
security policy names the digests of its scripts, and a browser runs no other ones.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from testbed.report.pages import palette
from testbed.report.pages.kept_templates import KeptTemplates
from testbed.report.pages.plotting import Model, PlotJson
from testbed.report.terminal import NOT_MEASURED, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bokeh.models.ui.ui_element import UIElement

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table to be read: text cells, the first of each row its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture with what a reader hears of it: title, one sentence, and the tables behind it.

    `name` is its id in the page; `model` None where there is nothing to draw, which the page then says. It is ours, or
    Bokeh's own, which takes longer.
    """

    name: str
    title: str
    about: str
    model: Model | UIElement | None
    tables: tuple[PlainTable, ...]


def render(template: str, plots: Sequence[Plot], **context: object) -> str:
    """Return a page: `template` with `context`, and its plots, each where the template puts it (macro `plot`)."""
    drawn = {plot.name: plot.model for plot in plots if plot.model is not None}
    scripts = [page_script()] if not drawn else [bokeh_script(), page_script()]
    return (
        environment()
        .get_template(template)
        .render(
            plots={plot.name: plot for plot in plots},
            bokeh=embedded(drawn) if drawn else None,
            scripts=scripts,
            policy=policy(scripts),
            style=Markup(text_of("style.css")),  # noqa: S704 - our own file
            palette=palette,
            **context,
        )
    )


@cache
def environment() -> Environment:
    """Return the templates of this package: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=KeptTemplates(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = number
    made.globals["NOT_MEASURED"] = NOT_MEASURED
    return made


def embedded(models: Mapping[str, Model | UIElement]) -> Markup:
    """Return plots as JSON for a script element: name -> model becomes the element `canvas-name` that it goes into."""
    plot_json = PlotJson()
    roots = [
        plot_json.json_of(one) if isinstance(one, Model) else plot_json.renumbered(_json_of_bokeh(one))
        for one in models.values()
    ]
    places = {root["id"]: f"canvas-{name}" for name, root in zip(models, roots, strict=True)}
    embed = {
        "docs": {"plots": {"version": version("bokeh"), "roots": roots}},
        "items": [{"docid": "plots", "roots": places, "root_ids": list(places)}],
        "twins": palette.TWINS,
    }
    return htmlsafe_json_dumps(embed, separators=(",", ":"), allow_nan=False)


def _json_of_bokeh(model: UIElement) -> object:
    from bokeh.embed import json_item  # noqa: PLC0415 - half a second, which the page of a single run does without

    (root,) = json_item(model)["doc"]["roots"]
    return root


@cache
def bokeh_script() -> Markup:
    """Return BokehJS, of it only what draws plots; Bokeh itself is not loaded."""
    found = find_spec("bokeh")
    assert found is not None  # noqa: S101 - we depend on it
    assert found.submodule_search_locations is not None  # noqa: S101
    (folder,) = found.submodule_search_locations
    script = Path(folder) / "server" / "static" / "js" / "bokeh.min.js"
    return Markup(script.read_text(encoding="utf-8"))  # noqa: S704 - Bokeh's


@cache
def page_script() -> Markup:
    """Return our own script."""
    return Markup(text_of("page.js"))  # noqa: S704 - our own file


@cache
def text_of(name: str) -> str:
    """Return the content of a file beside the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(scripts: Sequence[Markup]) -> str:
    """Return the content security policy: nothing is fetched, and these scripts alone run.

    Bokeh makes style sheets as it draws, so styles may be inline; a plot that is saved is a blob or data.
    """
    digests = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
