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
from importlib import resources
from typing import TYPE_CHECKING, Any

from bokeh.document import Document
from bokeh.embed.util import standalone_docs_json_and_render_items
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from testbed.report.pages import palette
from testbed.report.terminal import NOT_MEASURED, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bokeh.models.ui.ui_element import UIElement

TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table to be read: text cells, the first of each row its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture with what a reader hears of it: title, one sentence, and the tables behind it.

    `name` is its id in the page; `model` None where there is nothing to draw, which the page then says.
    """

    name: str
    title: str
    about: str
    model: UIElement | None
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
        loader=PackageLoader("testbed.report.pages", TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = number
    made.globals["NOT_MEASURED"] = NOT_MEASURED
    return made


def embedded(models: Mapping[str, UIElement]) -> Markup:
    """Return plots as JSON for a script element: name -> model becomes the element `canvas-name` that it goes into.

    Bokeh numbers its models through the life of a process and gives documents random names; both are exchanged for
    numbers that start anew, so that the same plots are the same bytes.
    """
    document = Document()
    with document.models.freeze():  # or it looks for all models after each root
        for model in models.values():
            document.add_root(model)
    docs, items = standalone_docs_json_and_render_items(list(models.values()))
    (content,) = docs.values()
    renumbered: dict[str, str] = {}
    content = _renumber(content, renumbered)
    roots = {renumbered[model.id]: f"canvas-{name}" for name, model in models.items()}
    (item,) = items
    embed = {
        "docs": {"plots": content},
        "items": [{"docid": "plots", "roots": roots, "root_ids": list(roots), "use_for_title": item.use_for_title}],
        "twins": palette.TWINS,
    }
    return htmlsafe_json_dumps(embed, separators=(",", ":"))


def _renumber(content: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Return the content with the ids of models replaced, in the order in which they stand; `names` is filled."""
    if isinstance(content, dict):
        return {
            key: names.setdefault(value, f"m{len(names) + 1}")
            if key == "id" and isinstance(value, str)
            else _renumber(value, names)
            for key, value in content.items()
        }
    return [_renumber(value, names) for value in content] if isinstance(content, list) else content


@cache
def bokeh_script() -> Markup:
    """Return BokehJS, of it only what draws plots."""
    return Markup(Resources(mode="inline", components=["bokeh"], log_level="warn").js_raw[0])  # noqa: S704 - Bokeh's


@cache
def page_script() -> Markup:
    """Return our own script."""
    return Markup(text_of("page.js"))  # noqa: S704 - our own file


@cache
def text_of(name: str) -> str:
    """Return the content of a file beside the templates."""
    return (resources.files("testbed.report.pages") / TEMPLATES / name).read_text(encoding="utf-8")


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
