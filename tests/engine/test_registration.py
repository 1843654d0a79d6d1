"""The MN and its registrar in the lab: what the captures at the MN's interfaces show."""

import json
from pathlib import Path

import pytest

from agents.sip.digest.challenge import challenges
from agents.sip.message.message import Request, Response

from .command import DATA, run_scenario
from .sip_packets import Captured, sip_messages

REALM = "registrar.home.example"
HOME, WIFI, UMTS = "10.10.0.2", "10.1.0.2", "10.2.0.2"
#: A REGISTER and its answer over each link, the first one challenged.
BOTH = [(WIFI, "REGISTER"), (WIFI, "401"), (WIFI, "REGISTER"), (WIFI, "200"), (UMTS, "REGISTER"), (UMTS, "200")]


class Run:
    """A call with a handover, beside a registrar that supports this."""

    def __init__(self, registrar: str, folder: Path) -> None:
        folder.mkdir()
        text = (DATA / "registered.yaml").read_text().replace("registrar: proactive", f"registrar: {registrar}")
        (folder / "registered.yaml").write_text(text.replace("fading-soon.yaml", str(DATA / "fading-soon.yaml")))
        self.result = run_scenario(folder / "registered.yaml", folder / "run")
        captures = [folder / "run" / "captures" / f"{name}.pcap" for name in ("mn-wifi", "mn-umts")]
        self.messages = sorted((one for path in captures for one in sip_messages(path)), key=lambda one: one.time_ns)
        lines = (folder / "run" / "events.jsonl").read_text().splitlines()
        self.events = [json.loads(line) for line in lines]

    @property
    def done_ns(self) -> int:
        """When the handover had succeeded."""
        return next(int(one["time_ns"]) for one in self.events if one["event"] == "handover_done")

    def registering(self, *, after: bool) -> list[Captured]:
        """Messages from and to the registrar before the handover's end, or after it."""
        with_registrar = [one for one in self.messages if HOME in {one.source, one.destination}]
        return [one for one in with_registrar if (one.time_ns > self.done_ns) == after]


def chart(messages: list[Captured]) -> list[tuple[str, str]]:
    """Over which address of the MN, and what."""
    return [
        (one.source, one.message.method)
        if isinstance(one.message, Request)
        else (one.destination, str(one.message.status))
        for one in messages
    ]


def if_numbers(messages: list[Captured]) -> list[list[str | None]]:
    """if_no of each Contact, for each 200."""
    answers = [one.message for one in messages if isinstance(one.message, Response) and one.message.status == 200]
    return [[contact.param("if_no") for contact in answer.contacts] for answer in answers]


def contacts(messages: list[Captured]) -> list[list[tuple[str, str | None]]]:
    """Host and if_q of each Contact, for each REGISTER that was not challenged."""
    requests = [one.message for one in messages if isinstance(one.message, Request)]
    return [
        [(contact.uri.partition("@")[2], contact.param("if_q")) for contact in request.contacts]
        for request in requests
        if "authorization" in request.headers
    ]


