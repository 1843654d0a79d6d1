"""Digest authentication: the arithmetic, both sides, and over two interfaces (RFC 7616, RFC 8760, RFC 3261 22)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from agents.sip.digest.challenge import Challenge, challenges
from agents.sip.digest.client import Account, DigestClient
from agents.sip.digest.hashing import DigestInput, digest_response
from agents.sip.digest.server import DigestServer
from agents.sip.message.errors import RemoteProtocolError, SipParseError
from agents.sip.message.headers import Headers
from agents.sip.message.message import Request, Response
from agents.sip.session import events
from agents.sip.session.abilities import Abilities
from agents.sip.session.client_request import Ask
from tests.agents.sip.network import ANSWER, MOVED, Network, Node

if TYPE_CHECKING:
    from agents.sip.session.client_request import ClientRequest

# -- the arithmetic ----------------------------------------------------------------------------------------------------

RFC_7616 = DigestInput(
    "",
    "Mufasa",
    "http-auth@example.org",
    "Circle of Life",
    "GET",
    "/dir/index.html",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    "00000001",
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_vectors_of_rfc_7616(algorithm: str, response: str) -> None:
    """3.9.1."""
    assert digest_response(RFC_7616._replace(algorithm=algorithm)) == response


def test_the_vector_of_rfc_2617() -> None:
    """3.5."""
    given = DigestInput(
        "MD5", "Mufasa", "testrealm@host.com", "Circle Of Life", "GET", "/dir/index.html",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b", "00000001",
    )  # fmt: skip
    assert digest_response(given) == "6629fae49393a05397450978507c4ef1"


def test_sha_512_256_is_not_sha_512_cut_short() -> None:
    """RFC 7616 3.9.2 prints ae66e67d…, which is SHA-512 cut to 256 bits; FIPS 180-4 gives it other initial values."""
    given = DigestInput(
        "SHA-512-256", "Jäsøn Doe", "api@example.org", "Secret, or not?", "GET", "/doe.json",
        "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "00000001",
    )  # fmt: skip
    assert digest_response(given) == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


# -- the fields --------------------------------------------------------------------------------------------------------


def test_a_challenge_is_a_scheme_with_parameters() -> None:
    """The example of RFC 3261 20.44."""
    text = (
        'Digest realm="atlanta.com", domain="sip:boxesbybob.com", qop="auth,auth-int", nonce="f84f1c\\"ec", stale=FALSE'
    )
    challenge = Challenge.parse(text)
    assert challenge.scheme == "Digest"
    assert challenge.param("qop") == "auth,auth-int"
    assert challenge.param("nonce") == 'f84f1c"ec'
    assert challenge.param("stale") == "FALSE"
    assert challenge.param("opaque") is None
    assert str(challenge) == text


@pytest.mark.parametrize(
    "text", ["", " ", "Digest", "Digest realm", 'Digest realm="x', "D@ a=b", 'Digest a="b"c', "Digest a=b,,c=d"]
)
def test_what_is_no_challenge(text: str) -> None:
    with pytest.raises(SipParseError):
        Challenge.parse(text)


def test_challenges_that_cannot_be_read_are_ignored() -> None:
    """RFC 8760 2.4."""
    headers = Headers([("WWW-Authenticate", "Digest"), ("WWW-Authenticate", "Basic realm=x")])
    assert [challenge.scheme for challenge in challenges(headers, "www-authenticate")] == ["Basic"]


# -- the client --------------------------------------------------------------------------------------------------------


def register(*headers: tuple[str, str]) -> Request:
    return Request("REGISTER", "sip:home.example", headers)


def refusal(*values: str, field: str = "WWW-Authenticate") -> Response:
    return Response(401, headers=[(field, value) for value in values])


def client(*own_realms: str) -> DigestClient:
    return DigestClient([Account("mn", "secret")], Random(1), own_realms)


SHA = 'Digest realm="home", nonce="n1", qop="auth", algorithm=SHA-256, opaque="o"'
MD5 = 'Digest realm="home", nonce="n1", qop="auth", algorithm=MD5'


def test_the_top_most_challenge_that_is_understood_is_answered() -> None:
    """RFC 8760 2.4."""
    strange = 'Digest realm="home", nonce="n1", qop="auth", algorithm=SHA-3'
    only_int = 'Digest realm="home", nonce="n1", qop="auth-int", algorithm=SHA-256'
    response = refusal("Negotiate abc=def", strange, only_int, SHA, MD5)
    ((field, value),) = client().answer(register(), response, set())
    credentials = Challenge.parse(value)
    assert field == "Authorization"
    assert [credentials.param(name) for name in ("algorithm", "opaque", "qop", "nc", "username", "uri")] == [
        *("SHA-256", "o", "auth", "00000001", "mn", "sip:home.example"),
    ]
    # RFC 7616 3.4: what must be quoted, and what must not be
    written = dict(credentials.params)
    assert [name for name, value in written.items() if value and value[0] == '"'] == [
        *("username", "realm", "nonce", "uri", "response", "cnonce", "opaque"),
    ]


def test_nothing_that_is_understood_is_given_up() -> None:
    assert client().answer(register(), refusal("Basic realm=x"), set()) == []
    stranger = DigestClient([Account("mn", "secret", realm="elsewhere")], Random(1))
    assert stranger.answer(register(), refusal(SHA), set()) == []


def test_every_realm_is_answered_once() -> None:
    """RFC 3261 22.3: 401 and 407, several realms."""
    response = refusal(SHA, 'Digest realm="b", nonce="n2", qop="auth"')
    response.headers.add("Proxy-Authenticate", 'Digest realm="home", nonce="n3", qop="auth"')
    tried: set[tuple[str, str]] = set()
    answers = client().answer(register(), response, tried)
    assert [(field, Challenge.parse(value).param("realm")) for field, value in answers] == [
        ("Authorization", "home"),
        ("Authorization", "b"),
        ("Proxy-Authorization", "home"),
    ]
    assert client().answer(register(), refusal(SHA.replace("n1", "n9")), tried) == []  # a wrong password


def test_credentials_are_sent_unasked_for_the_home_realm_only() -> None:
    """RFC 3261 22.3: MUST NOT be cached across dialogs, but for the realm of the local outbound proxy."""
    digest = client("home")
    digest.answer(register(), refusal(SHA, 'Digest realm="cn", nonce="n2", qop="auth"'), set())
    (first,) = digest.preempt(register())
    assert Challenge.parse(first[1]).param("realm") == "home"
    assert Challenge.parse(first[1]).param("nc") == "00000002"
    in_dialog = digest.preempt(register(), register(("Authorization", 'Digest realm="cn", nonce="n2"')))
    assert [Challenge.parse(value).param("realm") for _, value in in_dialog] == ["home", "cn"]


def test_an_old_nonce_that_was_sent_unasked_is_answered_once_with_the_new_one() -> None:
    """Kamailio says no stale=true for an expired one."""
    digest = client("home")
    digest.answer(register(), refusal(SHA), set())
    unasked = register(*digest.preempt(register()))
    tried: set[tuple[str, str]] = set()
    assert digest.answer(unasked, refusal(SHA), tried) == []  # the same nonce: no use
    ((_, value),) = digest.answer(unasked, refusal(SHA.replace("n1", "n2")), tried)
    assert Challenge.parse(value).param("nc") == "00000001"
    assert digest.answer(register(), refusal(SHA.replace("n1", "n3")), tried) == []


def test_the_next_nonce_of_a_2xx_is_used() -> None:
    """RFC 7616 3.5."""
    digest = client("home")
    request = register(*digest.answer(register(), refusal(SHA), set()))
    digest.learn(request, Response(200, headers=[("Authentication-Info", 'nextnonce="n7", qop=auth')]))
    digest.learn(request, Response(200, headers=[("Authentication-Info", "rubbish")]))
    credentials = Challenge.parse(digest.preempt(register())[0][1])
    assert (credentials.param("nonce"), credentials.param("nc")) == ("n7", "00000001")


# -- the server --------------------------------------------------------------------------------------------------------


def server(**options: float) -> DigestServer:
    return DigestServer("home", {"mn": "secret"}, Random(2), **options)  # type: ignore[arg-type]


def challenge_of(digest: DigestServer, request: Request, now: float = 0.0) -> Response:
    with pytest.raises(RemoteProtocolError) as caught:
        digest.check(request, now=now)
    return Response(caught.value.status_hint, headers=caught.value.headers)


def test_a_request_without_credentials_is_challenged() -> None:
    response = challenge_of(server(), register())
    assert response.status == 401
    rows = challenges(response.headers, "www-authenticate")
    assert [row.param("algorithm") for row in rows] == ["SHA-256", "MD5"]  # RFC 8760 2.3
    assert {row.param("qop") for row in rows} == {"auth"}
    assert {row.param("stale") for row in rows} == {None}


def test_the_right_password_is_let_in_and_a_wrong_one_is_not() -> None:
    digest = server()
    response = challenge_of(digest, register())
    assert digest.check(register(*client().answer(register(), response, set())), now=1.0) == "mn"
    for account in (Account("mn", "wrong"), Account("nobody", "secret")):
        answers = DigestClient([account], Random(1)).answer(register(), response, set())
        again = challenge_of(digest, register(*answers))
        assert challenges(again.headers, "www-authenticate")[0].param("stale") is None


def test_a_proxy_says_407() -> None:
    digest = DigestServer("home", {"mn": "secret"}, Random(2), is_proxy=True)
    response = challenge_of(digest, register())
    assert response.status == 407
    answers = client().answer(register(), response, set())
    assert [field for field, _ in answers] == ["Proxy-Authorization"]
    assert digest.check(register(*answers), now=0.0) == "mn"


def test_another_method_needs_other_credentials() -> None:
    digest = server()
    answers = client().answer(register(), challenge_of(digest, register()), set())
    challenge_of(digest, Request("INVITE", "sip:home.example", answers))


def test_a_count_is_taken_once_in_any_order_within_the_window() -> None:
    """RFC 7616 3.4: requests race each other over two links."""
    digest, home = server(), client("home")
    first = register(*home.answer(register(), challenge_of(digest, register()), set()))
    later = [register(*home.preempt(register())) for _ in range(80)]
    assert digest.check(later[1], now=0.0) == "mn"
    assert digest.check(first, now=0.0) == "mn"
    assert digest.check(later[0], now=0.0) == "mn"
    for replayed in (first, later[0], later[1]):
        again = challenge_of(digest, replayed)
        assert challenges(again.headers, "www-authenticate")[0].param("stale") == "true"
    assert digest.check(later[79], now=0.0) == "mn"
    challenge_of(digest, later[2])  # too far behind to tell
    assert digest.check(later[70], now=0.0) == "mn"


def test_an_old_nonce_is_stale() -> None:
    """RFC 7616 3.3: stale=true, as the password was right; and what was seen under it is forgotten."""
    digest = server(lifetime=10.0)
    request = register(*client().answer(register(), challenge_of(digest, register()), set()))
    assert digest.check(request, now=9.0) == "mn"
    again = challenge_of(digest, request, now=11.0)
    assert challenges(again.headers, "www-authenticate")[0].param("stale") == "true"
    fresh = register(*client().answer(register(), again, set()))
    assert digest.check(fresh, now=12.0) == "mn"
    assert len(digest._seen) == 1


def test_a_nonce_in_its_second_half_gets_a_successor_and_holds_to_its_end() -> None:
    """RFC 7616 3.5."""
    digest, home = server(lifetime=10.0), client("home")
    first = register(*home.answer(register(), challenge_of(digest, register()), set()))
    second, late = register(*home.preempt(register())), register(*home.preempt(register()))
    assert digest.check(first, now=5.0) == "mn"
    assert digest.next_nonce(first, now=5.0) == []
    assert digest.check(second, now=5.1) == "mn"
    home.learn(second, Response(200, headers=digest.next_nonce(second, now=5.1)))
    later = register(*home.preempt(register()))
    assert Challenge.parse(later.headers.get("authorization") or "").param("nc") == "00000001"
    assert digest.check(late, now=9.9) == "mn"
    assert digest.check(later, now=15.0) == "mn"
    challenge_of(digest, later, now=15.2)


def test_the_next_nonce_of_a_proxy_has_a_field_of_its_own() -> None:
    digest, home = DigestServer("home", {"mn": "secret"}, Random(2), is_proxy=True, lifetime=10.0), client("home")
    request = register(*home.answer(register(), challenge_of(digest, register()), set()))
    ((name, _),) = digest.next_nonce(request, now=9.0)
    assert name == "Proxy-Authentication-Info"
    home.learn(request, Response(200, headers=digest.next_nonce(request, now=9.0)))
    assert digest.check(register(*home.preempt(register())), now=11.0) == "mn"


@pytest.mark.parametrize("nonce", ["0-0-0", "zz-1-2", "\udc80-1-2"])
def test_a_nonce_of_somebody_else_has_no_successor(nonce: str) -> None:
    credentials = ("Authorization", f'Digest username="mn", realm="home", nonce="{nonce}"')
    assert server().next_nonce(register(credentials), now=0.0) == []


@pytest.mark.parametrize("nonce", ["", "0-0-0", "zz-1-2", "ffffffffff-1-2", "\udc80-1-2"])
def test_a_nonce_of_somebody_else_is_stale(nonce: str) -> None:
    digest = server()
    response = refusal(f'Digest realm="home", nonce="{nonce or "x"}", qop="auth", algorithm=SHA-256')
    challenge_of(digest, register(*client().answer(register(), response, set())))


# -- in calls ----------------------------------------------------------------------------------------------------------


def guarded() -> tuple[Network, Node, Node]:
    """A correspondent that lets nobody in without a password, and a mobile node that has it."""
    network = Network()
    mn = network.node("mn", interfaces={"wifi": "10.0.1.1", "umts": "10.0.2.1"})
    cn = network.node("cn", interfaces={"eth0": "10.0.9.1"})
    mn.ua._core.credentials = DigestClient([Account("mn", "secret")], Random(1), ["home"])
    digest = server()

    def on_invite(event: events.IncomingInvite) -> None:
        try:
            event.session.user = digest.check(event.request, now=network.now)
        except RemoteProtocolError as error:
            event.session.reject(error.status_hint, headers=error.headers, now=network.now)
        else:
            event.session.accept(ANSWER, now=network.now)

    def on_reinvite(event: events.ReinviteReceived) -> None:
        try:
            digest.check(event.request, now=network.now)
        except RemoteProtocolError as error:
            event.session.reject_reinvite(error.status_hint, headers=error.headers, now=network.now)
        else:
            event.session.accept_reinvite(ANSWER, now=network.now)

    cn.on(events.IncomingInvite, on_invite)
    cn.on(events.ReinviteReceived, on_reinvite)
    return network, mn, cn


def test_a_challenged_invite_is_sent_again_with_credentials() -> None:
    network, mn, cn = guarded()
    session = mn.call(cn)
    network.run()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "401 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    first, second = network.messages("INVITE")
    assert (first.call_id, first.from_, first.to) == (second.call_id, second.from_, second.to)
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    # 13.2.2.4: the ACK has the credentials of the INVITE
    assert network.request("ACK").headers.get_all("authorization") == second.headers.get_all("authorization")
    assert session.invite == second
    assert cn.seen(events.IncomingInvite)[-1].session.user == "mn"


def test_the_move_to_the_other_interface_costs_no_round_trip_for_the_challenge() -> None:
    """One counter for both interfaces: the credentials go out unasked, with the next nc."""
    network, mn, cn = guarded()
    session = mn.call(cn)
    network.run()
    start = len(network.sent)
    session.reinvite(MOVED, local=mn.addresses["umts"], contact=mn.addresses["umts"], now=network.now)
    network.run()
    new = mn.call(cn, via="umts")
    network.run()
    assert network.flow(start) == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"] * 2
    assert Challenge.parse(new.invite.headers.get("authorization") or "").param("nc") == "00000003"


def test_a_challenged_reinvite_and_bye_keep_the_numbers_of_the_dialog() -> None:
    network, mn, cn = guarded()
    mn.ua._core.credentials = DigestClient([Account("mn", "secret")], Random(1))
    session = mn.call(cn)
    network.run()
    strict = server()
    cn.on(
        events.ReinviteReceived,
        lambda event: event.session.reject_reinvite(
            401, headers=challenge_of(strict, register()).headers, now=network.now
        ),
    )
    session.reinvite(MOVED, now=network.now)
    network.run()
    assert [str(message.cseq) for message in network.messages("INVITE")] == [f"{n} INVITE" for n in (1, 2, 3, 4)]
    assert mn.only(events.ReinviteRejected).status == 401  # after one try
    assert session.confirmed_dialog.local_cseq == 4
    session.bye(now=network.now)
    network.run()
    assert str(network.request("BYE").cseq) == "5 BYE"
    assert network.request("BYE").headers.get("authorization") is not None


def test_a_wrong_password_is_given_up_after_one_try() -> None:
    network, mn, cn = guarded()
    mn.ua._core.credentials = DigestClient([Account("mn", "wrong")], Random(1), ["home"])
    mn.call(cn)
    network.settle()
    assert [label for label in network.flow() if label.startswith("INVITE")] == ["INVITE mn.wifi -> cn"] * 2
    assert mn.only(events.InviteRejected).status == 401


# -- requests outside of calls -----------------------------------------------------------------------------------------


def registrar() -> tuple[Network, Node, Node]:
    network = Network()
    mn = network.node("mn", interfaces={"wifi": "10.0.1.1", "umts": "10.0.2.1"})
    home = network.node("home", interfaces={"eth0": "10.0.9.1"}, abilities=Abilities(methods=("REGISTER",)))
    mn.ua._core.credentials = DigestClient([Account("mn", "secret")], Random(1), ["home"])
    digest = server()

    def on_request(event: events.RequestReceived) -> None:
        try:
            digest.check(event.server_request.request, now=network.now)
        except RemoteProtocolError as error:
            event.server_request.respond(error.status_hint, headers=error.headers, now=network.now)
        else:
            contact = event.server_request.request.headers.get("contact") or ""
            event.server_request.respond(200, headers=[("Contact", contact)], now=network.now)

    home.on(events.RequestReceived, on_request)
    return network, mn, home


def send_register(mn: Node, home: Node, via: str, after: ClientRequest | None = None) -> ClientRequest:
    local = mn.addresses[via]
    ask = Ask(
        "REGISTER",
        "sip:home.example",
        "sip:mn@home.example",
        "sip:mn@home.example",
        headers=(("Contact", f"<sip:mn@{local.hostport}>;expires=60"),),
    )
    return mn.ua.request(ask, local=local, remote=home.address, now=mn.network.now, after=after)


def test_register_over_one_interface_then_over_the_other() -> None:
    network, mn, home = registrar()
    first = send_register(mn, home, "wifi")
    network.run()
    second = send_register(mn, home, "umts", after=first)
    network.run()
    assert network.flow() == [
        "REGISTER mn.wifi -> home",
        "401 REGISTER home -> mn.wifi",
        "REGISTER mn.wifi -> home",
        "200 REGISTER home -> mn.wifi",
        "REGISTER mn.umts -> home",
        "200 REGISTER home -> mn.umts",
    ]
    assert [event.client_request for event in mn.seen(events.ResponseReceived)] == [first, second]
    assert first.request.call_id == second.request.call_id
    assert [message.cseq.number for message in network.messages("REGISTER")] == [1, 2, 3]
    assert mn.seen(events.ResponseReceived)[1].response.contacts[0].param("expires") == "60"


def test_a_registrar_that_says_nothing() -> None:
    network, mn, home = registrar()
    network.lose("REGISTER", times=-1)
    request = send_register(mn, home, "wifi")
    network.settle()
    assert mn.only(events.RequestFailed) == (request, 408)
