"""Every kind of file that users write or keep: how it is recognised, and what its check finds. One row each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.campaign.campaign_file import CampaignFile
from testbed.files import brought_by_users, made_by_runs, written_by_users
from testbed.files.sighting import Sighting
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.program import ProgramFile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.links.trace_file import published_form
from testbed.scenario.reading.document import Document, written
from testbed.scenario.reading.errors import BadScenarioError

Facts = Iterator[str]
"""What is worth knowing of a file that is right, each in a few words."""


@dataclass(frozen=True)
class CheckedKind:
    """A kind of file.

    `looks_like` is how sure one can be, from what can be seen, that a file is of this kind: 0 not at all. `check`
    yields facts, and raises BadScenarioError, CaptureError or RunFolderError, as a run would.
    """

    name: str
    looks_like: Callable[[Sighting], int]
    check: Callable[[Path], Facts]

    @property
    def with_article(self) -> str:
        """As one says it."""
        return f"a {self.name}"


CERTAIN = 100


def certain(sign: Callable[[Sighting], bool]) -> Callable[[Sighting], int]:
    """Recognised by a sign that no other kind has."""
    return lambda seen: CERTAIN * sign(seen)


def with_fields_of(model: type[Document]) -> Callable[[Sighting], int]:
    """Recognised by the fields of a YAML file: those that this model has, less those that it has not, or needs."""
    fields = written(model).keys() - {"name", "about"}
    needed = {name for name, field in written(model).items() if field.is_required()} & fields

    def looks_like(seen: Sighting) -> int:
        there = seen.fields - {"name", "about"}
        if seen.ends(".py", ".csv", ".gpx") or not seen.fields:
            return 0
        return max(2 * len(there & fields) - len(there - fields) - len(needed - there), int(bool(there & fields)))

    return looks_like


def in_python(attribute: str, module: str) -> Callable[[Sighting], int]:
    """Recognised by the object that a Python file defines, or, where none is, by the module that it is made with."""

    def looks_like(seen: Sighting) -> int:
        return seen.ends(".py") * (CERTAIN * (attribute in seen.defines) + 2 * (module in seen.text))

    return looks_like


def topology(seen: Sighting) -> int:
    """A Python file of which one can't say anything else is taken for one."""
    return in_python("NETWORK", "testbed.lab.network")(seen) + seen.ends(".py")


def published(seen: Sighting) -> int:
    """A recording of a known form is one, though it may have a track in it, too, or be packed as captures are."""
    try:
        return (CERTAIN + 1) * (not seen.path.is_dir() and published_form(seen.path) is not None)
    except BadScenarioError:
        return 0


KINDS = {
    kind.name: kind
    for kind in (
        CheckedKind("run folder", certain(lambda seen: seen.path.is_dir()), made_by_runs.run_folder),
        CheckedKind("capture", certain(lambda seen: seen.is_capture), made_by_runs.capture),
        CheckedKind("topology", topology, written_by_users.topology),
        CheckedKind("scheme", in_python("SCHEME", "agents.roles.mn.schemes"), brought_by_users.scheme),
        CheckedKind("trigger", in_python("TRIGGER", "agents.roles.mn.triggers"), brought_by_users.trigger),
        CheckedKind("number", in_python("NUMBER", "testbed.measure"), brought_by_users.number),
        CheckedKind(
            "track",
            certain(lambda seen: seen.ends(".gpx") or "<gpx" in seen.text or "latitude" in seen.first_line.lower()),
            written_by_users.track,
        ),
        CheckedKind("published trace", published, written_by_users.published),
        CheckedKind("CSV trace", certain(lambda seen: seen.ends(".csv")), written_by_users.csv_trace),
        CheckedKind("Mahimahi trace", certain(lambda seen: seen.first_line.isdecimal()), written_by_users.mahimahi),
        CheckedKind("scenario", with_fields_of(Scenario), written_by_users.scenario),
        CheckedKind("campaign", with_fields_of(CampaignFile), written_by_users.campaign),
        CheckedKind("link profile", with_fields_of(LinkProfile), written_by_users.profile),
        CheckedKind("failure script", with_fields_of(FailureScript), written_by_users.failure),
        CheckedKind("program", with_fields_of(ProgramFile), written_by_users.program),
        CheckedKind("kind of NAT", with_fields_of(Nat), written_by_users.nat),
        CheckedKind("coverage map", with_fields_of(CoverageMap), written_by_users.coverage),
    )
}


def recognised(path: Path) -> CheckedKind | None:
    """The kind that a file looks most like; None where it looks like none."""
    seen = Sighting(path)
    best = max(KINDS.values(), key=lambda kind: kind.looks_like(seen))
    return best if best.looks_like(seen) > 0 else None
