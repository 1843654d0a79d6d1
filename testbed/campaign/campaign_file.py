"""Campaign files: which scenarios, schemes and seeds, what is varied and how, and what is kept (docs/campaigns.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from testbed.scenario.kinds.scenario import MOST_SEED
from testbed.scenario.reading.document import Document, validated
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Tree, read_tree
from testbed.scenario.reading.units import shown

Keep = Literal["all", "failed", "none"]
"""Of which runs captures and logs are kept."""
DesignKind = Literal["grid", "latin-hypercube", "sobol"]

MOST_SAMPLES = 2**16
ELSEWHERE = {
    "scheme": "'schemes' says which",
    "schemes": "'schemes' of the campaign says which",
    "seed": "'seeds' says which",
}
"""Fields of a scenario that are not varied, and why."""


@dataclass(frozen=True)
class Between:
    """All values from one to another, of which a design takes some."""

    least: Any
    most: Any


@dataclass(frozen=True)
class Design:
    """Which of all combinations are carried out; `samples` of those of `Between`."""

    kind: DesignKind = "grid"
    samples: int = 0


def _varying(value: object) -> tuple[Any, ...] | Between:
    if isinstance(value, list) and value:
        return tuple(value)
    if isinstance(value, dict) and value.keys() == {"from", "to"}:
        return Between(value["from"], value["to"])
    raise ValueError(
        f"{shown(value)} are no values; write them as a list, like [0 %, 5 %], or as {{from: 0 %, to: 10 %}}"
    )


def _design(value: object) -> Design:
    if value == "grid":
        return Design()
    if isinstance(value, dict) and len(value) == 1:
        ((kind, samples),) = value.items()
        if kind in {"latin-hypercube", "sobol"} and type(samples) is int and 0 < samples <= MOST_SAMPLES:
            if kind == "sobol" and samples & (samples - 1):
                raise ValueError(f"{samples} samples of a Sobol sequence lie unevenly; take a power of two, like 64")
            return Design(kind, samples)
    raise ValueError(
        f"{shown(value)} is no design; possible are: grid, {{latin-hypercube: 40}}, {{sobol: 64}},"
        f" with up to {MOST_SAMPLES} samples"
    )


class SeedRange(Document):
    """The seeds of all schemes and all values: so many `runs`, counted up from the `first`."""

    first: int = Field(default=1, ge=0, le=MOST_SEED)
    runs: int = Field(ge=1, le=MOST_SEED)


def _seeds(value: object) -> object:
    return {"runs": value} if isinstance(value, int) and not isinstance(value, bool) else value


class CampaignFile(Document):
    """A campaign as it is written. `vary` has, by the dotted names of fields, the values that each has."""

    kind: ClassVar[str] = "campaign"
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("call", "links", "failure", "loss", "topology"),
        "is a scenario's; name it below 'vary', or change it in the scenario",
    )

    scenarios: list[str] = Field(min_length=1)
    schemes: list[str] = Field(default_factory=list)
    seeds: Annotated[SeedRange, BeforeValidator(_seeds)] = SeedRange(runs=1)
    vary: dict[str, Annotated[Any, PlainValidator(_varying)]] = Field(default_factory=dict)
    design: Annotated[Design, PlainValidator(_design)] = Design()
    keep: Keep = "failed"


@dataclass(frozen=True)
class Campaign:
    """A campaign file that has been read."""

    tree: Tree = field(repr=False)
    file: CampaignFile

    @property
    def path(self) -> Path:
        """Its file."""
        return self.tree.path

    @property
    def seeds(self) -> range:
        """All of them."""
        return range(self.file.seeds.first, self.file.seeds.first + self.file.seeds.runs)


def read_campaign(path: Path) -> Campaign:
    """Reads and checks a campaign file for itself; raises BadScenarioError."""
    tree = read_tree(path)
    file = validated(tree, CampaignFile)
    campaign = Campaign(tree, file)
    errors = [
        tree.error(("vary", name), f"vary: {name} is not varied: {ELSEWHERE[name]}")
        for name in file.vary
        if name in ELSEWHERE
    ]
    if campaign.seeds.stop - 1 > MOST_SEED:
        last = f"the last of {len(campaign.seeds)} seeds is {campaign.seeds.stop - 1}"
        errors.append(tree.error(("seeds",), f"seeds: {last}; a seed is at most {MOST_SEED}"))
    for field_, words in (("scenarios", file.scenarios), ("schemes", file.schemes)):
        errors += [
            tree.error((field_, place), f"{field_}: {shown(word)} is here a second time; leave one of them out")
            for place, word in enumerate(words)
            if word in words[:place]
        ]
    if errors:
        raise BadScenarioError(errors)
    return campaign
