"""RFC 3261 10.3, step by step."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.message import Request

from .desk import AOR, DOMAIN, HERE, UMTS, WIFI, Desk, contact_of

ONE, TWO = f"sip:mn@{WIFI.hostport}", f"sip:mn@{UMTS.hostport}"


# -- who may register what (steps 1 to 5) ------------------------------------------------------------------------------


def test_a_registration_is_challenged_then_taken() -> None:
    desk = Desk()
    assert desk.register(f"<{ONE}>").status == 200
    assert desk.bound() == [ONE]
    assert [note.text for note in desk.notes if "challenged" in note.text] == ["REGISTER a challenged"]
    assert desk.node.refused == {}
    assert desk.events("binding") == [{"aor": AOR, "contact": ONE, "expires_s": 3600, "bindings": 1}]


def test_credentials_are_good_for_the_next_request_over_another_link() -> None:
    """A nonce is not bound to an address: no second challenge."""
    desk = Desk()
    desk.register(f"<{ONE}>")
    desk.register(f"<{TWO}>", source=UMTS)
    assert desk._cseq["a"] == 3  # 1 was challenged, 2 and 3 were not
    assert desk.bound() == [ONE, TWO]


def test_a_stale_nonce_is_challenged_anew_and_is_no_refusal() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>")
    desk.wait(301.0)
    assert desk.register(f"<{ONE}>").status == 200
    assert desk._cseq["a"] == 4
    assert desk.node.refused == {}


def test_wrong_password_is_refused_and_counted() -> None:
    desk = Desk()
    desk._users["mn"] = DigestClient([Account("mn", "guessed")], Random(3))
    assert [desk.register(f"<{ONE}>").status for _ in range(2)] == [401, 401]
    assert desk.bound() == []
    assert desk.node.refused == {401: 2}
    refused = {"status": 401, "reason": "not authenticated", "aor": AOR, "remote": WIFI.hostport}
    assert desk.events("register_refused") == [{**refused, "times": 1}, {**refused, "times": 2}]


def test_somebody_else_s_address_of_record_is_forbidden() -> None:
    """Step 4: valid credentials, but of another user. Nothing that is bound changes, nothing of it is told."""
    desk = Desk()
    desk.register(f"<{ONE}>")
    for contacts in (["<sip:eve@192.0.2.66>"], ["*"], []):
        response = desk.register(*contacts, user="eve", call_id="b", headers=(("Expires", "0"),))
        assert response.status == 403
        assert "contact" not in response.headers
    assert desk.bound() == [ONE]
    assert desk.node.refused == {403: 3}


def test_a_replayed_registration_is_refused() -> None:
    """RFC 7616 3.4: a nonce count that was there before; as a new transaction, with another Contact."""
    desk = Desk()
    desk.register(f"<{ONE}>")
    desk.register(f"<{ONE}>")
    stolen = desk.sent[-1]
    stolen.headers.set("Contact", "<sip:mn@192.0.2.66>")
    stolen.headers.set("Via", "SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKevil")
    stolen.headers.set("Call-ID", "evil")
    assert desk.send(stolen).status == 401
    assert desk.bound() == [ONE]


@pytest.mark.parametrize("uri", ["sip:other.example", "sip:10.10.0.2", "sip:mn@other.example"])
def test_another_domain_is_not_found(uri: str) -> None:
    """Step 1; there is no proxy here to pass it on."""
    assert Desk().register(f"<{ONE}>", uri=uri).status == 404


def test_an_address_of_record_of_another_domain_is_not_found() -> None:
    """Step 5."""
    assert Desk().register(f"<{ONE}>", to="sip:mn@other.example").status == 404


@pytest.mark.parametrize("to", ["sip:%6Dn@HOME.example;user=phone", "sip:mn@home.example;lr;x=y"])
def test_the_address_of_record_is_made_canonical(to: str) -> None:
    """Step 5: no parameters, nothing escaped."""
    desk = Desk()
    desk.register(f"<{ONE}>")
    assert len(desk.register(f"<{TWO}>", to=to).contacts) == 2
    assert desk.bound() == [ONE, TWO]


def test_required_extensions_are_checked_first() -> None:
    """Step 2: RFC 5626 is off here."""
    response = Desk().register(f"<{ONE}>", headers=(("Require", "outbound, path"),))
    assert (response.status, response.headers.get("unsupported")) == (420, "outbound, path")


@pytest.mark.parametrize("method", ["INVITE", "SUBSCRIBE"])
def test_only_register_is_taken(method: str) -> None:
    """10.3."""
    rows = [
        ("Via", f"SIP/2.0/UDP {WIFI.hostport};branch=z9hG4bK1"), ("From", "<sip:a@b>;tag=1"), ("To", f"<{AOR}>"),
        ("Call-ID", "x"), ("CSeq", f"1 {method}"), ("Contact", f"<{ONE}>"),
    ]  # fmt: skip
    desk = Desk()
    desk.node.receive_datagram(bytes(Request(method, AOR, rows)), local=HERE, remote=WIFI, now=0.0)
    assert b"SIP/2.0 405 " in b"".join(datagram.data for datagram in desk.node.datagrams_to_send())


# -- Contact: * (step 6) -----------------------------------------------------------------------------------------------


def test_star_removes_all() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>", f"<{TWO}>")
    response = desk.register("*", headers=(("Expires", "0"),))
    assert (response.status, response.contacts, desk.bound()) == (200, [], [])
    assert [facts["reason"] for facts in desk.events("binding_ended")] == ["asked", "asked"]


@pytest.mark.parametrize("rows", [["*"], ["*", f"<{ONE}>"], [f"<{ONE}>", "*"], [f"*, <{ONE}>"], ["*;q=1"]])
@pytest.mark.parametrize("expires", [None, "3600", "0", "x"])
def test_star_must_be_alone_and_with_expires_0(rows: list[str], expires: str | None) -> None:
    if rows == ["*"] and expires == "0":
        return
    desk = Desk()
    desk.register(f"<{ONE}>")
    headers = () if expires is None else (("Expires", expires),)
    assert desk.register(*rows, headers=headers).status == 400
    assert desk.bound() == [ONE]


def test_star_that_was_overtaken_removes_nothing() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>", call_id="other")
    desk.register(f"<{TWO}>", cseq=10)
    zero = (("Expires", "0"),)
    desk.wait(33.0)
    assert desk.register("*", cseq=10, headers=zero).status == 500
    assert desk.bound() == [ONE, TWO]
    assert desk.register("*", cseq=11, headers=zero).status == 200
    assert desk.bound() == []


# -- expiration (step 7) -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "header", "granted"),
    [
        (";expires=100", "200", 100),
        ("", "200", 200),
        ("", None, 1800),
        (";expires=1h", "200", 3600),  # 10.2: malformed is 3600
        ("", "-1", 3600),
        (";expires=7201", None, 7200),  # we may choose less
        (";expires=4294967296", None, 7200),
        (f";expires={'9' * 5000}", None, 7200),
        (";expires=00060", None, 60),
    ],
)
def test_which_expiration_counts(contact: str, header: str | None, granted: int) -> None:
    desk = Desk(default_s=1800, max_s=7200)
    headers = () if header is None else (("Expires", header),)
    response = desk.register(f"<{ONE}>{contact}", headers=headers)
    assert contact_of(response, ONE).param("expires") == str(granted)


@pytest.mark.parametrize(("asked", "status"), [(1, 423), (89, 423), (90, 200), (0, 200)])
def test_interval_too_brief(asked: int, status: int) -> None:
    desk = Desk(min_s=90)
    response = desk.register(f"<{ONE}>", headers=(("Expires", str(asked)),))
    assert response.status == status
    assert response.headers.get("min-expires") == ("90" if status == 423 else None)
    assert desk.bound() == ([ONE] if status == 200 and asked else [])


def test_an_hour_is_never_too_brief() -> None:
    """If and only if the requested interval is smaller than one hour."""
    assert Desk(min_s=5000).register(f"<{ONE}>;expires=3600").status == 200
    assert Desk(min_s=5000).register(f"<{ONE}>;expires=3599").status == 423


def test_one_contact_too_brief_and_none_is_taken() -> None:
    """A request is carried out completely or not at all."""
    desk = Desk()
    assert desk.register(f"<{ONE}>;expires=600", f"<{TWO}>;expires=5").status == 423
    assert desk.bound() == []


def test_bindings_expire() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>;expires=60", f"<{TWO}>;expires=120")
    desk.wait(59.9)
    assert desk.bound() == [ONE, TWO]
    desk.wait(0.1)
    assert desk.bound() == [TWO]
    desk.wait(100.0)
    assert desk.bound() == []
    ended = [(facts["contact"], facts["reason"]) for facts in desk.events("binding_ended")]
    assert ended == [(ONE, "expired"), (TWO, "expired")]
    assert desk.node.get_timer() is None


def test_the_answer_lists_every_binding_with_what_is_left_of_its_time() -> None:
    """Step 8, and 10.2.3: a request without Contact asks."""
    desk = Desk()
    desk.register(f"<{ONE}>;expires=600")
    desk.wait(99.5)
    desk.register(f"<{TWO}>;expires=100;q=0.5", call_id="b")
    desk.wait(0.25)
    response = desk.register(call_id="c")
    assert [str(contact) for contact in response.contacts] == [f"<{ONE}>;expires=501", f"<{TWO}>;expires=100;q=0.5"]


# -- order and identity (step 7) ---------------------------------------------------------------------------------------


def test_a_request_that_was_overtaken_fails_and_changes_nothing() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>;expires=600", cseq=10)
    desk.wait(33.0)
    for cseq in (9, 10):
        assert desk.register(f"<{TWO}>", f"<{ONE}>;expires=0", cseq=cseq).status == 500
    assert desk.bound() == [ONE]
    assert contact_of(desk.register(), ONE).param("expires") == "567"


def test_order_is_that_of_the_binding_and_of_its_call_id() -> None:
    """Another binding of the same Call-ID does not count, nor does another Call-ID."""
    desk = Desk()
    desk.register(f"<{ONE}>", cseq=10)
    assert desk.register(f"<{TWO}>", cseq=5).status == 200
    assert desk.register(f"<{ONE}>;expires=60", cseq=2, call_id="b").status == 200
    assert contact_of(desk.register(), ONE).param("expires") == "60"
    assert desk.register(f"<{ONE}>;expires=0", cseq=2, call_id="c").status == 200
    assert desk.bound() == [TWO]


def test_a_retransmission_gets_the_same_answer_again() -> None:
    """17.2.2: not taken for a request that was overtaken."""
    desk = Desk()
    first = desk.register(f"<{ONE}>")
    assert bytes(desk.send(desk.sent[-1])) == bytes(first)


@pytest.mark.parametrize(
    ("uri", "is_same"),
    [
        ("sip:%6Dn@10.1.0.2:5060", True),
        ("sip:mn@10.1.0.2:5060;new=1", True),
        ("sip:MN@10.1.0.2:5060", False),
        ("sip:mn@10.1.0.2", False),
        ("sip:mn@10.1.0.2:5060;transport=udp", False),
        ("sips:mn@10.1.0.2:5060", False),
        ("tel:+4712345678", False),
    ],
)
def test_contacts_are_compared_as_uris(uri: str, is_same: bool) -> None:
    """19.1.4."""
    desk = Desk()
    desk.register(f"<{ONE}>")
    desk.register(f"<{uri}>", call_id="b")
    assert desk.bound() == ([uri] if is_same else [ONE, uri])


def test_one_contact_twice_in_one_request_is_one_binding() -> None:
    desk = Desk()
    response = desk.register(f"<{ONE}>;expires=100", f"<{ONE}>;expires=200")
    assert [contact.param("expires") for contact in response.contacts] == ["200"]
    assert desk.register(f"<{TWO}>", f"<{TWO}>;expires=0").status == 200
    assert desk.bound() == [ONE]


def test_domains_users_and_bindings_are_apart() -> None:
    desk = Desk()
    desk.register(f"<{ONE}>")
    eve = f"sip:eve@{DOMAIN}"
    desk.register("<sip:eve@192.0.2.66>", user="eve", to=eve, call_id="b")
    assert (desk.bound(), desk.bound(eve)) == ([ONE], ["sip:eve@192.0.2.66"])


def test_what_a_registrar_does_not_support_it_has_not_seen() -> None:
    """The paper: it will only ignore ua_id and if_q. RFC 5626 6: and reg-id."""
    desk = Desk()
    contact = f'<{ONE}>;ua_id=x;if_q=1.0;reg-id=1;+sip.instance="<urn:uuid:1>"'
    response = desk.register(contact, headers=(("Supported", "outbound, path"),))
    assert [str(one) for one in response.contacts] == [f"<{ONE}>;expires=3600"]
    assert "require" not in response.headers


PIECES = st.sampled_from(
    [f"<{ONE}>", f"<{TWO}>", "*", "tel:1", "sip:a%00b", ";", ",", '"', "<", ">", "expires", "q", "ua_id", "if_q",
     "reg-id", "+sip.instance", "=", "0", "1.0", "-1", "9" * 30, "x", " ", "%", "\\", "\udcff", "é"]
)  # fmt: skip


@given(rows=st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=3), expires=st.none() | PIECES, path=PIECES)
def test_whatever_a_request_says_there_is_one_answer(rows: list[str], expires: str | None, path: str) -> None:
    """And an answer other than 200 has changed nothing."""
    desk = Desk(is_proactive=True, is_outbound=True)
    desk.register(f"<{ONE}>")
    headers = [
        ("Path", path),
        ("Supported", "path, outbound"),
        *([("Expires", expires)] if expires is not None else []),
    ]
    response = desk.register(*rows, headers=tuple(headers))
    assert response.status in {200, 400, 423, 439}
    if response.status == 200:
        assert [contact.uri for contact in response.contacts] == desk.bound()
        assert all(1 <= int(contact.param("expires") or "") <= 7200 for contact in response.contacts)
    else:
        assert desk.bound() == [ONE]


def test_a_challenge_is_not_remembered() -> None:
    """RFC 3261 26.3.2.4: a flood of REGISTERs without a password leaves nothing behind."""
    desk = Desk()
    for number in range(3):
        branch = ("Via", f"SIP/2.0/UDP {WIFI.hostport};branch=z9hG4bK{number}")
        rows = [
            branch,
            ("From", f"<{AOR}>;tag=1"),
            ("To", f"<{AOR}>"),
            ("Call-ID", "a"),
            ("CSeq", f"{number} REGISTER"),
        ]
        assert desk.send(Request("REGISTER", f"sip:{DOMAIN}", rows)).status == 401
    assert desk.node.get_timer() is None
