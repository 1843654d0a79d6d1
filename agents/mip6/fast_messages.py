"""Fast handovers' mobility headers (RFC 5568 6.2), as values: between mobile node and router, and between routers.

They are read and written with all others (`mobility_header`). What signs each is the last of its options (6.4.5): for
what goes between routers that is ours, the RFC has IPsec there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from agents.mip6.mobility_options import MobilityOption


class FastStatus(IntEnum):
    """What became of a Fast Binding Update, and of a Handover Initiate (6.2.1.2, 6.2.3): above 127 it is a refusal."""

    ACCEPTED = 0
    UNSPECIFIED = 128
    PROHIBITED = 129
    NO_RESOURCES = 130

    @property
    def is_accepted(self) -> bool:
        """Whether it was done as it was asked for."""
        return self < FastStatus.UNSPECIFIED


class InitiateFlag(IntFlag):
    """What a Handover Initiate asks for (6.2.1.1): an address, and that packets be held."""

    ASSIGN = 0x80
    BUFFER = 0x40


#: The code of a Handover Initiate by where the update before it came from: the old link, or another one (6.2.1.1).
FROM_OLD_LINK, FROM_NEW_LINK = 0, 1


@dataclass(frozen=True, slots=True)
class FastBindingUpdate:
    """The router that was left is to send packets on, for so many seconds; 0: no longer (6.2.2).

    `flags` are those of a Binding Update: A and H are always there.
    """

    kind: ClassVar[int] = 8
    form: ClassVar[struct.Struct] = struct.Struct("!HHH")
    sequence: int
    flags: int
    lifetime_s: int
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class FastBindingAcknowledgement:
    """What became of it (6.2.3); `status` may be one that is not in `FastStatus`."""

    kind: ClassVar[int] = 9
    form: ClassVar[struct.Struct] = struct.Struct("!BxHH")
    status: int
    sequence: int
    lifetime_s: int
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class HandoverInitiate:
    """One router tells another who comes (6.2.1.1); `code` says where that is known from."""

    kind: ClassVar[int] = 14
    form: ClassVar[struct.Struct] = struct.Struct("!HBB")
    sequence: int
    flags: int
    code: int
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class HandoverAcknowledge:
    """And what that one thinks of it (6.2.1.2); `code` may be one that is not in `FastStatus`."""

    kind: ClassVar[int] = 15
    form: ClassVar[struct.Struct] = struct.Struct("!HxB")
    sequence: int
    code: int
    options: tuple[MobilityOption, ...] = ()


FastMessage = FastBindingUpdate | FastBindingAcknowledgement | HandoverInitiate | HandoverAcknowledge
FAST_KINDS: tuple[type[FastMessage], ...] = (
    FastBindingUpdate, FastBindingAcknowledgement, HandoverInitiate, HandoverAcknowledge,
)  # fmt: skip
