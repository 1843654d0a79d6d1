"""The mobile node's registration (paper, sections 4.1 and 4.4; RFC 3261 10.2; RFC 5626 4)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from agents.sip.digest.challenge import challenges

from .home import INSTANCE, UMTS, WIFI, Home

if TYPE_CHECKING:
    from agents.sip.message.message import Response

#: Two links on a registrar that supports the paper's parameters: one challenge for both.
FIGURE_5 = [
    "REGISTER mn.wifi -> home",
    "401 REGISTER home -> mn.wifi",
    "REGISTER mn.wifi -> home",
    "200 REGISTER home -> mn.wifi",
    "REGISTER mn.umts -> home",
    "200 REGISTER home -> mn.umts",
]


def test_figure_5_both_interfaces_are_registered() -> None:
    """The main one first, then the backup; if_no tells how many there are."""
    home = Home()
    home.run(1.0)
    assert home.flow() == FIGURE_5
    assert home.bound() == [WIFI, UMTS]
    told = [(facts["link"], facts["role"], facts["if_no"]) for facts in home.events("registered")]
    assert told == [("wifi", "main", 1), ("umts", "backup", 2)]
    assert home.told[-1][0] == pytest.approx(4 * 0.002 + 2 * 0.11)


def test_contacts_say_which_is_which() -> None:
    """if_q ranks them, ua_id holds them together."""
    home = Home()
    home.run(1.0)
    ua_id = home.registration._ua_id
    assert home.contacts()[1:] == [
        [f"<{WIFI}>;ua_id={ua_id};if_q=1.0"],
        [f"<{UMTS}>;ua_id={ua_id};if_q=0.5"],
    ]


def test_one_call_id_and_one_nonce_counter_over_both_interfaces() -> None:
    """10.2: the same Call-ID, CSeq one higher each time; RFC 7616 3.4: nc too."""
    home = Home()
    home.run(1.0)
    requests = home.requests()
    assert len({request.call_id for request in requests}) == 1
    assert [request.cseq.number for request in requests] == [1, 2, 3]
    counts = [one.param("nc") for request in requests for one in challenges(request.headers, "authorization")]
    assert counts == ["00000001", "00000002"]


def test_nothing_is_sent_before_its_time() -> None:
    """The start may lie ahead; link news before it change nothing."""
    home = Home(starts_at=5.0)
    home.run(1.0)
    home.link_up("wifi")
    home.run(3.9)
    assert home.flow() == []
    home.run(1.0)
    assert home.bound() == [WIFI, UMTS]


# -- a registrar without the paper's parameters ------------------------------------------------------------------------


def test_without_if_no_the_node_is_an_ordinary_phone() -> None:
    """Paper 4.1: this tells the MN that the registrar does not support it."""
    home = Home(supports="plain")
    home.run(10.0)
    assert home.flow() == FIGURE_5[:4]
    assert home.bound() == [WIFI]
    assert home.events("registered") == [{"link": "wifi", "role": "main", "style": "plain", "expires_s": 3600}]


def test_an_ordinary_phone_moves_its_one_address() -> None:
    """The old one ends with the request that brings the new one."""
    home = Home(supports="plain")
    home.run(10.0)
    home.hand_over("umts")
    home.run(10.0)
    assert home.flow(10.0) == ["REGISTER mn.umts -> home", "200 REGISTER home -> mn.umts"]
    assert home.contacts(10.0) == [[f"<{UMTS}>", f"<{WIFI}>;expires=0"]]
    assert home.bound() == [UMTS]
    home.run(3600.0)
    assert home.contacts(20.0)[0] == [f"<{UMTS}>"]  # what was removed is not removed again


# -- after a handover --------------------------------------------------------------------------------------------------


def test_after_a_handover_the_new_link_is_main_and_the_old_one_backup() -> None:
    """Figure 6, the end: with a new ua_id, as it registers anew; no challenge, the nonce is known."""
    home = Home()
    home.run(1.0)
    before = home.registration._ua_id
    home.hand_over("umts")
    home.run(1.0)
    after = home.registration._ua_id
    assert after != before
    assert home.flow(1.0) == [*FIGURE_5[4:], "REGISTER mn.wifi -> home", "200 REGISTER home -> mn.wifi"]
    assert home.contacts(1.0) == [[f"<{UMTS}>;ua_id={after};if_q=1.0"], [f"<{WIFI}>;ua_id={after};if_q=0.5"]]
    told = [(facts["link"], facts["role"], facts["if_no"]) for facts in home.events("registered")[2:]]
    assert told == [("umts", "main", 1), ("wifi", "backup", 2)]


def test_after_a_handover_an_old_link_that_is_gone_is_removed() -> None:
    home = Home()
    home.run(1.0)
    home.link_down("wifi")
    home.run(1.0)
    assert home.flow(1.0) == []  # not before the handover has succeeded
    assert home.bound() == [WIFI, UMTS]
    home.hand_over("umts")
    home.run(1.0)
    assert home.flow(2.0) == FIGURE_5[4:]
    assert home.bound() == [UMTS]
    assert home.events("registered")[-1]["if_no"] == 1


def test_a_link_that_comes_back_is_registered_as_backup() -> None:
    home = Home()
    home.run(1.0)
    home.link_down("wifi")
    home.hand_over("umts")
    home.run(1.0)
    home.link_up("wifi")
    home.run(1.0)
    assert home.flow(2.0) == ["REGISTER mn.wifi -> home", "200 REGISTER home -> mn.wifi"]
    assert home.events("registered")[-1] == {
        "link": "wifi", "role": "backup", "style": "proactive", "expires_s": 3600, "if_no": 2,
    }  # fmt: skip


def test_the_same_link_again_is_no_news() -> None:
    home = Home()
    home.run(1.0)
    home.hand_over("wifi")
    home.link_up("wifi")
    home.run(10.0)
    assert home.flow(1.0) == []


def test_there_and_back() -> None:
    home = Home()
    home.run(1.0)
    for link, bound in (("umts", [UMTS, WIFI]), ("wifi", [WIFI, UMTS])):
        home.hand_over(link)
        home.run(1.0)
        assert home.bound() == bound


def test_a_second_handover_before_the_first_is_registered() -> None:
    """One REGISTER at a time (10.2); what is true in the end is registered."""
    home = Home()
    home.run(1.0)
    home.hand_over("umts")
    home.hand_over("wifi")
    home.run(2.0)
    labels = [line.label for line in home.sent if line.at >= 1.0]
    assert labels == ["REGISTER", "200 REGISTER"] * (len(labels) // 2)
    assert home.events("registered")[-1]["if_no"] == 2
    assert home.bound() == [WIFI, UMTS]
    assert [binding.contact.if_q for binding in home.registrar.bindings.of("sip:mn@home.example")] == ["1.0", "0.5"]


# -- links that come and go --------------------------------------------------------------------------------------------


def test_the_backup_is_registered_when_its_link_is_attached() -> None:
    """Paper 4.1: also once a session has been established."""
    home = Home(without=("umts",))
    home.run(5.0)
    assert home.bound() == [WIFI]
    home.link_up("umts")
    home.run(1.0)
    assert home.bound() == [WIFI, UMTS]


def test_no_new_interface_is_registered_during_a_handover() -> None:
    """It would be in the way of the INVITE. Then the new link is the main one."""
    home = Home(without=("umts",))
    home.run(5.0)
    home.registration.handover_begins()
    home.link_up("umts")
    home.run(1.0)
    assert home.flow(5.0) == []
    home.hand_over("umts")
    home.run(1.0)
    assert home.bound() == [UMTS, WIFI]


def test_the_main_link_comes_late() -> None:
    home = Home(without=("wifi",))
    home.run(5.0)
    assert home.flow() == []  # the backup alone makes no registration
    home.link_up("wifi")
    home.run(1.0)
    assert home.bound() == [WIFI, UMTS]


def test_an_answer_that_can_not_come_any_more_is_not_waited_for() -> None:
    """The main link goes while it is being registered; the call is handed over and the new link registered at once."""
    home = Home()
    home.cut.add("wifi")
    home.run(0.1)
    home.link_down("wifi")
    home.hand_over("umts")
    home.run(1.0)
    assert home.bound() == [UMTS]
    assert home.events("registered")[-1]["if_no"] == 1


def test_link_news_while_the_answer_is_awaited_ask_nothing_new() -> None:
    home = Home()
    home.run(0.03)
    home.link_up("umts")
    home.link_up("wifi")
    home.run(1.0)
    assert home.flow() == FIGURE_5


def test_a_late_answer_to_a_request_that_was_given_up_changes_nothing() -> None:
    home = Home()
    home.run(1.0)
    home.link_down("wifi")
    home.hand_over("umts")
    home.run(3.0)
    bound, told = home.bound(), len(home.told)
    home.cut.discard("wifi")  # the air is back, the kernel has not noticed: what is repeated gets through
    home.run(60.0)
    assert (home.bound(), len(home.told)) == (bound, told)


# -- refreshing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("granted", "after"), [(3600, 3536.0), (600, 536.0), (120, 60.0), (60, 30.0)])
def test_bindings_are_refreshed_before_they_end(granted: int, after: float) -> None:
    """Early enough for a second try after one that nobody answers (64*T1)."""
    home = Home(expires_s=granted)
    home.run(after - 0.1)
    assert home.flow() == FIGURE_5
    home.run(0.5)
    registers = [line.sender for line in home.sent if line.label == "REGISTER" and line.at > 1.0]
    assert set(registers) == {"mn.wifi", "mn.umts"}
    home.run(granted)
    assert sorted(home.bound()) == sorted([WIFI, UMTS])
    assert home.events("registrar: binding_ended") == []


def test_a_refresh_keeps_ua_id() -> None:
    """Else it would overwrite the other interface."""
    home = Home(expires_s=60)
    home.run(300.0)
    ua_ids = {contact.partition("ua_id=")[2].partition(";")[0] for [contact] in home.contacts()}
    assert len(ua_ids) == 1


def test_the_registrar_chooses_less() -> None:
    home = Home(max_s=60)
    home.run(31.0)
    assert home.events("registered")[0]["expires_s"] == 60
    assert len(home.events("registered")) == 4


def test_a_stale_nonce_costs_one_more_exchange() -> None:
    """And is shared again: the second refresh is not challenged."""
    home = Home(expires_s=600)
    home.run(540.0)
    assert [line.label for line in home.sent if line.at > 500.0].count("401 REGISTER") == 1
    assert len(home.events("registered")) == 4
    assert home.events("registrar: register_refused") == []


def test_a_refresh_while_the_link_is_gone_waits_for_it() -> None:
    home = Home(expires_s=120)
    home.run(50.0)
    home.link_down("umts")
    home.run(60.0)
    assert all(line.receiver != "mn.umts" for line in home.sent if line.at > 50.0)
    home.link_up("umts")
    home.run(5.0)
    assert home.bound().count(UMTS) == 1
    assert home.events("registered")[-1]["if_no"] == 2


# -- when it is refused ------------------------------------------------------------------------------------------------


def test_a_brief_interval_is_made_longer() -> None:
    """10.2.8."""
    home = Home(expires_s=30, min_s=90)
    home.run(1.0)
    assert home.bound() == [WIFI, UMTS]
    assert [facts["expires_s"] for facts in home.events("registered")] == [90, 90]
    assert home.events("register_failed") == [{"link": "wifi", "status": 423, "retry_s": 0.0}]


def test_a_wrong_password_is_not_tried_for_ever() -> None:
    home = Home(knows="guessed")
    home.run(7200.0)
    assert len(home.requests()) == 2
    assert home.events("register_failed") == [{"link": "wifi", "status": 401}]
    home.link_down("wifi")
    home.link_up("wifi")
    home.run(10.0)
    assert len(home.requests()) == 2


def test_silence_is_tried_again_after_a_while() -> None:
    """10.2.7: not at once. RFC 5626 4.5: then 30 to 60 s, and twice as much each time."""
    home = Home(without=("umts",))
    home.cut.add("wifi")
    home.run(500.0)
    failed = [at for at, event, _ in home.told if event == "register_failed"]
    waits = [facts["retry_s"] for facts in home.events("register_failed")]
    assert failed[0] == pytest.approx(32.0)
    for wait, most in zip(waits, (60.0, 120.0, 240.0), strict=False):
        assert most / 2 <= wait <= most
    home.cut.clear()
    home.run(2000.0)
    assert home.bound() == [WIFI]


@pytest.mark.parametrize(("said", "retry_s"), [("7", 7.0), ("1", 1.0), ("0", 1.0)])
def test_retry_after_is_kept_but_for_no_time_at_all(said: str, retry_s: float) -> None:
    """RFC 5626 4.2.1."""
    home = Home(without=("umts",))

    def overloaded(response: Response) -> None:
        response.status = 503
        response.headers.add("Retry-After", said)

    home.edits["200 REGISTER"] = overloaded
    home.run(0.9)
    home.edits.clear()
    assert home.events("register_failed") == [{"link": "wifi", "status": 503, "retry_s": retry_s}]
    home.run(retry_s)
    assert home.events("registered")[-1]["if_no"] == 1


def test_a_registrar_that_is_never_content_is_not_asked_without_end() -> None:
    """10.2.8 lets it ask for more seconds; not for more each time, as fast as the link goes."""
    home = Home(without=("umts",))
    least = count(7200)

    def never_enough(response: Response) -> None:
        response.status = 423
        response.headers.add("Min-Expires", str(next(least)))

    home.edits["200 REGISTER"] = never_enough
    home.run(10.0)
    assert len(home.events("register_failed")) == 11


def test_a_link_that_refuses_to_send() -> None:
    """503 of our own (8.1.3.1): again when the link is back."""
    home = Home()
    home.refusing.add("wifi")
    home.run(1.0)
    assert [facts["status"] for facts in home.events("register_failed")] == [503]
    home.link_down("wifi")
    home.refusing.clear()
    home.link_up("wifi")
    home.run(1.0)
    assert home.bound() == [WIFI, UMTS]


# -- RFC 5626 ----------------------------------------------------------------------------------------------------------


def test_outbound_registers_a_flow_over_each_interface() -> None:
    """The same instance, another reg-id and another Call-ID (4.2.1); the nonce is known."""
    home = Home("outbound", supports="outbound")
    home.run(1.0)
    assert home.flow() == FIGURE_5
    rest = f'+sip.instance="<{INSTANCE}>"'
    assert home.contacts()[1:] == [[f"<{WIFI}>;reg-id=1;{rest};q=1.0"], [f"<{UMTS}>;reg-id=2;{rest};q=0.5"]]
    requests = home.requests()
    assert len({request.call_id for request in requests}) == 2
    assert all(request.tags("supported") == ["path", "outbound"] for request in requests)
    assert [binding.contact.reg_id for binding in home.registrar.bindings.of("sip:mn@home.example")] == [1, 2]


def test_outbound_after_a_handover() -> None:
    """The flow of a link that is gone ends with the request that refreshes the other one (RFC 5626 6)."""
    home = Home("outbound", supports="outbound")
    home.run(1.0)
    home.link_down("wifi")
    home.hand_over("umts")
    home.run(1.0)
    assert home.flow(1.0) == FIGURE_5[4:]
    assert home.bound() == [UMTS]
    home.link_up("wifi")
    home.run(1.0)
    bindings = home.registrar.bindings.of("sip:mn@home.example")
    assert [(one.contact.text, one.contact.reg_id, one.contact.q) for one in bindings] == [
        (UMTS, 2, "1.0"), (WIFI, 1, "0.5"),
    ]  # fmt: skip


def test_a_registrar_without_outbound_gets_one_address() -> None:
    """No `Require: outbound` in the 200."""
    home = Home("outbound", supports="plain")
    home.run(5.0)
    assert home.bound() == [WIFI]
    assert home.registration._style == "plain"


def test_a_first_hop_without_outbound() -> None:
    """439: again, without it (RFC 5626 4.2.1)."""
    home = Home("outbound", supports="outbound")

    def lacks(response: Response) -> None:
        response.status = 439
        home.edits.clear()

    home.edits["200 REGISTER"] = lacks
    home.run(5.0)
    assert home.contacts()[-1] == [f"<{WIFI}>"]
    assert home.events("registered")[-1]["style"] == "plain"
