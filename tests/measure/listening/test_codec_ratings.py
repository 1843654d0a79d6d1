"""Which E-model rates a call, against the Recommendations' own values."""

from __future__ import annotations

import pytest

from testbed.measure.listening import emodel
from testbed.measure.listening.codec_ratings import (
    LOSSES,
    NARROW_BAND,
    NO_VALUES,
    NOT_RATED,
    RO_WB,
    WIDEBAND,
    RatedCodec,
    rate_call,
)


def wideband(ie: float, mouth_to_ear_ms: float = 0.0) -> tuple[float, float]:
    """R and MOS of a wideband call without losses."""
    codec = RatedCodec("one", ie=ie, bpl=None, is_wideband=True)
    rating = codec.rate(loss_percent=0.0, burst_r=1.0, mouth_to_ear_ms=mouth_to_ear_ms)
    assert rating is not None
    return rating.r, rating.mos


def test_all_defaults_give_129_and_the_highest_score() -> None:
    """G.107.1, 7.7: R = 129; Annex A: MOS of R / 1.29, 4.5 at 100."""
    assert wideband(0.0) == (129.0, 4.5)


def test_narrow_band_speech_is_where_g_107_has_it_but_scores_less_than_there() -> None:
    """G.113, Table IV.1: G.711 has an Ie,WB of 35.8, so that R stays 93.2 (G.107.1, 6.2), of 129 here."""
    r, score = wideband(35.8)
    assert r == pytest.approx(93.2)
    assert score == pytest.approx(emodel.mos(93.2 / 1.29))
    assert emodel.mos(93.2) - score > 0.6


@pytest.mark.parametrize(("ie", "r", "score"), [(13, 116, 4.34), (20, 109, 4.18), (31, 98, 3.86)])
def test_g722_at_each_of_its_rates(ie: float, r: float, score: float) -> None:
    """64, 56 and 48 kbit/s (G.113, Table IV.1); MOS by the polynomial of G.107, Annex B, at R / 1.29."""
    x = r / 1.29
    by_hand = 1 + 0.035 * x + x * (x - 60) * (100 - x) * 7e-6
    assert wideband(ie) == pytest.approx((r, by_hand))
    assert by_hand == pytest.approx(score, abs=0.01)


def test_delay_costs_what_it_costs_in_g_107() -> None:
    assert wideband(13, 100.0)[0] == 116
    assert wideband(13, 300.0)[0] == pytest.approx(116 - emodel.absolute_delay(300.0))


@pytest.mark.parametrize(
    ("codecs", "scale", "doubt"),
    [({"PCMU"}, NARROW_BAND, None), ({"PCMU", "PCMA"}, NARROW_BAND, None), ({"G722"}, WIDEBAND, None),
     ({"OPUS"}, None, NO_VALUES["OPUS"]), ({"GSM"}, None, NOT_RATED), ({"PCMU", "G722"}, None, NOT_RATED),
     ({"PCMU", "OPUS"}, None, NO_VALUES["OPUS"]), (set(), None, NOT_RATED)],
)  # fmt: skip
def test_a_call_is_rated_on_the_scale_of_its_codec(codecs: set[str], scale: str | None, doubt: str | None) -> None:
    rating, told = rate_call(codecs, loss_percent=0.0, burst_r=1.0, mouth_to_ear_ms=50.0)
    assert (None if rating is None else rating.scale, told) == (scale, doubt)
    assert rating is None or rating.r <= (RO_WB if scale == WIDEBAND else 93.3)


def test_a_lossy_call_is_rated_only_where_bpl_is_published() -> None:
    lossy = {"loss_percent": 1.0, "burst_r": 1.0, "mouth_to_ear_ms": 50.0}
    rating, told = rate_call({"PCMA"}, **lossy)
    assert (rating is not None, told) == (True, None)
    assert rate_call({"G722"}, **lossy) == (None, LOSSES.format("G.722"))
