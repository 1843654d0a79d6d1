"""Calls as message charts (RFC 3261 12 to 15)."""

from agents.sip import events

from .network import ANSWER, MOVED, OFFER, two_phones


def test_a_call_is_set_up_changed_and_ended() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.reinvite(MOVED, local=mn.addresses["umts"], contact=mn.addresses["umts"], now=network.now)
    network.run()
    session.bye(now=network.now)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "INVITE mn.umts -> cn",
        "200 INVITE cn -> mn.umts",
        "ACK mn.umts -> cn",
        "BYE mn.umts -> cn",
        "200 BYE cn -> mn.umts",
    ]
    assert session.local_sdp == MOVED
    assert session.remote_sdp == ANSWER
    assert cn.only(events.SessionTerminated).by == "remote"
    assert mn.only(events.ByeAnswered).status == 200


def test_the_callee_hangs_up_towards_the_new_contact() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.reinvite(MOVED, local=mn.addresses["umts"], contact=mn.addresses["umts"], now=network.now)
    network.run()
    cn.only(events.IncomingInvite).session.bye(now=network.now)
    network.settle()
    assert network.flow()[-2:] == ["BYE cn -> mn.umts", "200 BYE mn.umts -> cn"]


def test_both_sides_know_both_descriptions() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    other = cn.only(events.IncomingInvite).session
    assert (session.local_sdp, session.remote_sdp) == (OFFER, ANSWER)
    assert (other.local_sdp, other.remote_sdp) == (ANSWER, OFFER)
