"""Whether a link is in danger: from what triggers say of it, and until it has been good for a while."""

from agents.roles.mn.risk import GOOD_S, Risk
from agents.roles.mn.triggers.events import LinkParametersReport

CONFIG = {"on": "signal", "below": -60.0}


def of_two() -> Risk:
    return Risk(CONFIG, ("wifi", "umts"), {})


def test_a_link_is_not_believed_before_it_has_been_good_for_a_while() -> None:
    """What it loses meanwhile would be lost: some time goes by before that is known."""
    risk = of_two()
    assert risk.of("wifi", now=10.0) == {"kind": "unproven"}
    assert risk.get_timer() == 10.0 + GOOD_S
    assert risk.of("wifi", now=10.0 + GOOD_S - 0.01)
    risk.handle_timer(now=10.0 + GOOD_S)
    assert risk.of("wifi", now=10.0 + GOOD_S) is None
    assert risk.get_timer() is None


def test_each_link_proves_itself_once() -> None:
    risk = of_two()
    risk.of("wifi", now=0.0)
    assert risk.of("wifi", now=20.0) is None
    assert risk.of("umts", now=20.0) == {"kind": "unproven"}
    assert risk.of("umts", now=40.0) is None
    assert risk.of("wifi", now=60.0) is None


def test_a_bad_signal_counts_until_it_has_been_good_for_a_while() -> None:
    risk = of_two()
    risk.of("wifi", now=0.0)
    risk.take(LinkParametersReport("wifi", -70.0), now=20.0)
    because = risk.of("wifi", now=20.0)
    assert because is not None
    assert because["kind"] == "signal"
    risk.take(LinkParametersReport("wifi", -50.0), now=21.0)
    assert risk.of("wifi", now=21.0 + GOOD_S - 1.1) == because
    assert risk.of("wifi", now=21.0 + GOOD_S) is None