@pytest.fixture(scope="module")
def proactive(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run("proactive", tmp_path_factory.mktemp("registered") / "proactive")


def test_both_interfaces_are_registered_before_the_call(proactive: Run) -> None:
    """Paper, Figure 5: if_no counts them."""
    before = proactive.registering(after=False)
    assert chart(before) == BOTH
    assert contacts(before) == [[(f"{WIFI}:5060", "1.0")], [(f"{UMTS}:5060", "0.5")]]
    assert if_numbers(before) == [["1"], ["2", "2"]]
    invite = next(one for one in proactive.messages if chart([one]) == [(WIFI, "INVITE")])
    assert before[-1].time_ns < invite.time_ns


def test_the_registration_is_renewed_after_the_handover(proactive: Run) -> None:
    """Paper 4.1, 4.4: the backup interface is the main one now, with a new ua_id; nobody asks for credentials again."""
    after = proactive.registering(after=True)
    assert chart(after) == [(UMTS, "REGISTER"), (UMTS, "200"), (WIFI, "REGISTER"), (WIFI, "200")]
    assert contacts(after) == [[(f"{UMTS}:5060", "1.0")], [(f"{WIFI}:5060", "0.5")]]
    assert if_numbers(after) == [["1"], ["2", "2"]]


def test_one_nonce_counter_over_both_interfaces(proactive: Run) -> None:
    requests = [one.message for one in proactive.messages if chart([one])[0][1] == "REGISTER"]
    sent = [one for request in requests for one in challenges(request.headers, "authorization")]
    assert [one.param("nc") for one in sent] == ["00000001", "00000002", "00000003", "00000004"]
    assert {one.param("realm") for one in sent} == {REALM}
    assert [request.cseq.number for request in requests] == [1, 2, 3, 4, 5]


def test_credentials_for_one_are_not_shown_to_the_other(proactive: Run) -> None:
    """The CN asks callers for theirs (paper 4.3); the registrar's have no business there."""
    invites = [one.message for one in proactive.messages if chart([one])[0][1] in {"INVITE", "BYE"}]
    realms = {one.param("realm") for invite in invites for one in challenges(invite.headers, "authorization")}
    assert realms == {"cn.example"}


def test_the_call_does_not_mind(proactive: Run) -> None:
    """Registering is counted as signalling, and is neither the handover nor part of the call."""
    result = proactive.result
    assert result["warnings"] == []
    assert (result["handover"]["old_path"], result["handover"]["new_path"]) == ("wifi", "umts")
    methods = [one["method"] for one in result["transactions"]]
    assert methods.count("REGISTER") == 5
    assert [one["status"] for one in result["transactions"] if one["method"] == "REGISTER"] == [401, 200, 200, 200, 200]
    assert result["signalling"]["messages"] == len(proactive.messages)
    assert result["signalling"]["setup_ms"] < 100
    assert "register_refused" not in [one["event"] for one in proactive.events]


def test_a_plain_registrar_gets_the_main_address(tmp_path: Path) -> None:
    """It says nothing of if_no, and the MN goes on as any SIP phone does."""
    run = Run("plain", tmp_path / "plain")
    assert chart(run.registering(after=False)) == BOTH[:4]
    after = run.registering(after=True)
    assert chart(after) == [(UMTS, "REGISTER"), (UMTS, "200")]
    request = after[0].message
    assert [str(one) for one in request.contacts] == [f"<sip:mn@{UMTS}:5060>", f"<sip:mn@{WIFI}:5060>;expires=0"]
    assert [one.uri for one in after[1].message.contacts] == [f"sip:mn@{UMTS}:5060"]


def test_flows_of_an_outbound_registrar(tmp_path: Path) -> None:
    """RFC 5626: the same two interfaces as flows of one instance."""
    run = Run("outbound", tmp_path / "outbound")
    assert chart(run.registering(after=False)) == BOTH
    answers = [one.message for one in run.registering(after=True) if isinstance(one.message, Response)]
    assert [answer.tags("require") for answer in answers] == [["outbound"], ["outbound"]]
    flows = [(one.param("reg-id"), one.param("q")) for one in answers[-1].contacts]
    assert flows == [("2", "1.0"), ("1", "0.5")]
    assert len({one.param("+sip.instance") for one in answers[-1].contacts}) == 1


def bindings(run: Run) -> list[list[tuple[str, str | None]]]:
    """The host and reg-id of each Contact in each 200, before the handover and after."""
    answers = [one.message for after in (False, True) for one in run.registering(after=after)]
    return [
        [(contact.uri.partition("@")[2].partition(":")[0], contact.param("reg-id")) for contact in answer.contacts]
        for answer in answers
        if isinstance(answer, Response) and answer.status == 200
    ]


def test_kamailio_is_silent_about_if_no_and_the_mn_falls_back(tmp_path: Path) -> None:
    """Paper 4.1: no if_no means that the registrar does not support it; the MN then registers its main address."""
    run = Run("kamailio", tmp_path / "kamailio")
    assert run.result["warnings"] == []
    before, after = run.registering(after=False), run.registering(after=True)
    assert chart(before) == BOTH[:4]
    asked = [one.message for one in before if isinstance(one.message, Request)]
    assert all(contact.param("ua_id") for request in asked for contact in request.contacts)
    assert if_numbers(before) == [[None]]
    assert chart(after) == [(UMTS, "REGISTER"), (UMTS, "200")]
    assert not after[0].message.contacts[0].param("ua_id")
    assert bindings(run) == [[(WIFI, None)], [(UMTS, None)]]
    told = [(one["link"], one["style"]) for one in run.events if one["event"] == "registered"]
    assert told == [("wifi", "plain"), ("umts", "plain")]


def test_flows_at_kamailio(tmp_path: Path) -> None:
    """RFC 5626, as somebody else has read it."""
    run = Run("kamailio-outbound", tmp_path / "kamailio")
    assert run.result["warnings"] == []
    assert chart(run.registering(after=False)) == BOTH
    both = [(UMTS, "2"), (WIFI, "1")]
    assert [sorted(one, reverse=True) for one in bindings(run)] == [[(WIFI, "1")], both, both, both]
    answers = [one.message for one in run.registering(after=True) if isinstance(one.message, Response)]
    assert [answer.tags("require") for answer in answers] == [["outbound"], ["outbound"]]
