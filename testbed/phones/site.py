"""Where a phone is used, and its files from their templates."""

from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - configurations, no HTML
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Site:
    """The node that the phone stands for, its address, and where it listens.

    `hang_up_after` is for a phone that can't be told to hang up: seconds after it has answered, None for never.
    """

    node: str
    address: str
    sip_port: int
    media_port: int
    hang_up_after: float | None = None

    def render(self, template: str, **more: object) -> str:
        """A file of a phone that is used here."""
        return TEMPLATES.get_template(template).render(**asdict(self), **more)
