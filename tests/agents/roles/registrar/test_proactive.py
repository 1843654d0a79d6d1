"""`ua_id`, `if_q` and `if_no` (paper, section 4.1 and Figure 5)."""

from __future__ import annotations

import pytest

from .desk import UMTS, WIFI, Desk, contact_of

MAIN, BACKUP = f"sip:mn@{WIFI.hostport}", f"sip:mn@{UMTS.hostport}"


def main(ua_id: str = "x", rest: str = "") -> str:
    return f"<{MAIN}>;ua_id={ua_id};if_q=1.0{rest}"


def backup(ua_id: str = "x", rest: str = "") -> str:
    return f"<{BACKUP}>;ua_id={ua_id};if_q=0.5{rest}"


def test_figure_5_register_two_interfaces() -> None:
    desk = Desk(is_proactive=True)
    first = desk.register(main())
    second = desk.register(backup(), source=UMTS)
    assert [str(one) for one in first.contacts] == [f"<{MAIN}>;expires=3600;if_q=1.0;if_no=1"]
    assert [one.param("if_no") for one in second.contacts] == ["2", "2"]
    assert [one.param("if_q") for one in second.contacts] == ["1.0", "0.5"]
    assert desk.bound() == [MAIN, BACKUP]
    assert [(facts["if_q"], facts["bindings"]) for facts in desk.events("binding")] == [("1.0", 1), ("0.5", 2)]


@pytest.mark.parametrize("rest", [";ua_id=x", ";if_q=1.0", ";ua_id=x;if_q=2", ";ua_id=x;if_q=0.1234",
                                  ";ua_id=x;if_q=1.5", ';ua_id="x y";if_q=1', ""])  # fmt: skip
def test_one_without_the_other_is_an_ordinary_registration(rest: str) -> None:
    """Both are needed, and must mean something; a REGISTER is not refused for them."""
    desk = Desk(is_proactive=True)
    response = desk.register(f"<{MAIN}>{rest}")
    assert str(contact_of(response, MAIN)) == f"<{MAIN}>;expires=3600"


def test_if_no_counts_the_interfaces_of_this_user_agent_alone() -> None:
    """Another phone of the same user has an address too."""
    desk = Desk(is_proactive=True)
    desk.register("<sip:mn@192.0.2.7>", call_id="desk")
    desk.register("<sip:mn@192.0.2.8>;ua_id=other;if_q=1", call_id="another")
    desk.register(main())
    response = desk.register(backup())
    assert [one.param("if_no") for one in response.contacts] == [None, None, "2", "2"]
    assert len(response.contacts) == 4


def test_if_no_counts_what_is_registered_now() -> None:
    desk = Desk(is_proactive=True)
    desk.register(main(rest=";expires=100"))
    desk.register(backup(rest=";expires=600"))
    desk.wait(100.0)
    assert contact_of(desk.register(backup()), BACKUP).param("if_no") == "1"


def test_only_who_sends_ua_id_is_answered_with_if_no() -> None:
    desk = Desk(is_proactive=True)
    desk.register(main())
    assert [one.param("if_no") for one in desk.register().contacts] == [None]


def test_refreshing_one_interface_leaves_the_other() -> None:
    desk = Desk(is_proactive=True)
    desk.register(main())
    desk.register(backup())
    assert contact_of(desk.register(main()), MAIN).param("if_no") == "2"
    assert sorted(desk.bound()) == sorted([MAIN, BACKUP])


def test_registering_anew_replaces_what_the_same_user_agent_had() -> None:
    """ua_id is the same until the user agent re-registers: a new one begins anew."""
    desk = Desk(is_proactive=True)
    desk.register(main())
    desk.register(backup())
    after = desk.register(f"<{BACKUP}>;ua_id=y;if_q=1.0", source=UMTS)
    assert desk.bound() == [BACKUP]
    assert contact_of(after, BACKUP).param("if_no") == "1"
    assert [(one["contact"], one["reason"]) for one in desk.events("binding_ended")] == [(MAIN, "replaced")]
    again = desk.register(f"<{MAIN}>;ua_id=y;if_q=0.5")
    assert [one.param("if_no") for one in again.contacts] == ["2", "2"]


def test_registering_anew_leaves_other_phones_of_the_user() -> None:
    """Known apart by their Call-ID (RFC 3261 10.2.4)."""
    desk = Desk(is_proactive=True)
    desk.register("<sip:mn@192.0.2.8>;ua_id=other;if_q=1", call_id="another")
    desk.register("<sip:mn@192.0.2.9>", call_id="third")
    desk.register(main("x"))
    desk.register(main("y"))
    assert desk.bound() == ["sip:mn@192.0.2.8", "sip:mn@192.0.2.9", MAIN]


def test_an_old_request_does_not_replace_what_came_after_it() -> None:
    """RFC 3261 10.3, step 7, for bindings that ua_id replaces too."""
    desk = Desk(is_proactive=True)
    desk.register(main("x"), cseq=10)
    desk.register(f"<{BACKUP}>;ua_id=y;if_q=1.0", cseq=12)
    assert desk.register(main("x"), cseq=11).status == 500
    assert desk.bound() == [BACKUP]


def test_unregistering_an_interface() -> None:
    desk = Desk(is_proactive=True)
    desk.register(main())
    desk.register(backup())
    response = desk.register(backup(rest=";expires=0"))
    assert [str(one) for one in response.contacts] == [f"<{MAIN}>;expires=3600;if_q=1.0;if_no=1"]
