"""A proxy with a media relay that is the mobile node's peer in ICE, as Kamailio and rtpengine are: a fake.

The agent is ours, in the other role: what a stranger's does is tested with the real one. Media from the node are taken
over the pair that was nominated, and nowhere else.
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

from agents.ice.candidate import RTP
from agents.ice.ice_agent import IceAgent
from agents.ice.ice_description import IceDescription
from agents.roles.role import Open
from agents.sdp.description import SessionDescription
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import Attribute, MessageClass, StunMessage, StunParseError, is_stun

from .learning_relay import CN_PORT, MN_PORT, LearningRelay

if TYPE_CHECKING:
    from agents.sdp.description import Media

_ICE_LINE = re.compile(rb"a=(ice-\w+|candidate):[^\r]*\r\n")


def describe_check(data: bytes) -> str:
    """`check`, `nomination`, `200 check`, `401 check`; `?` for what is no message."""
    try:
        message = StunMessage.parse(data)
    except StunParseError:
        return "?"
    if message.kind == MessageClass.REQUEST:
        return "check" if message.get(Attribute.USE_CANDIDATE) is None else "nomination"
    if message.kind == MessageClass.SUCCESS:
        return "200 check"
    error = message.get(Attribute.ERROR_CODE) or b""
    return f"{100 * error[2] + error[3]} check"


class IceRelay(LearningRelay):
    """A role. `habits`: what is odd about it, in the first offer and answer, in the second, and so on.

    "silent": it answers no checks and sends none. "absent": it has no ICE. "bare": it names no candidates. "secret":
    the password that it names is not its own. "same role": it nominates, too.
    """

    def __init__(self, ip: str, cn_ip: str, *habits: str, seed: int = 3) -> None:
        super().__init__(ip, cn_ip, learns=False)
        self.agent = IceAgent(Random(seed), is_controlling="same role" in habits)
        self._habits = list(habits)
        self._offered: IceDescription | None = None
        self._at: dict[int, Address] = {1: Address(ip, MN_PORT), 2: Address(ip, MN_PORT + 1)}
        self._now = 0.0
        #: What it does just now.
        self.habit = ""
        self._commands += [Open(self._at[2]), Open(Address(ip, CN_PORT + 1))]

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        self._now = now
        if is_stun(data):
            if self.habit != "silent":
                self.agent.receive_datagram(data, local=local, remote=remote, now=now)
        elif local.port % 2 == 0:
            pair = self.agent.selected(RTP)
            if local.port == MN_PORT and pair is not None and (pair.local, pair.remote) != (local, remote):
                return
            super().receive_datagram(data, local=local, remote=remote, now=now)
        while self.agent.next_event() is not None:
            pair = self.agent.selected(RTP)
            if pair is not None:
                self._ends[CN_PORT] = pair.remote

    def get_timer(self) -> float | None:
        return None if self.habit == "silent" else self.agent.get_timer()

    def handle_timer(self, *, now: float) -> None:
        if self.habit != "silent":
            self.agent.handle_timer(now=now)

    def datagrams_to_send(self) -> list[Datagram]:
        checks = self.agent.datagrams_to_send()
        return super().datagrams_to_send() + ([] if self.habit == "silent" else checks)

    def _rewritten(self, data: bytes, ours: int) -> bytes:
        """A description of the node's loses its ICE on its way; one of the other end gets ours."""
        theirs = _description(data)
        if data.startswith(b"BYE "):
            self.agent.stop()
        has_pair = self.agent.selected(RTP) is not None
        kept = self._ends.get(CN_PORT)
        head, _, body = super()._rewritten(data, ours).partition(b"\r\n\r\n")
        if theirs is None:
            return head + b"\r\n\r\n" + body
        if ours == MN_PORT:
            if kept is not None and has_pair:  # media go where they went until there is another pair
                self._ends[CN_PORT] = kept
            self._offered = IceDescription.read(theirs.media[0])
            body = _ICE_LINE.sub(b"", body)
        else:
            answer = SessionDescription.parse(body)
            self._answer(answer.media[0])
            body = bytes(answer)
        head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head)
        return head + b"\r\n\r\n" + body

    def _answer(self, stream: Media) -> None:
        known = self.agent.theirs
        if self._offered is None:
            return
        if known is None or known.ufrag != self._offered.ufrag:
            self.habit = self._habits.pop(0) if self._habits else ""
            self.agent.restart(self._at)
            self.agent.take(self._offered, now=self._now)
        ours = self.agent.ours
        if ours is None or self.habit == "absent":
            return
        if self.habit == "secret":
            ours = ours._replace(pwd="x" * 22)
        ours._replace(candidates=() if self.habit == "bare" else ours.candidates).write(stream)


def _description(data: bytes) -> SessionDescription | None:
    body = data.partition(b"\r\n\r\n")[2]
    return SessionDescription.parse(body) if body else None
