"""The E-model: how a conversation is rated, from loss and delay (ITU-T G.107, 06/2015, the full algorithm).

Symbols are those of the Recommendation, written small. Equipment values are from G.113, Appendix I. What it is not:
a rating of one handover. The E-model assumes losses spread over a conversation; one hole of a second counts here like
the same loss in short bursts. The gap and the interruption say what happened; R says what the whole call was like.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import exp, log10, sqrt
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Some = TypeVar("Some", float, "NDArray[np.float64]")


@dataclass(frozen=True, slots=True)
class CodecImpairment:
    """Equipment impairment and packet-loss robustness of a codec (G.113, Tables I.1 and I.4)."""

    ie: float
    bpl: float


G711 = CodecImpairment(ie=0, bpl=4.3)
G711_PLC = CodecImpairment(ie=0, bpl=25.1)
"""G.711 with packet loss concealment (G.711 Appendix I): what our receiver is taken to have."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Input of the E-model with its default values (G.107, Table 2); dB, dBm and ms as there."""

    slr: float = 8
    rlr: float = 2
    stmr: float = 15
    ds: float = 3
    dr: float = 3
    telr: float = 65
    wepl: float = 110
    t: float = 0
    tr: float = 0
    ta: float = 0
    qdu: float = 1
    ie: float = 0
    bpl: float = 4.3
    ppl: float = 0
    burst_r: float = 1
    nc: float = -70
    nfor: float = -64
    ps: float = 35
    pr: float = 35
    a: float = 0


@dataclass(frozen=True, slots=True)
class Rating:
    """The rating `r` and what it is made of (G.107, 7.1: R = Ro - Is - Id - Ie,eff + A), with all intermediate sums."""

    r: float
    no: float
    ro: float
    iolr: float
    ist: float
    iq: float
    idte: float
    idle: float
    idd: float
    ie_eff: float


def rate(parameters: Parameters) -> Rating:
    """Return the transmission rating (G.107, 7.1 to 7.5)."""
    p = parameters
    no = _circuit_noise(p)
    ro = 15 - 1.5 * (p.slr + no)
    ist = _sidetone(p)
    iolr, iq = _loudness(p, no), _quantizing(p, ro)
    idte, idle, idd = _talker_echo(p, no, ist), _listener_echo(p, ro), absolute_delay(p.ta)
    ie_eff = loss_impairment(p.ppl, p.burst_r, CodecImpairment(p.ie, p.bpl))
    r = ro - (iolr + ist + iq) - (idte + idle + idd) - ie_eff + p.a
    return Rating(r, no, ro, iolr, ist, iq, idte, idle, idd, ie_eff)


def loss_impairment(ppl: Some, burst_r: Some, codec: CodecImpairment = G711_PLC) -> Some:
    """Return Ie,eff (G.107, 7.5), of one call or of many."""
    return codec.ie + (95 - codec.ie) * ppl / (ppl / burst_r + codec.bpl)


def mos(r: float) -> float:
    """Return the mean opinion score of a rating (G.107, Annex B), 1 to 4.5.

    Between 0 and 6.5 the polynomial falls below 1; it is held there.
    """
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def rate_voip(
    *, loss_percent: float, burst_r: float, mouth_to_ear_ms: float, codec: CodecImpairment = G711_PLC
) -> Rating:
    """Return the rating of a call without echo problems: one-way delay T = Ta, round trip Tr = 2 T."""
    return rate(
        Parameters(
            ie=codec.ie,
            bpl=codec.bpl,
            ppl=loss_percent,
            burst_r=burst_r,
            t=mouth_to_ear_ms,
            ta=mouth_to_ear_ms,
            tr=2 * mouth_to_ear_ms,
        )
    )


