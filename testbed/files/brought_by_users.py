"""Checks of the schemes, triggers and numbers that users bring: their Python is loaded in a process of its own."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from testbed.brought import Brought, BroughtError, Kind, bring, installed, is_brought
from testbed.measure.numbers import user_numbers
from testbed.scenario.experiment.experiment import own_setting
from testbed.scenario.kinds.chosen_scheme import find_scheme
from testbed.scenario.kinds.triggers import find_trigger, setting_of_brought
from testbed.scenario.reading.tree import bad

NUMBER = Kind(
    "number",
    user_numbers.ATTRIBUTE,
    user_numbers.GROUP,
    f"{user_numbers.__name__}:{user_numbers.UserNumber.__name__}",
    has_libraries=True,
)


def scheme(path: Path) -> Iterator[str]:
    """A scheme."""
    chosen = find_scheme(python(path))
    setting = own_setting(chosen, path)
    yield chosen.row.about.rstrip(".")
    yield f"in the home network: {chosen.row.home}"
    yield f"unless a scenario says otherwise: trigger {setting.trigger.on}, attach {setting.attach}"


def trigger(path: Path) -> Iterator[str]:
    """A trigger."""
    brought = find_trigger(python(path))
    model = setting_of_brought(brought)
    yield str(brought.facts["about"]).rstrip(".")
    yield f"parameters {', '.join(model.parameters)}" if model.parameters else "no parameters"


def number(path: Path) -> Iterator[str]:
    """A number."""
    facts = looked_at_number(python(path)).facts
    yield f"{facts['key']}: {facts['about']}"
    yield f"of each {facts['of']}"


def looked_at_numbers(words: Iterable[str], near: Path) -> None:
    """Looks at the numbers that the file `near` names; raises BadScenarioError."""
    for word in words:
        if not is_brought(word, NUMBER):
            brings = ", ".join(sorted(installed(NUMBER))) or "none"
            what = f"there is no such number; name a file, such as ./{word}.py (installed packages bring {brings})"
            raise bad(Path(word), 0, what)
        looked_at_number(word, near)


def looked_at_number(word: str, near: Path | None = None) -> Brought:
    """A number as the child process sees it; raises BadScenarioError."""
    try:
        return bring(word, NUMBER, near=near)
    except BroughtError as error:
        raise bad(Path(error.path), error.line, error.what) from None


def python(path: Path) -> str:
    """The word that means a Python file; raises BadScenarioError where it is called like something else."""
    if path.suffix != ".py":
        raise bad(path, 0, "is no Python file; its name should end with .py")
    return str(path)
