"""What the NAT at the end of a link did: `nats.LINK`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.numbers.number import Number, by_key

if TYPE_CHECKING:
    from testbed.measure.wire.nat_places import NatPlace
    from testbed.measure.wire.translated import Translations


class NatFacts(NamedTuple):
    """A NAT, and what all of the run's translated."""

    nat: NatPlace
    translations: Translations

    @property
    def _mine(self) -> list[tuple[object, ...]]:
        return [
            (conversation.given, conversation.other, one.inner)
            for conversation, mapped in self.translations.conversations.items()
            if conversation.given.ip == self.nat.address
            for one in mapped
        ]

    @property
    def inner_ends(self) -> int:
        """How many ends inside were translated."""
        return len({inner for _, _, inner in self._mine})

    @property
    def given_ends(self) -> int:
        """How many ports they had outside."""
        return len({given for given, _, _ in self._mine})

    @property
    def refused(self) -> int:
        """How many packets were not let in."""
        return self.translations.refused[self.nat.link]


NATS: dict[str, Number[NatFacts]] = by_key((
    Number("kind", "text", "", "nat_kind", "its kind, by the name in its file", lambda one: one.nat.kind),
    Number("inner_ends", "integer", "ends", "nat_inner_ends", "addresses and ports inside that it translated, of UDP",
           lambda one: one.inner_ends, "As the captures at both interfaces of its router show"),
    Number("given_ends", "integer", "ends", "nat_given_ends", "ports outside that it gave for them",
           lambda one: one.given_ends,
           "More than `inner_ends` where it gives another one for each other end, or has forgotten one"),
    Number("refused", "integer", "packets", "nat_refused", "packets of UDP for its address that nobody inside got",
           lambda one: one.refused),
))  # fmt: skip
