"""By which E-model a call is rated, and with which values, by what its speech is encoded in.

Narrow-band codecs are rated by G.107 (`emodel`), wideband ones by G.107.1 (06/2019), whose R goes up to 129 and whose
MOS is another scale: 4.3 there and 4.3 here are not the same. Of G.107.1 there is what a call without echo needs,
R = Ro,WB - Idd,WB - Ie,eff,WB (7.1), with default noise and loudness, for which Ro,WB is 129 and Is,WB is 0.

Values are ITU-T's (G.113, Appendices I and IV) and nobody else's: where there is none, there is no rating.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.listening import emodel
from testbed.measure.listening.emodel import G711_PLC, CodecImpairment

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

NARROW_BAND, WIDEBAND = "narrow-band", "wideband"
"""G.107's scale, and that of G.107.1."""
RO_WB = 129.0
"""G.107.1, 7.2 and 7.7: the rating of a wideband connection with all values at their defaults."""
_WB_SCALE = 1.29  # G.107.1, Annex A: R of the wideband scale is divided by it, then it is G.107's polynomial


@dataclass(frozen=True, slots=True)
class RatedCodec:
    """What is published of a codec: its impairment `ie`, and `bpl`, how well it bears losses; None if that is not."""

    name: str
    ie: float
    bpl: float | None
    is_wideband: bool = False

    def rate(self, *, loss_percent: float, burst_r: float, mouth_to_ear_ms: float) -> CallRating | None:
        """Return the rating of a call without echo problems; None with losses, where nothing is known of those."""
        if self.bpl is None and loss_percent:
            return None
        lossy = CodecImpairment(self.ie, G711_PLC.bpl if self.bpl is None else self.bpl)
        if self.is_wideband:
            ie_eff = self.ie if self.bpl is None else emodel.loss_impairment(loss_percent, 1.0, lossy)
            return CallRating(RO_WB - emodel.absolute_delay(mouth_to_ear_ms) - ie_eff, ie_eff, self)
        rated = emodel.rate_voip(
            loss_percent=loss_percent, burst_r=burst_r, mouth_to_ear_ms=mouth_to_ear_ms, codec=lossy
        )
        return CallRating(rated.r, rated.ie_eff, self)

    def mos(self, r: float) -> float:
        """Return the mean opinion score of a rating (G.107, Annex B; G.107.1, Annex A)."""
        return emodel.mos(r / _WB_SCALE if self.is_wideband else r)


class CallRating(NamedTuple):
    """R, the Ie,eff in it, and whose it is."""

    r: float
    ie_eff: float
    codec: RatedCodec

    @property
    def mos(self) -> float:
        """The same as a mean opinion score, of the codec's own scale."""
        return self.codec.mos(self.r)

    @property
    def scale(self) -> str:
        """Whose scale these two are of."""
        return WIDEBAND if self.codec.is_wideband else NARROW_BAND

    def with_losses(self, percent: NDArray[np.float64], burst_r: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return R with other losses; without a Bpl there are none of those in the whole call, so none in its parts."""
        if self.codec.bpl is None:
            return self.r + 0 * percent
        impairment = CodecImpairment(self.codec.ie, self.codec.bpl)
        return self.r + self.ie_eff - emodel.loss_impairment(percent, burst_r, impairment)


G711 = RatedCodec("G.711", ie=G711_PLC.ie, bpl=G711_PLC.bpl)
G722 = RatedCodec("G.722", ie=13, bpl=None, is_wideband=True)
"""At 64 kbit/s, heard with one ear (G.113, Table IV.1)."""
ROWS = {"PCMU": G711, "PCMA": G711, "G722": G722}

NO_VALUES = {
    "OPUS": "no rating: ITU-T has published no impairment of Opus that we know of",
}
NOT_RATED = "the call was not in one codec that is rated here, G.711 or G.722, all the way: no rating"
LOSSES = "no rating with losses, late packets too: there is no published Bpl for {} that we know of"
"""Why a call has no rating."""


def rate_call(
    codecs: Collection[str], *, loss_percent: float, burst_r: float, mouth_to_ear_ms: float
) -> tuple[CallRating | None, str | None]:
    """Return the rating of a call in these encodings (capital letters), and why it means little, or is not there."""
    rows = {ROWS.get(name) for name in codecs}
    row = rows.pop() if len(rows) == 1 else None
    if row is None:
        return None, next((NO_VALUES[name] for name in codecs if name in NO_VALUES), NOT_RATED)
    rating = row.rate(loss_percent=loss_percent, burst_r=burst_r, mouth_to_ear_ms=mouth_to_ear_ms)
    if rating is None:
        return None, LOSSES.format(row.name)
    return rating, emodel.doubt(loss_percent, burst_r)
