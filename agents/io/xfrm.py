"""XFRM by netlink, as far as Mobile IPv6 needs it: states and policies of mode "route optimisation".

pyroute2 has no such messages. The structures are those of include/uapi/linux/xfrm.h.
A state says that an extension header goes on, or is taken off, and with which care-of address; a policy which packets
want that. All templates are of level "use": a packet for which there is no state goes as it is.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from typing import NamedTuple

NETLINK_XFRM = 6
NEWSA, DELSA, NEWPOLICY, DELPOLICY, UPDPOLICY, UPDSA = 0x10, 0x11, 0x13, 0x14, 0x19, 0x1A
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
NLMSG_ERROR = 2
XFRMA_TMPL, XFRMA_SRCADDR, XFRMA_COADDR = 5, 13, 14
IN, OUT = 0, 1
ROUTE_OPTIMISATION = 2
WILDCARD_RECEIVE = 0x08
#: Which extension header: IPv6's next header numbers.
HOME_ADDRESS, ROUTING = 60, 43
MOBILITY = 135
ANY = "::"
# Ours come before what anybody else may have there; the first ones are those that leave mobility headers alone.
FIRST_PRIORITY, PRIORITY = 2, 10

HEADER, ERROR = struct.Struct("=IHHII"), struct.Struct("=i")
SELECTOR = struct.Struct("=16s16sHHHHHBBB3xiI")
IDENT = struct.Struct("=16sIB3x")
LIFETIME = struct.pack("=8Q", *(2**64 - 1,) * 4, 0, 0, 0, 0)
CURRENT = bytes(32)
STATE_REST = struct.Struct("=12xIIHBBB7x")
STATE_NAME = struct.Struct("=16sIHBx")
POLICY_REST = struct.Struct("=IIBBBB4x")
POLICY_NAME = struct.Struct("=IB3x")
TEMPLATE_REST = struct.Struct("=H2x16sIBBBxIII")
ATTRIBUTE = struct.Struct("=HH")
EVERY_ALGORITHM = 0xFFFFFFFF
LARGEST = 65536


class Selector(NamedTuple):
    """Which packets: `ANY` stands for each address."""

    source: str
    destination: str
    only_mobility: bool = False

    def packed(self) -> bytes:
        """As the kernel has it."""
        protocol = MOBILITY if self.only_mobility else 0
        lengths = [0 if one == ANY else 128 for one in (self.destination, self.source)]
        ends = packed_address(self.destination), packed_address(self.source)
        return SELECTOR.pack(*ends, 0, 0, 0, 0, socket.AF_INET6, *lengths, protocol, 0, 0)


class HeaderState(NamedTuple):
    """An extension header between two addresses with a care-of address, each `ANY` for all that come."""

    source: str
    destination: str
    header: int
    care_of: str


class XfrmNetlink:
    """This namespace's. Raises OSError for what the kernel refuses."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
        self._number = 0

    def set_state(self, state: HeaderState) -> None:
        """There is this state from now on, with this care-of address."""
        source, destination = packed_address(state.source), packed_address(state.destination)
        is_wild = state.source == state.destination == ANY
        selector = Selector(state.source, state.destination).packed()
        rest = STATE_REST.pack(0, 0, socket.AF_INET6, ROUTE_OPTIMISATION, 0, WILDCARD_RECEIVE if is_wild else 0)
        body = selector + IDENT.pack(destination, 0, state.header) + source + LIFETIME + CURRENT + rest
        body += attribute(XFRMA_COADDR, packed_address(state.care_of))
        try:
            self._ask(NEWSA, NLM_F_CREATE | NLM_F_EXCL, body)
        except FileExistsError:
            self._ask(UPDSA, 0, body)

    def no_state(self, state: HeaderState) -> None:
        """There is none any more."""
        name = STATE_NAME.pack(packed_address(state.destination), 0, socket.AF_INET6, state.header)
        self._forget(DELSA, name + attribute(XFRMA_SRCADDR, packed_address(state.source)))

    def set_policy(self, selector: Selector, direction: int, state: HeaderState | None, priority: int) -> None:
        """These packets want that state from now on; with None they are left alone."""
        body = selector.packed() + LIFETIME + CURRENT + POLICY_REST.pack(priority, 0, direction, 0, 0, 0)
        if state is not None:
            template = IDENT.pack(packed_address(state.destination), 0, state.header)
            template += TEMPLATE_REST.pack(
                socket.AF_INET6, packed_address(state.source), 0, ROUTE_OPTIMISATION, 0, 1, *(EVERY_ALGORITHM,) * 3
            )
            body += attribute(XFRMA_TMPL, template)
        self._ask(UPDPOLICY, 0, body)

    def no_policy(self, selector: Selector, direction: int) -> None:
        """They want nothing any more."""
        self._forget(DELPOLICY, selector.packed() + POLICY_NAME.pack(0, direction))

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()

    def _forget(self, kind: int, body: bytes) -> None:
        try:
            self._ask(kind, 0, body)
        except OSError as error:
            if error.errno not in {errno.ESRCH, errno.ENOENT}:  # there is none
                raise

    def _ask(self, kind: int, flags: int, body: bytes) -> None:
        self._number += 1
        head = HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, self._number, 0)
        self._socket.send(head + body)
        answer = self._socket.recv(LARGEST)
        _, said, _, _, _ = HEADER.unpack_from(answer)
        (number,) = ERROR.unpack_from(answer, HEADER.size)
        if said != NLMSG_ERROR or number:
            raise OSError(-number, f"XFRM: {os.strerror(-number)}")


def attribute(kind: int, value: bytes) -> bytes:
    """A netlink attribute, padded to four bytes."""
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def packed_address(address: str) -> bytes:
    """16 bytes."""
    return ipaddress.IPv6Address(address).packed
