"""Triggers as scenarios name them, with their parameters: models made from the rows of the register."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator, create_model, model_validator

from agents.roles.mn.triggers import ANY, TRIGGERS, WEIGHTED, Is, Parameter, TriggerRow
from agents.roles.mn.triggers.trigger_rows import REQUIRED
from testbed.brought import Brought, BroughtError, Kind, bring, is_brought
from testbed.scenario.reading.document import Document
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.units import Dbm, Decibels, Metres, Seconds, Share

TRIGGER = Kind("trigger", "TRIGGER", "sip_handover_testbed.triggers", "agents.roles.mn.triggers:TriggerRow")

WRITTEN: dict[Is, Any] = {
    Is.SIGNAL: Dbm,
    Is.DIFFERENCE: Decibels,
    Is.TIME: Seconds,
    Is.SHARE: Share,
    Is.LENGTH: Metres,
    Is.COUNT: Annotated[int, Field(ge=1)],
    Is.LINKS: Annotated[list[str], Field(min_length=1)],
    Is.SIGNALS: dict[str, Dbm],
    Is.COVERAGE: str,
}
"""How files have each kind of parameter."""


class TriggerSetting(Document):
    """What every trigger has: after a handover it waits for `stay` with the next one, unless the link is lost."""

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    needs_one_of: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:
        on: str

    stay: Seconds = 0.0

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.needs_one_of and all(getattr(self, name) is None for name in self.needs_one_of):
            *wanted, last = [f"'{name}: …'" for name in self.needs_one_of]
            raise ValueError(f"it has no limit; add {', '.join(wanted)} or {last}")
        return self

    def of_kind(self, *kinds: Is) -> Iterable[tuple[str, Any]]:
        """Its parameters of these kinds, and their values."""
        return ((name, getattr(self, name)) for name, one in self.parameters.items() if one.kind in kinds)


class BroughtTrigger(TriggerSetting):
    """A trigger of a user's: `on` names its file or package, `said` are its parameters as the file has them.

    What it may have is not known before it has been looked at.
    """

    on: str
    said: dict[str, Any]


def setting_of(name: str, row: TriggerRow) -> type[TriggerSetting]:
    """The model of a trigger, from its row."""
    fields: dict[str, Any] = {"on": (Literal[name], ...)}
    fields |= {
        field: (
            WRITTEN[one.kind] if one.default is not None else WRITTEN[one.kind] | None,
            ... if one.default == REQUIRED else one.default,
        )
        for field, one in row.parameters.items()
    }
    model = create_model(name, __base__=TriggerSetting, __doc__=row.about, **fields)
    model.parameters, model.needs_one_of = row.parameters, row.needs_one_of
    return model


def or_brought(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """A trigger that its `on` says to be a user's, or one of ours."""
    if isinstance(value, dict) and isinstance(value.get("on"), str) and is_brought(value["on"], TRIGGER):
        return BroughtTrigger(on=value["on"], said={name: one for name, one in value.items() if name != "on"})
    return handler(value)


def setting_of_brought(brought: Brought) -> type[TriggerSetting]:
    """The model of a user's trigger that has been looked at."""
    parameters = {name: Parameter(Is(kind), default) for name, (kind, default) in brought.facts["parameters"].items()}
    needed = tuple(brought.facts["needs_one_of"])
    row = TriggerRow(brought.facts["api"], brought.facts["about"], "", parameters, needed)
    return setting_of(brought.name, row)


def find_trigger(word: str, *, near: Path | None = None) -> Brought:
    """The trigger that a user brought; raises BadScenarioError."""
    try:
        brought = bring(word, TRIGGER, near=near)
    except BroughtError as error:
        raise BadScenarioError([ScenarioError(error.path, error.line, error.what)]) from None
    if brought.name in ALL_TRIGGERS:
        what = f"the testbed has a trigger '{brought.name}' of its own; give the file another name"
        raise BadScenarioError([ScenarioError(brought.path, 0, what)])
    return brought


SETTINGS = [setting_of(name, row) for name, row in TRIGGERS.items()]
if TYPE_CHECKING:
    Single = TriggerSetting
else:
    Single = Annotated[Union[tuple(SETTINGS)], Field(discriminator="on"), WrapValidator(or_brought)]  # noqa: UP007


class AnyOf(TriggerSetting):
    """Several triggers, `of` which one is enough."""

    on: Literal["any"]
    of: Annotated[list[Single], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_stays(self.of)
        return self


class WeightedTrigger(Document):
    """One trigger among several."""

    weight: Share
    trigger: Single


class Weighted(TriggerSetting):
    """Several triggers with a weight each, `of` which enough have to say so: `at_least` this weight together."""

    on: Literal["weighted"]
    of: Annotated[list[WeightedTrigger], Field(min_length=1)]
    at_least: Share

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_stays([one.trigger for one in self.of])
        if sum(one.weight for one in self.of) < self.at_least - 1e-9:
            raise ValueError("all together have less weight than 'at_least' wants; it would never fire")
        return self


def check_stays(triggers: list[Single]) -> None:
    """Raises ValueError: the guard is the decision's, and not one trigger's."""
    if any(one.stay or (isinstance(one, BroughtTrigger) and "stay" in one.said) for one in triggers):
        raise ValueError("'stay' is for all of them together; write it beside 'of'")


COMBINATIONS: dict[str, type[TriggerSetting]] = {ANY: AnyOf, WEIGHTED: Weighted}
ALL_TRIGGERS: dict[str, type[TriggerSetting]] = {**dict(zip(TRIGGERS, SETTINGS, strict=True)), **COMBINATIONS}
"""All triggers that we ship, and their combinations."""

if TYPE_CHECKING:
    Trigger = TriggerSetting
else:
    Trigger = Annotated[Union[tuple(ALL_TRIGGERS.values())], Field(discriminator="on"), WrapValidator(or_brought)]  # noqa: UP007
