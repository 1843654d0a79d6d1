"""A call with a second dialog that stands by, made by hand as in `synthetic`: its WiFi breaks, or is only late.

UMTS gets a probe a second, from packet 20 on. In `standby_run` the WiFi is silent from 6000 ms; the CN hears that at
6046 ms, the MN at 6050. Each says again over UMTS what it said since 100 ms before the last packet that it heard, and
goes on over both. The kernel notices at 7717 ms, and the MN moves the call without a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import synthetic
from .synthetic import ADDRESS, CN_FIRST_MS, MN_FIRST_MS, PACKETS

if TYPE_CHECKING:
    from .synthetic import Run

BREAK_MS, NOTICED_MS = 6000, 7717
ALARM_MS = {False: 6050, True: 6046}
"""By `to_mn`: when the one who sends in that direction hears nothing any more."""
SAID_AGAIN = {False: range(245, 253), True: range(244, 252)}
COPIES_END_MS = {False: NOTICED_MS, True: 7830}


def begin(copies: str = "at-risk") -> Run:
    """The call over WiFi, and from 822 ms a second dialog over UMTS that stands by."""
    run = synthetic.begin("handover-standby")
    run.event(200, "lab", "attached", link="umts")
    run.event(250, "lab", "address", link="umts", address=ADDRESS["umts"])
    handover = f"Require: handover\r\nHandover: a@mn;to-tag=cn;from-tag=mn;standby={copies}\r\n"
    _, back = run.invite(600, link="umts", call_id="b@mn", cseq=1, tags=("mn2", "cn2"), extra=handover)
    run.event(back, "mn", "standing_by", link="umts", call_id="b@mn", copies=copies)
    return run


def alarm(run: Run, at_ms: float, *, end: str, limit_s: float = 0.06) -> None:
    """An end hears nothing any more over the WiFi."""
    ends = (ADDRESS["wifi"], ADDRESS["cn"])
    local, remote = ends if end == "mn" else ends[::-1]
    run.event(at_ms, end, "silence", local=local, remote=remote, limit_s=limit_s)


def is_probe(k: int) -> bool:
    """Whether a packet goes over the leg that stands by, too."""
    return k % 50 == 20


def standby_run() -> Run:
    """A break without warning."""
    run = begin()
    for to_mn, end in ((False, "mn"), (True, "cn")):
        alarm(run, ALARM_MS[to_mn], end=end)
        run.event(ALARM_MS[to_mn], end, "copies", because=["silence"])
        for k in SAID_AGAIN[to_mn]:
            run.media(k, link="umts", to_mn=to_mn, at_ms=ALARM_MS[to_mn])
    run.event(NOTICED_MS, "mn", "trigger", kind="link-down", link="wifi", to="umts")
    run.event(NOTICED_MS, "mn", "handover_done", link="umts")
    run.event(COPIES_END_MS[True], "cn", "copies_end")
    run.event(COPIES_END_MS[False], "mn", "copies_end")
    for k in range(PACKETS):
        for to_mn, first_ms in ((True, CN_FIRST_MS), (False, MN_FIRST_MS)):
            sent = first_ms + 20 * k
            arrives = sent + 2 < BREAK_MS
            if sent < COPIES_END_MS[to_mn] or (to_mn and k == 391):
                run.media(k, link="wifi", to_mn=to_mn, arrives=arrives)
            if sent > ALARM_MS[to_mn] or is_probe(k):
                run.media(k, link="umts", to_mn=to_mn)
    run.bye(9717, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    run.bye(15_200, link="umts", call_id="b@mn", cseq=2, tags=("mn2", "cn2"))
    return run


def late_run() -> Run:
    """No break: what the CN sends from 6007 to 6107 ms comes 100 ms late, all at once; the MN hears a silence, wrongly.

    It gets copies for a second, and what it missed was said again: packets 250 and 251 over UMTS.
    """
    run = begin()
    alarm(run, 6050, end="mn")
    run.event(6050, "mn", "copies", because=["silence"])
    run.event(7130, "mn", "copies_end")
    for k in range(PACKETS):
        for to_mn in (True, False):
            late_ms = 6107 - (CN_FIRST_MS + 20 * k) if to_mn and 250 <= k < 255 else 0
            run.media(k, link="wifi", to_mn=to_mn, extra_ms=late_ms)
            if is_probe(k) or (253 <= k < 307):
                run.media(k, link="umts", to_mn=to_mn)
    for k in (250, 251):
        run.media(k, link="umts", to_mn=False, at_ms=6050)
    run.bye(15_200, link="wifi", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    run.bye(15_210, link="umts", call_id="b@mn", cseq=2, tags=("mn2", "cn2"))
    return run
