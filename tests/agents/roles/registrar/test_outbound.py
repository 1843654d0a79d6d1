"""RFC 5626 6: bindings of flows, by instance and reg-id."""

from __future__ import annotations

import pytest

from agents.sip.message.address import Address

from .desk import AOR, INSTANCE, UMTS, WIFI, Desk

ONE, TWO, MOVED = f"sip:mn@{WIFI.hostport}", f"sip:mn@{UMTS.hostport}", "sip:mn@10.1.0.77:5060"
SUPPORTED = (("Supported", "path, outbound"),)
#: A proxy between the phone and us: a second Via.
PROXY = ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKproxy",)


def flow(uri: str, reg_id: int, rest: str = "") -> str:
    return f"<{uri}>;reg-id={reg_id};{INSTANCE}{rest}"


def test_a_flow_is_bound_and_the_answer_says_so() -> None:
    desk = Desk(is_outbound=True)
    response = desk.register(flow(ONE, 1), headers=SUPPORTED)
    assert response.tags("require") == ["outbound"]
    assert [str(one) for one in response.contacts] == [f"<{ONE}>;expires=3600;{INSTANCE};reg-id=1"]
    binding = desk.node.bindings.of(AOR)[0]
    assert binding.flow.remote == WIFI
    assert [facts["reg_id"] for facts in desk.events("binding")] == [1]


def test_a_binding_is_replaced_per_instance_and_reg_id() -> None:
    """The phone has got another address on WiFi; its other flow, and other phones, stay."""
    desk = Desk(is_outbound=True)
    other = '<sip:mn@192.0.2.9>;reg-id=1;+sip.instance="<urn:uuid:bb>"'
    desk.register(other, call_id="other", headers=SUPPORTED)
    desk.register(flow(ONE, 1), headers=SUPPORTED)
    desk.register(flow(TWO, 2), call_id="b", headers=SUPPORTED, source=UMTS)
    desk.register(flow(MOVED, 1), headers=SUPPORTED, source=Address("10.1.0.77", 5060))
    assert desk.bound() == ["sip:mn@192.0.2.9", TWO, MOVED]
    assert desk.node.bindings.of(AOR)[-1].flow.remote == Address("10.1.0.77", 5060)


def test_instances_are_urns_not_strings() -> None:
    """5626 4.1: taken out of its brackets; a UUID is compared without case."""
    desk = Desk(is_outbound=True)
    desk.register('<sip:a@192.0.2.1>;reg-id=1;+sip.instance="<urn:uuid:AA>"', headers=SUPPORTED)
    desk.register('<sip:a@192.0.2.2>;reg-id=1;+sip.instance="<URN:uuid:aa>"', headers=SUPPORTED)
    assert desk.bound() == ["sip:a@192.0.2.2"]


def test_flows_and_ordinary_contacts_side_by_side() -> None:
    desk = Desk(is_outbound=True)
    desk.register("<sip:mn@192.0.2.9>", call_id="other")
    response = desk.register(flow(ONE, 1), headers=SUPPORTED)
    assert len(response.contacts) == 2


@pytest.mark.parametrize(
    "contact", [f"<{ONE}>;reg-id=1", f"<{ONE}>;{INSTANCE}", flow(ONE, 0), f"<{ONE}>;reg-id=x;{INSTANCE}", f"<{ONE}>"]
)
def test_without_both_it_is_an_ordinary_contact(contact: str) -> None:
    """A reg-id without an instance is ignored, and then there is no Require in the answer."""
    desk = Desk(is_outbound=True)
    response = desk.register(contact, headers=SUPPORTED)
    assert [str(one) for one in response.contacts] == [f"<{ONE}>;expires=3600"]
    assert "require" not in response.headers


def test_who_does_not_list_outbound_is_not_told_of_it() -> None:
    desk = Desk(is_outbound=True)
    response = desk.register(flow(ONE, 1))
    assert "require" not in response.headers
    assert desk.node.bindings.of(AOR)[0].contact.reg_id == 1


def test_require_outbound_is_understood() -> None:
    assert Desk(is_outbound=True).register(flow(ONE, 1), headers=(*SUPPORTED, ("Require", "outbound"))).status == 200


def test_two_flows_at_once_are_refused() -> None:
    desk = Desk(is_outbound=True)
    assert desk.register(flow(ONE, 1), flow(TWO, 2), headers=SUPPORTED).status == 400
    assert desk.bound() == []


def test_one_flow_may_end_another() -> None:
    desk = Desk(is_outbound=True)
    desk.register(flow(ONE, 1), headers=SUPPORTED)
    response = desk.register(flow(TWO, 2), flow(ONE, 1, ";expires=0"), call_id="b", headers=SUPPORTED, source=UMTS)
    assert (response.status, desk.bound()) == (200, [TWO])


def test_first_hop_without_outbound_is_refused() -> None:
    """439, only for who asked for a flow."""
    desk = Desk(is_outbound=True)
    assert desk.register(flow(ONE, 1), headers=SUPPORTED, vias=PROXY).status == 439
    without_ob = (*SUPPORTED, ("Path", "<sip:192.0.2.1;lr>"))
    assert desk.register(flow(ONE, 1), headers=without_ob, vias=PROXY).status == 439
    assert desk.bound() == []
    for contact, headers in ((flow(ONE, 1), ()), (f"<{TWO}>", SUPPORTED)):
        assert desk.register(contact, headers=headers, vias=PROXY).status == 200
    assert [binding.contact.reg_id for binding in desk.node.bindings.of(AOR)] == [None, None]


def test_first_hop_with_outbound_is_in_the_path() -> None:
    desk = Desk(is_outbound=True)
    path = "<sip:192.0.2.1;lr;ob>"
    response = desk.register(flow(ONE, 1), headers=(*SUPPORTED, ("Path", path)), vias=PROXY)
    assert (response.tags("require"), response.headers.get("path")) == (["outbound"], path)
    assert desk.node.bindings.of(AOR)[0].path == (path,)


def test_a_path_that_the_phone_does_not_know_of() -> None:
    """RFC 3327 5.3, the recommended policy."""
    response = Desk(is_outbound=True).register(f"<{ONE}>", headers=(("Path", "<sip:192.0.2.1;lr>"),), vias=PROXY)
    assert (response.status, response.headers.get("unsupported")) == (420, "path")
