"""What the mobile node's user brought becomes a row of a register, like ours; what it answers is looked at.

A wrong answer would only be found out later, by code of ours that knows nothing of whose it is.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from agents.loading import LoadingError, load, place_of
from agents.roles.mn import schemes, triggers
from agents.roles.role import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.loading import ModuleAt
    from agents.roles.mn.schemes import Scheme
    from agents.roles.mn.triggers import Opinion, Trigger

    Complain = Callable[[str], LoadingError]

RIGHT_OPINION = "it should be Opinion(True or False, because), or None"


def adopt(kind: str, name: str, source: ModuleAt) -> None:
    """Loads a row and adds it to the register of its kind; raises LoadingError."""
    if kind == "scheme":
        scheme = load(source, schemes.SchemeRow, schemes.API_VERSION)
        schemes.SCHEMES[name] = scheme._replace(scheme=looked_at_scheme(scheme.loaded(), source))
    elif kind == "trigger":
        trigger = load(source, triggers.TriggerRow, triggers.API_VERSION)
        triggers.TRIGGERS[name] = trigger._replace(trigger=looked_at_trigger(trigger.loaded(), source))
    else:
        raise KeyError(kind)


def looked_at_scheme(scheme: type[Scheme], source: ModuleAt) -> type[Scheme]:
    """The same scheme; what `get_timer` answers raises LoadingError where it is no time."""

    def get_timer(self: Scheme) -> float | None:
        return a_time(scheme.get_timer(self), about(scheme.get_timer, source))

    return type(scheme.__name__, (scheme,), {"get_timer": get_timer})


def looked_at_trigger(trigger: type[Trigger], source: ModuleAt) -> type[Trigger]:
    """The same trigger; what `get_timer` and `opinion` answer raises LoadingError where it is none."""

    def get_timer(self: Trigger) -> float | None:
        return a_time(trigger.get_timer(self), about(trigger.get_timer, source))

    def opinion(self: Trigger, link: str) -> Opinion | None:
        return an_opinion(trigger.opinion(self, link), about(trigger.opinion, source))

    return type(trigger.__name__, (trigger,), {"get_timer": get_timer, "opinion": opinion})


def a_time(answer: object, complain: Complain) -> float | None:
    """An answer that is seconds, or None."""
    if answer is None or (isinstance(answer, int | float) and not isinstance(answer, bool) and not isnan(answer)):
        return answer
    raise complain(f"answered {answer!r:.60}; it should be a time in seconds, or None")


def an_opinion(answer: Any, complain: Complain) -> Opinion | None:  # noqa: ANN401 - a user's code may answer anything
    """An answer that is an opinion, or None."""
    if answer is None:
        return None
    if not isinstance(answer, triggers.Opinion):
        raise complain(f"answered {answer!r:.60}; {RIGHT_OPINION}")
    said: dict[str, Any] = answer._asdict()
    good, because = said["is_good"], said["because"]
    if not isinstance(good, bool):
        raise complain(f"answered is_good={good!r:.60}; {RIGHT_OPINION}")
    if not isinstance(because, dict) or "kind" not in because:
        raise complain(f"answered because={because!r:.60}; it should be a dict, with the trigger's name as kind")
    for name, fact in because.items():
        if not is_plain(fact) or not isinstance(name, str):
            raise complain(
                f"answered because with {name!r}: {fact!r:.60}; give it text, numbers, lists or dicts of them"
            )
    return answer


def about(method: Callable[..., object], source: ModuleAt) -> Complain:
    """What makes an error of the place where a user's method begins."""
    file, line = place_of(method, source)
    return lambda what: LoadingError(file, line, f"{getattr(method, '__name__', 'it')}() {what}")
