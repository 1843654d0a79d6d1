"""A world in memory for the two roles: their links, one virtual clock, a radio, and the kernel's news.

A fake, not a mock: real roles, real bytes; only wires and clock are made up. It does what `agents.io.driver` does, and
is as strict: nothing leaves from an address that was not opened, and none is opened that the node does not have.
`flow()` is the message chart of SIP: `"INVITE mn.umts -> cn"`, or `-x` where it got lost.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from agents.__main__ import recorded
from agents.roles.b2bua.back_to_back import BackToBack
from agents.roles.cn.correspondent_node import CorrespondentNode
from agents.roles.mn.mobile_node import MobileNode
from agents.roles.mn.schemes import SCHEMES, Home
from agents.roles.registrar.registrar_node import RegistrarNode
from agents.roles.role import Attach, Close, Open, Splice, Tell
from agents.rtp.rtcp import parse_compound
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import is_stun
from agents.turn import TURN_PORT

from .air import UMTS, WIFI, Host, Link, Way
from .roles.ice_relay import IceRelay, describe_check
from .roles.learning_relay import LearningRelay
from .roles.turn_server import TurnServer, describe_turn, speech_in
from .sip.network import Sent, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.rtp.playout_events import PlayoutEvent
    from agents.rtp.rtcp import RtcpPacket

    from .translating import FakeNat

CN_IP = "10.0.9.1"
HOME_IP, REGISTRAR_IP = "10.0.8.1", "10.0.7.1"
#: Who has no business here; see `World.forge`.
ATTACKER_IP = "10.0.6.6"
ATTACKER = Address(ATTACKER_IP, 5060)
NAMES = {CN_IP: "cn", HOME_IP: "home", REGISTRAR_IP: "registrar", ATTACKER_IP: "attacker"}
#: Between hosts that have no radio.
WIRE_S = 0.0002
SPEECH = bytes(range(256)) * 5
#: Triggers: the signal falls below -60 dBm, or the kernel says that the link is gone.
FALLING: dict[str, Any] = {"on": "signal", "below": -60.0}
LINK_DOWN: dict[str, Any] = {"on": "link-down"}


class World:
    """A call from `mn`, over `wifi` and perhaps `umts`, to `cn`. Time zero is the start of the scenario."""

    def __init__(  # noqa: C901, PLR0915 - all that there is in a world
        self, scheme: str = "handover-cn", *, trigger: dict[str, Any] = FALLING, call_s: float | None = 20.0,
        seed: int = 1, is_wifi_attached: bool = True, is_umts_attached: bool = True, wifi: Way = WIFI, umts: Way = UMTS,
        cn: type[CorrespondentNode] = CorrespondentNode, supports_handover: bool = True, home: bool | None = None,
        always_bridges: bool = False, registrar: str | None = None, is_guarded: bool = False,
        room: dict[str, int] | None = None, codecs: dict[str, list[str]] | None = None, speech: bytes = SPEECH,
        relay_learns: bool = True, duplication: str | dict[str, str] = "same-ssrc", session_timer: int | None = None,
        copies: str = "on-silence", turn: TurnServer | None = None, ice: tuple[str, ...] = (),
        nats: dict[str, FakeNat] | None = None, ptime_ms: int = 20,
    ) -> None:  # fmt: skip
        """`home`: whether the call goes by way of a B2BUA, which the scheme says if nobody else does.

        `relay_learns`: under `media-handover`, whether the relay in the B2BUA's place does what it is there for.
        `registrar`: what it supports; None: there is none.
        `room`: how many handovers "cn" takes at once, how many calls "b2bua" bridges.
        `codecs`: those of "mn" and "cn", PCMU if nothing is said; `speech` is what both say, µ-law.
        `duplication`: of both, or of each; `session_timer`: seconds, of all who speak SIP.
        `copies`: when media go to a dialog that stands by.
        `turn`: the server of a scheme that goes by way of one, if not one that does as it should.
        `ice`: habits of the relay that is the node's peer in checks.
        `nats`: what translates addresses, by link. `ptime_ms`: how much speech is in a packet.
        `is_guarded`: whether the CN lets its caller prove who it is, or, for calls from home, where it is.
        """
        self.now = 0.0
        self.wifi = Link("wifi", "10.0.1.1", wifi, is_attached=is_wifi_attached)
        self.umts = Link("umts", "10.0.2.1", umts, is_attached=is_umts_attached)
        self.links = {"wifi": self.wifi, "umts": self.umts}
        is_relayed, checks_pairs = SCHEMES[scheme].home is Home.RELAY, SCHEMES[scheme].checks_pairs
        is_by_turn = SCHEMES[scheme].home is Home.TURN
        goes_home = SCHEMES[scheme].home not in {Home.NOBODY, Home.TURN} if home is None else home
        timer = {} if session_timer is None else {"session_timer_s": session_timer}
        account = {"address": HOME_IP, "port": 5060, "user": "mn", "password": "secret", "realm": "home.example"}
        config: dict[str, Any] = {
            "links": {name: {"interface": f"mn-{name}", "address": link.address} for name, link in self.links.items()},
            "first_link": "wifi", "second_link": "umts", "user": "mn",
            "peer": {"user": "cn", "address": CN_IP, "port": 5060, **timer},
            "call": {"start_s": 0.0, "duration_s": call_s}, "scheme": scheme, "trigger": trigger,
            "home": account if goes_home else None, "copies": copies,
            "networks": {name: {"delay_s": link.up.delay + link.down.delay} for name, link in self.links.items()},
        }  # fmt: skip
        config["checks_pairs"] = checks_pairs
        config["peer"] |= {"keeps_alive": True} if nats else {}
        if is_by_turn:
            config["turn"] = {**account, "port": TURN_PORT}
        where = {"address": REGISTRAR_IP, "port": 5060, "domain": "home.example"}
        if registrar is not None:
            style = "outbound" if registrar == "outbound" else "proactive"
            who = {"user": "mn", "password": "secret", "realm": "registrar.home.example", "instance": "urn:uuid:1"}
            config["registrar"] = {**where, **who, "style": style, "expires_s": 3600}
        about_cn: dict[str, Any] = {
            "address": CN_IP,
            "supports_handover": supports_handover,
            "room": (room or {}).get("cn"),
        }
        about_cn |= timer
        for side, about_side in (("mn", config), ("cn", about_cn)):
            about_side["codecs"] = (codecs or {}).get(side, ["PCMU"])
            about_side["ptime_ms"] = ptime_ms
            about_side["recorded"] = recorded(side, about_side["codecs"], ptime_ms)
            about_side["duplication"] = duplication if isinstance(duplication, str) else duplication[side]
        if is_guarded and not goes_home:
            config["peer"]["account"] = {"user": "mn", "password": "secret", "realm": "cn.example"}
            about_cn |= {"realm": "cn.example", "users": {"mn": "secret", "other": "else"}}
        elif is_guarded:
            about_cn["caller_stays"] = True
        #: What packets meant for the node had no way to it: its address inside, or a port that is not open for them.
        self.refused: list[Datagram] = []
        self.nats: dict[str, FakeNat] = nats or {}
        self.mn = MobileNode(config, speech, Random(f"{seed}/mn"))
        self.cn = cn(about_cn, speech, Random(f"{seed}/cn"))
        self.hosts = {"mn": Host(self.mn), "cn": Host(self.cn)}
        if is_relayed:
            relay = IceRelay(HOME_IP, CN_IP, *ice) if checks_pairs else None
            self.hosts["home"] = Host(relay or LearningRelay(HOME_IP, CN_IP, learns=relay_learns))
        elif is_by_turn:
            self.hosts["home"] = Host(turn or TurnServer(HOME_IP))
        elif goes_home:
            about = {"address": HOME_IP, "realm": "home.example", "users": {"mn": "secret", "other": "else"},
                     "always_bridges": always_bridges, "room": (room or {}).get("b2bua"),
                     "ptime_ms": ptime_ms, **timer}  # fmt: skip
            self.b2bua = BackToBack(about, Random(f"{seed}/b2bua"))
            self.hosts["home"] = Host(self.b2bua)
        if registrar is not None:
            policy = {} if registrar == "plain" else {f"is_{registrar}": True}
            users = {"realm": "registrar.home.example", "users": {"mn": "secret"}}
            self.registrar = RegistrarNode({**where, **users, "policy": policy}, Random(f"{seed}/registrar"))
            self.hosts["registrar"] = Host(self.registrar)
        #: SIP, and speech: (time, sequence number, sender, receiver).
        self.sent: list[Sent] = []
        self.spoken: list[tuple[float, int, str, str]] = []
        #: What is asked of a TURN server, or in checks, and answered: as `flow` has it, with the time; lost ones too.
        self.turned: list[tuple[float, str]] = []
        #: Keep-alives of signalling, and answers to them: (time, from whom to whom).
        self.kept: list[tuple[float, str]] = []
        #: RTCP: (time, sender, receiver, what).
        self.reported: list[tuple[float, str, str, list[RtcpPacket]]] = []
        #: The last packet of speech of each host.
        self.last_speech: dict[str, bytes] = {}
        #: The datagrams of media that each host got.
        self.got: dict[str, list[bytes]] = {}
        #: Changes bytes on the way, by label.
        self.edits: dict[str, Callable[[bytes], bytes]] = {}
        self._rng = Random(f"{seed}/network")
        self._losses: list[dict[str, Any]] = []
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = 0
        for link in self.links.values():
            self.mn.link_changed(link.news(), now=self.now)
        self.mn.start(now=self.now)
        self._flush()

    # -- what happens in it -------------------------------------------------------------------------------------------

    def lose(self, label: str, *, on: str | None = None, times: int = 1) -> None:
        """Loses the next SIP datagrams with this label (`"BYE"`, `"200 INVITE"`, `"*"`); -1 times is for ever."""
        self._losses.append({"label": label, "on": on, "times": times})

    def at(self, at: float, action: Callable[[], object]) -> None:
        """Has something happen at a time."""
        self._order += 1
        heappush(self._due, (at, self._order, action))

    def report(self, host: str, **report: object) -> None:
        """A line from the radio or the user."""
        self.hosts[host].role.receive_report(report, now=self.now)
        self._flush()

    def signal(self, dbm: float = -70.0, link: str = "wifi") -> None:
        self.report("mn", report="signal", link=link, signal_dbm=dbm)

    def forge(self, host: str, data: bytes, local: Address | None = None, source: Address = ATTACKER) -> list[str]:
        """A datagram from nowhere, SIP unless `local` says where else it goes to; the chart of what comes back."""
        role, since = self.hosts[host].role, len(self.sent)
        ip = {"cn": CN_IP, "home": HOME_IP, "mn": self.wifi.address}[host]
        role.receive_datagram(data, local=local or Address(ip, 5060), remote=source, now=self.now)
        self._flush()
        return [str(line) for line in self.sent[since:]]

    def hang_up(self, host: str) -> None:
        self.report(host, report="hang-up")

    def cut(self, link: str, *, noticed_after: float | None = None) -> None:
        """From now on what is on the way or sent vanishes; the kernel notices so much later, or never."""
        self.links[link].is_cut = True
        if noticed_after is not None:
            self.at(self.now + noticed_after, lambda: self.drop_carrier(link))

    def drop_carrier(self, link: str) -> None:
        """The kernel says that the link is gone; its address stays."""
        self.links[link].is_cut, self.links[link].has_carrier = True, False
        self._tell_news(link)

    def restore(self, link: str) -> None:
        """The link is there: carrier, then address, then a route, each with its own news."""
        self.links[link].is_cut, self.links[link].has_carrier = False, True
        self._tell_news(link, is_routed=False)
        self.links[link].is_configured = True
        self._tell_news(link, is_routed=False)
        self._tell_news(link)

    def _tell_news(self, link: str, *, is_routed: bool = True) -> None:
        self.mn.link_changed(self.links[link].news(is_routed=is_routed), now=self.now)
        self._flush()

    # -- time ---------------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Lets so much time pass."""
        end = self.now + seconds
        while (at := self._next_at()) is not None and at <= end:
            self._advance(at)
        self.now = end

    def run_until(self, is_so: Callable[[], bool], limit: float = 60.0) -> float:
        """Lets time pass until something is so; fails when it is not within so many seconds. Returns the time."""
        end = self.now + limit
        while not is_so():
            at = self._next_at()
            assert at is not None, f"nothing will happen any more: {self.flow()}"
            assert at <= end, f"not within {limit} s: {self.state} {self.flow()}"
            self._advance(at)
        return self.now

    def run_to(self, state: str) -> float:
        """Until the scheme is in that state."""
        return self.run_until(lambda: self.state == state)

    def settle(self, limit: float = 300.0) -> None:
        """Until nothing waits for anything."""
        end = self.now + limit
        while (at := self._next_at()) is not None:
            assert at <= end, f"not within {limit} s: {self.state} {self.flow()}"
            self._advance(at)

    # -- what was seen ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.mn._scheme.state

    def flow(self, since: float = 0.0) -> list[str]:
        """The chart of SIP, from a time on."""
        return [str(line) for line in self.sent if line.at >= since]

    def message(self, label: str) -> Any:  # noqa: ANN401 - a request or a response, as the label says
        """The last message under a label."""
        return next(line.message for line in reversed(self.sent) if line.label == label)

    def speech(self, sender: str, receiver: str, since: float = 0.0) -> list[int]:
        """The sequence numbers that went from `"mn.umts"` to `"cn"`, lost ones too."""
        return [number for at, number, *ends in self.spoken if ends == [sender, receiver] and at >= since]

    def told(self, event: str, host: str = "mn") -> list[dict[str, Any]]:
        """The facts of every event of this name."""
        return [tell.facts for _, tell in self.hosts[host].told if tell.event == event]

    def heard(self, host: str) -> list[PlayoutEvent]:
        """What the listener heard up to the last packet that came."""
        while event := self.hosts[host].media.receiver.playout.next_event():
            self.hosts[host].heard.append(event)
        return self.hosts[host].heard

    def assert_nothing_left(self) -> None:
        """No session, transaction, timer or leg on either side."""
        for name, host in self.hosts.items():
            if isinstance(host.role, LearningRelay):
                continue
            core = host.ua._core
            left = (host.ua.sessions, core.transactions.live(), core.timers.running())
            assert left == ([], [], []), name
            assert host.legs == [], name
            assert host.role.get_timer() is None, name
        assert not self.mn._call.has_sessions
        assert not self.cn._legs

    # -- inside -------------------------------------------------------------------------------------------------------

    def _next_at(self) -> float | None:
        first = self._due[0][0] if self._due else None
        for host in self.hosts.values():
            host.timer = host.role.get_timer()
            if host.timer is not None and (first is None or host.timer < first):
                first = host.timer
        return first

    def _advance(self, at: float) -> None:
        self.now = max(self.now, at)
        if self._due and self._due[0][0] <= self.now:  # timers that are due too are the next thing to happen
            while self._due and self._due[0][0] <= self.now:
                heappop(self._due)[2]()
                self._flush()
            return
        is_as_asked = True  # `_next_at` has asked them all, and nothing has happened since
        for host in self.hosts.values():
            if (timer := host.timer if is_as_asked else host.role.get_timer()) is not None and timer <= self.now:
                is_as_asked = False
                host.role.handle_timer(now=self.now)
                self._flush()
                assert (again := host.role.get_timer()) is None or again > self.now, "a timer that is due for ever"

    def _flush(self) -> None:
        """As the driver: commands first, a datagram may leave from a socket that is to be opened."""
        for host in self.hosts.values():
            self._obey(host)
            while datagrams := host.role.datagrams_to_send():
                for datagram in datagrams:
                    self._carry(host, datagram)
                self._obey(host)

    def _obey(self, host: Host) -> None:
        while (command := host.role.next_command()) is not None:
            if isinstance(command, Tell):
                host.told.append((self.now, command))
            elif isinstance(command, Open):
                addresses = {link.address for link in self.links.values() if link.is_configured}
                assert command.local.ip in (addresses if host.role is self.mn else {self._ip(host)})
                host.open.add(command.local)
            elif isinstance(command, Close):
                host.open.discard(command.local)
                host.splices.pop(command.local, None)
            elif isinstance(command, Splice):
                host.splices[command.local] = command
            elif isinstance(command, Attach) and (seconds := self.links[command.link].attach_s) is not None:
                self.at(self.now + seconds, lambda link=command.link: self.restore(link))  # type: ignore[misc]

    def _carry(self, host: Host, datagram: Datagram) -> None:
        assert datagram.local in host.open
        is_up = host.role is self.mn
        if not is_up and datagram.remote.ip in NAMES:
            self._carry_on_wire(datagram)
            return
        if not is_up and self.nats:
            entered = self._entered(datagram)
            if entered is None:
                self.refused.append(datagram)
                return
            datagram = entered
        ip = datagram.local.ip if is_up else datagram.remote.ip
        link = next(link for link in self.links.values() if link.address == ip)
        if is_up and link.is_refusing:
            host.role.send_failed(datagram, now=self.now)
            return
        here, there = f"mn.{link.name}", self._name(datagram.remote.ip if is_up else datagram.local.ip)
        way, sender, receiver = (link.up, here, there) if is_up else (link.down, there, here)
        is_lost = link.is_cut or self._rng.random() < way.loss
        data, is_lost = self._noted(datagram, sender, receiver, on=link.name, is_lost=is_lost)
        if not is_lost:
            arrival = self.now + way.delay + self._rng.uniform(-way.jitter, way.jitter)
            nat = self.nats.get(link.name)
            if is_up and nat is not None:
                datagram = datagram._replace(local=nat.leave(datagram.local, datagram.remote))
            self.at(arrival, lambda: self._deliver(link, datagram._replace(data=data)))

    def _entered(self, datagram: Datagram) -> Datagram | None:
        """What comes to the node through a NAT, if anything does."""
        for name, link in self.links.items():
            nat = self.nats.get(name)
            if nat is None and datagram.remote.ip == link.address:
                return datagram
            if nat is not None and datagram.remote.ip == nat.address:
                inner = nat.enter(datagram.remote, datagram.local)
                return None if inner is None else datagram._replace(remote=inner)
        return None

    def _carry_on_wire(self, datagram: Datagram) -> None:
        sender, receiver = self._name(datagram.local.ip), self._name(datagram.remote.ip)
        data, is_lost = self._noted(datagram, sender, receiver, on="wire", is_lost=False)
        if not is_lost:
            self.at(self.now + WIRE_S, lambda: self._deliver(None, datagram._replace(data=data)))

    def _noted(
        self, datagram: Datagram, sender: str, receiver: str, *, on: str, is_lost: bool
    ) -> tuple[bytes, bool]:  # fmt: skip
        """Keeps what is sent for the charts; returns what of it arrives, and whether it gets lost."""
        data = datagram.data
        if TURN_PORT in {datagram.local.port, datagram.remote.port}:
            inner = speech_in(data) if describe_turn(data) != "?" else None
            if inner is None:
                is_lost |= self._is_meant(describe_turn(data), on)
                arrow = "-x" if is_lost else "->"
                self.turned.append((self.now, f"{describe_turn(data)} {sender} {arrow} {receiver}"))
            elif (datagram.local.port + datagram.remote.port - TURN_PORT) % 2 == 0:
                self.spoken.append((self.now, int.from_bytes(inner[2:4], "big"), sender, receiver))
            return data, is_lost
        if is_stun(data) and 5060 in {datagram.local.port, datagram.remote.port}:
            self.kept.append((self.now, f"{sender} {'-x' if is_lost else '->'} {receiver}"))
            return data, is_lost
        if is_stun(data):
            is_lost |= self._is_meant(describe_check(data), on)
            self.turned.append((self.now, f"{describe_check(data)} {sender} {'-x' if is_lost else '->'} {receiver}"))
            return data, is_lost
        if datagram.local.port % 2:
            self.reported.append((self.now, sender, receiver, parse_compound(data)))
            return data, is_lost
        if datagram.local.port != 5060:
            self.spoken.append((self.now, int.from_bytes(data[2:4], "big"), sender, receiver))
            self.last_speech[sender.partition(".")[0]] = data
            return data, is_lost
        label, message = describe(data)
        is_lost |= self._is_meant(label, on)
        self.sent.append(Sent(self.now, label, sender, receiver, is_lost, message))
        return self.edits.get(label, bytes)(data), is_lost

    def _name(self, ip: str) -> str:
        return NAMES[ip]

    def _ip(self, host: Host) -> str:
        name = next(name for name, one in self.hosts.items() if one is host)
        return next(ip for ip, known in NAMES.items() if known == name)

    def _is_meant(self, label: str, link: str) -> bool:
        for rule in self._losses:
            if rule["times"] and rule["label"] in {label, "*"} and rule["on"] in {link, None}:
                rule["times"] -= 1
                return True
        return False

    def _deliver(self, link: Link | None, datagram: Datagram) -> None:
        for host in self.hosts.values():
            if datagram.remote not in host.open or (link is not None and link.is_cut):
                continue
            if datagram.remote.port % 2 == 0 and datagram.remote.port != 5060:
                self.got.setdefault(next(name for name, one in self.hosts.items() if one is host), []).append(
                    datagram.data
                )
            splice = host.splices.get(datagram.remote)
            if splice is not None and splice.ways and splice.source == datagram.local:
                for local, remote in splice.ways:
                    self._carry(host, Datagram(local, remote, datagram.data))
            else:
                host.role.receive_datagram(
                    datagram.data, local=datagram.remote, remote=datagram.local, now=self.now
                )  # fmt: skip
