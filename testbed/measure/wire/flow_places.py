"""What goes beside a run's call, as its manifest says: which flows, and where they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.capture.errors import RunFolderError

if TYPE_CHECKING:
    from pathlib import Path


class FlowPlace(NamedTuple):
    """A flow from one node to another, and the capture interfaces where it leaves and arrives.

    One end has this `port`, of TCP or UDP: that it comes from where it `is_from_port`, else that it goes to. It is to
    last for `for_s`.
    """

    sender: str
    receiver: str
    link: str | None
    kind: str
    congestion: str | None
    for_s: float
    port: int
    is_from_port: bool
    sent_at: str
    received_at: str

    @property
    def is_tcp(self) -> bool:
        """Whether it is TCP's, with which nothing is lost for good."""
        return self.kind == "tcp"


def read_flows(path: Path, document: dict[str, Any]) -> tuple[FlowPlace, ...]:
    """Read `traffic` of manifest.json, none where it has none; `RunFolderError` for what says nothing of a flow."""
    flows = document.get("traffic", [])
    try:
        return tuple(
            FlowPlace(
                sender=str(one["from"]),
                receiver=str(one["to"]),
                link=None if one["link"] is None else str(one["link"]),
                kind=str(one["kind"]),
                congestion=None if one["congestion"] is None else str(one["congestion"]),
                for_s=float(one["for_s"]),
                port=int(one["port"]),
                is_from_port=bool(one["is_from_port"]),
                sent_at=str(one["sent_at"]),
                received_at=str(one["received_at"]),
            )
            for one in flows
        )
    except (ValueError, TypeError, KeyError) as error:
        raise RunFolderError(path, f"traffic says nothing of a flow: {error!r}") from None
