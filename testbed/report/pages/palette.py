"""Colours of pages: the same thing has the same colour everywhere, told apart by the colour-blind and in grey.

After Okabe and Ito (Color Universal Design, 2008), darkened where 3:1 against the page's background (WCAG 2.1, 1.4.11)
needs it. Each colour has a twin for dark pages; plots are made in light ones, and the page exchanges them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Colour(NamedTuple):
    """A colour on a light page, and on a dark one."""

    light: str
    dark: str


INK = Colour("#1b1e23", "#e6e8eb")
FAINT = Colour("#5b6470", "#a3adba")
GRID = Colour("#e1e4e8", "#343a43")
BLUE = Colour("#0072b2", "#56b4e9")
ORANGE = Colour("#c87600", "#e69f00")
GREEN = Colour("#00795a", "#2fc79e")
PURPLE = Colour("#8c4a78", "#d8a0c6")
BAD = Colour("#b0003a", "#ff7a9c")
YELLOW = Colour("#9a8500", "#f0e442")
GREY = Colour("#7b828c", "#8d96a3")
BACKGROUND = Colour("#ffffff", "#14171c")

PATHS = {"wifi": BLUE, "umts": ORANGE}
_OTHERS = (GREEN, PURPLE, YELLOW, GREY)
PHASES = {"detect": FAINT, "attach": YELLOW, "address": GREY, "signalling": PURPLE, "media": GREEN}

EVERY = (INK, FAINT, GRID, BLUE, ORANGE, GREEN, PURPLE, BAD, YELLOW, GREY, BACKGROUND)
TWINS = {colour.light: colour.dark for colour in EVERY}


def path_colours(links: Sequence[str]) -> dict[str, Colour]:
    """Return link -> colour: those of WiFi and UMTS always the same, others in the order in which they stand."""
    others = [link for link in links if link not in PATHS]
    return {link: PATHS.get(link) or _OTHERS[others.index(link) % len(_OTHERS)] for link in links}
