"""Schemes as scenarios and options name them: a row of the register, or what a user brought."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from agents.roles.mn.schemes import SCHEMES, Home, SchemeRow
from testbed.brought import Brought, BroughtError, Kind, bring, installed, is_brought
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.places import missing
from testbed.scenario.reading.units import shown

SCHEME = Kind("scheme", "SCHEME", "sip_handover_testbed.schemes", "agents.roles.mn.schemes:SchemeRow")


@dataclass(frozen=True)
class ChosenScheme:
    """A scheme by its name in tables. The class of one that was brought is not in this process."""

    name: str
    row: SchemeRow
    brought: Brought | None = None


def known_schemes() -> list[str]:
    """The names of all: ours, then those of installed packages."""
    return [*SCHEMES, *installed(SCHEME)]


def scheme_word(word: str) -> str:
    """A word that names a scheme; raises ValueError."""
    if word not in SCHEMES and not is_brought(word, SCHEME):
        raise ValueError(f"{shown(word)} is not possible{hint(word, known_schemes())}")
    return word


SchemeName = Annotated[str, AfterValidator(scheme_word)]
"""One of ours, one of an installed package, or a path to a Python file."""


def find_scheme(word: str, *, near: Path | None = None) -> ChosenScheme:
    """The scheme that a word means, a path from the folder of the file `near`; raises BadScenarioError."""
    if word in SCHEMES:
        return ChosenScheme(word, SCHEMES[word])
    if not is_brought(word, SCHEME):
        raise missing(shown(word), f"there is no scheme of that name{hint(word, known_schemes())}")
    try:
        brought = bring(word, SCHEME, near=near)
    except BroughtError as error:
        raise BadScenarioError([ScenarioError(error.path, error.line, error.what)]) from None
    if brought.name in SCHEMES:
        what = f"the testbed has a scheme '{brought.name}' of its own; give the file another name"
        raise BadScenarioError([ScenarioError(brought.path, 0, what)])
    return ChosenScheme(
        brought.name, SchemeRow(**{**brought.facts, "home": Home(brought.facts["home"]), "scheme": ""}), brought
    )


def same_scheme(word: str, other: str, near: Path) -> bool:
    """Whether a word of an option and one of the scenario `near` mean the same scheme."""
    return word == other or (word.endswith(".py") and Path(word).resolve() == (near.parent / other).resolve())