def loss_and_burst_ratio(heard: Iterable[bool]) -> tuple[float, float] | None:
    """Return Ppl in percent and BurstR of a sequence of intervals, each heard (True) or not; None of an empty one.

    BurstR is the mean length of the observed bursts, over what it would be with random loss, 1 / (1 - Ppl) (G.107,
    7.5); at least 1, as a few single losses are no evidence of less than random.
    """
    total = lost = bursts = 0
    before = True
    for one in heard:
        total += 1
        lost += not one
        bursts += before and not one
        before = one
    if not total:
        return None
    if not lost:
        return 0.0, 1.0
    return 100 * lost / total, max(1.0, lost / bursts * (1 - lost / total))


def doubt(loss_percent: float, burst_r: float) -> str | None:
    """Return why a rating with this loss should not be trusted; None if it can be.

    The loss formula was fitted on random and mildly bursty loss; that it ends at bursts twice as long as random ones,
    and beyond that at 2 % lost, is assumed.
    """
    if loss_percent <= 2 or burst_r <= 2:
        return None
    return (
        f"{loss_percent:.1f} % concealed, in bursts {burst_r:.0f} times as long as random ones: "
        "the E-model was not made for that; gap and interruption say what happened"
    )


def _circuit_noise(p: Parameters) -> float:
    olr = p.slr + p.rlr
    nos = p.ps - p.slr - p.ds - 100 + 0.004 * (p.ps - olr - p.ds - 14) ** 2
    pre = p.pr + 10 * log10(1 + 10 ** ((10 - (p.stmr + p.dr)) / 10))
    nor = p.rlr - 121 + pre + 0.008 * (pre - 35) ** 2
    nfo = p.nfor + p.rlr
    return 10 * log10(sum(10 ** (level / 10) for level in (p.nc, nos, nor, nfo)))


def _loudness(p: Parameters, no: float) -> float:
    xolr = p.slr + p.rlr + 0.2 * (64 + no - p.rlr)
    return 20 * (_root(1 + (xolr / 8) ** 8, 8) - xolr / 8)


def _sidetone(p: Parameters) -> float:
    stmro = -10 * log10(10 ** (-p.stmr / 10) + exp(-p.t / 4) * 10 ** (-p.telr / 10))
    return (
        12 * _root(1 + ((stmro - 13) / 6) ** 8, 8)
        - 28 * _root(1 + ((stmro + 1) / 19.4) ** 35, 35)
        - 13 * _root(1 + ((stmro - 3) / 33) ** 13, 13)
        + 29
    )


def _quantizing(p: Parameters, ro: float) -> float:
    q = 37 - 15 * log10(p.qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    y = (ro - 100) / 15 + 46 / 8.4 - g / 9
    z = 46 / 30 - g / 40
    return 15 * log10(1 + 10**y + 10**z)


def _talker_echo(p: Parameters, no: float, ist: float) -> float:
    if p.t < 1:
        return 0.0
    terv = p.telr - 40 * log10((1 + p.t / 10) / (1 + p.t / 150)) + 6 * exp(-0.3 * p.t * p.t)
    if p.stmr < 9:
        terv += ist / 2
    re = 80 + 2.5 * (terv - 14)
    roe = -1.5 * (no - p.rlr)
    idte = ((roe - re) / 2 + sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - exp(-p.t))
    return sqrt(idte * idte + ist * ist) if p.stmr > 20 else idte


def _listener_echo(p: Parameters, ro: float) -> float:
    rle = 10.5 * (p.wepl + 7) / _root(p.tr + 1, 4)
    return (ro - rle) / 2 + sqrt((ro - rle) ** 2 / 4 + 169)


def absolute_delay(ta: float) -> float:
    """Return Idd of a one-way delay in ms (G.107, 7.4; G.107.1 has the same)."""
    if ta <= 100:
        return 0.0
    x = log10(ta / 100) / log10(2)
    return 25 * (_root(1 + x**6, 6) - 3 * _root(1 + (x / 3) ** 6, 6) + 2)


def _root(value: float, degree: int) -> float:
    return math.pow(value, 1 / degree)
