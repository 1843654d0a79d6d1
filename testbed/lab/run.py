"""One run in this kernel: a network that stands, captures that run; then agents, timeline, and the end."""

import heapq
import importlib
import json
import selectors
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.lab.attack_plan import ATTACKERS, Attack
from testbed.lab.captures import Captures
from testbed.lab.hands.hands import Hands, hands_of, stream_of
from testbed.lab.hands.standing_lab import LEAVE, READY
from testbed.lab.journal import Journal, Say
from testbed.lab.links.attachments import Attachments
from testbed.lab.links.radio import Radios
from testbed.lab.links.shaper import Shaper
from testbed.lab.network import network_from
from testbed.lab.network.translation import translate
from testbed.lab.network.wireless import install
from testbed.lab.plan import Agent, CarrierStep, Foreign, Plan, QuenchStep, ShapeStep, SignalStep, Step
from testbed.lab.processes.agents import AgentProcess
from testbed.lab.processes.commands import Commands
from testbed.lab.processes.foreign import ForeignProcess
from testbed.lab.processes.spawn import preload
from testbed.lab.room_left import require_room
from testbed.lab.spaces import Spaces

if TYPE_CHECKING:
    from testbed.lab.links.quencher import Quencher
    from testbed.lab.processes.attacker import Attacker

# What is ready takes a second; but by the wall clock, a machine may have much else to do.
READY_LIMIT_S = 120.0
# How often it is asked whether all are ready: not all of them say so.
READY_POLL_S = 0.1
# Scenario time begins on a full second, so that times in Wireshark can be read without subtracting.
START_AFTER_S = 0.25
HEARTBEAT_S = 1.0
# Where an attacker overhears what passes.
TAPPED = "core"


class LabError(Exception):
    """The run cannot go on: an agent died, a link could not be shaped, time is up."""


class Lab:
    """A network that stands, with its captures running: what is the same for every run of it.

    Nothing here needs to be undone: all of it lives in namespaces that end with this process.
    """

    def __init__(self, network: dict[str, Any], out: Path) -> None:
        """Builds `network` (see network_from); runs will fill `out`."""
        preload()
        self.network = network_from(network)
        if self._attackers():
            importlib.import_module("testbed.lab.processes.attacker")  # scapy takes a second: no run is to wait for it
        self.out = out
        for folder in ("captures", "logs"):
            (out / folder).mkdir(parents=True, exist_ok=True)
        self.net = Spaces(self.network.topo(attached=False))
        monitors = install(self.net, self.network)
        self.captures = Captures(self.net, self.network.captured(), out / "captures", monitors)

    def attacker(self, selector: selectors.BaseSelector) -> "Attacker":
        """Somebody else, in a network that has a place for him."""
        from testbed.lab.processes.attacker import Attacker  # noqa: PLC0415 - scapy is where it is needed, and nowhere else

        return Attacker({name: self.net[name] for name in self._attackers()}, self.net[TAPPED], selector)

    def quencher(self, link: str) -> "Quencher":
        """The router of an access link, which may ask to send less."""
        from testbed.lab.links.quencher import Quencher  # noqa: PLC0415 - scapy

        return Quencher(self.net, self.network.access_link(link))

    def _attackers(self) -> list[str]:
        return [node.name for node in self.network.nodes if node.name in ATTACKERS]

    def run(self, plan: Plan, say: Say) -> None:
        """Carries out `plan` and fills `out`: captures/, logs/, events.jsonl, outcome.json. Once only.

        A run that fails is wrapped up like one that does not: captures are ended and kept, and outcome.json says why.
        """
        journal = Journal(say)
        run = LabRun(self, plan, journal)
        stream = stream_of(plan, self.out)
        failure = None
        try:
            run.start()
            run.carry_out()
        except Exception as error:  # noqa: BLE001 - whatever it is, what was captured is kept and the reason told
            failure = str(error) or type(error).__name__
            journal.add("lab", "failed", reason=failure)
        run.end()
        failures, warnings = self.captures.stop()
        if stream is not None:
            stream.close()
        failure = "; ".join([*([failure] if failure else []), *failures]) or None
        journal.write(self.out / "events.jsonl")
        told = {"warnings": [*run.warnings, *run.commands.warnings, *warnings], "late_s": run.late_s}
        outcome = {"failure": failure, **told, "zero_ns": journal.zero_ns}
        (self.out / "outcome.json").write_text(json.dumps(outcome))


class LabRun:
    """What happens in a lab during one run."""

    def __init__(self, lab: Lab, plan: Plan, journal: Journal) -> None:
        self._lab = lab
        self._plan = plan
        self._journal = journal
        self._selector = selectors.DefaultSelector()
        logs = lab.out / "logs"
        self._radios = Radios(lab.net, lab.network, plan["radios"], plan["connections"], journal, self._selector, logs)
        self._attachments = Attachments(plan["radios"], self._radios.attach, journal, self._later)
        self.commands = Commands(lab.net, logs, journal, self._selector, self._later)
        self._shaper = Shaper(lab.net)
        self._agents: dict[str, AgentProcess | ForeignProcess] = {}
        self._due, self._order = list[tuple[float, int, Callable[[], None]]](), count()
        self._signals: dict[str, float] = {}
        self._zero_s = 0.0
        self._ended = self._called = False
        self._hands: Hands | None = None
        self.late_s: dict[str, float] = {}
        """How late those were that did something late, at most: agents, and the lab itself with its timeline."""
        self.warnings: list[str] = []
        """What agents, and commands that failed, want to be known beside the run's numbers."""
        quenched = {step["link"] for step in plan["timeline"] if step["do"] == "quench"}
        self._quenchers = {link: lab.quencher(link) for link in sorted(quenched)}
        attacks = [step for step in plan["timeline"] if step["do"] == "attack"]
        self._attacker = lab.attacker(self._selector) if attacks else None

    def start(self) -> None:
        """Shapes the links, starts the agents, and returns when all of them are ready."""
        self._selector.register(self._lab.captures, selectors.EVENT_READ, self._capture_ended)
        self._journal.stage("shaping links")
        self._make_links()
        radios = self._plan["radios"]
        for name, radio in radios.items():
            self._radios.set_carrier(name, up=radio["attached"])
        self._journal.stage("starting agents")
        net, logs = self._lab.net, self._lab.out / "logs"
        for gate in self._plan["gates"]:
            agent: Agent = {
                "name": gate["air"],
                "node": gate["air"],
                "role": "",
                "config": dict(gate["config"]),
                "ends_run": False,
            }
            self._started(AgentProcess(net, agent, logs, ("testbed.lab.links.gate",)))
        for program in self._plan["programs"]:
            if not program["is_mobile"]:
                self._start_program(program)
        self._wait_until_ready([])  # whoever gives addresses listens before the first one is asked for
        attached = [name for name, radio in radios.items() if radio["attached"]]
        for name in attached:
            self._radios.attach(name)
        for agent in self._plan["agents"]:
            self._started(AgentProcess(net, agent, logs))
        self._wait_until_ready(attached)
        for program in self._plan["programs"]:
            if program["is_mobile"]:
                self._start_program(program)
        self._wait_until_ready([])
        self._hands = hands_of(self._plan, net, self._lab.network)

    def _make_links(self) -> None:
        self._shaper.apply(self._plan["shapes"])
        for pattern in self._plan["patterns"]:
            self._shaper.lose(pattern)
        for order in self._plan["nats"]:
            translate(self._lab.net, order)

    def _start_program(self, program: Foreign) -> None:
        try:
            self._started(ForeignProcess(self._lab.net, program, self._lab.out / "logs"))
        except OSError as error:
            what = f"{program['command'][0]} cannot be started: {error.strerror}"
            raise LabError(f"{program['name']} ({program['file']}): {what}") from error

    def _started(self, agent: AgentProcess | ForeignProcess) -> None:
        self._agents[agent.name] = agent
        self._selector.register(agent, selectors.EVENT_READ, lambda: self._heard(agent))

    def _wait_until_ready(self, links: list[str]) -> None:
        """Until all that was started is ready, and these links have their addresses; raises RunError."""
        began = time.monotonic()
        while late := [
            *(one for one in self._agents.values() if not one.ready),
            *(link for link in links if not self._radios.has_address(link)),
        ]:
            took_s = time.monotonic() - began
            for one in late:
                if isinstance(one, ForeignProcess) and took_s > one.within_s:
                    raise LabError(f"{one.title}: not ready after {one.within_s:g} s: {one.awaited()}")
            names = [f"an address on {one}" if isinstance(one, str) else one.name for one in late
                     if not isinstance(one, ForeignProcess)]  # fmt: skip
            if names and took_s > READY_LIMIT_S:
                raise LabError(f"not ready after {READY_LIMIT_S:.0f} s: {', '.join(names)}")
            self._listen(time.monotonic() + READY_POLL_S)

    def carry_out(self) -> None:
        """Runs the timeline from time zero until the call is over."""
        self._begin()
        for step in self._plan["timeline"]:
            self._at(step["at_s"], lambda step=step: self._do(step))  # type: ignore[misc]
        limit = self._zero_s + self._plan["limit_s"]
        while not self._ended:
            if time.monotonic() > limit:
                raise LabError(f"the call had not ended after {self._plan['limit_s']:.0f} s")
            self._wait(limit)
        drained = time.monotonic() + self._plan["drain_s"]
        while time.monotonic() < drained:
            self._wait(drained)

    def end(self) -> None:
        """Stops the agents and whatever else was started."""
        self._journal.stage("ending")
        if self._hands is not None:
            self._hands.close()
        self.commands.close()
        # The last one first: what an access point's end does to a phone is no part of the run.
        for agent in reversed(self._agents.values()):
            for line in agent.stop():
                if "request" not in line:
                    self._hear(agent, line)
        self._radios.close()
        self._shaper.close()

    def _begin(self) -> None:
        """Sets the zero of scenario time to the next full second and tells the agents."""
        self._journal.stage("ready")
        realtime_ns, monotonic_s = time.clock_gettime_ns(time.CLOCK_REALTIME), time.monotonic()
        zero_ns = -(-(realtime_ns + int(START_AFTER_S * 1e9)) // 1_000_000_000) * 1_000_000_000
        self._zero_s = monotonic_s + (zero_ns - realtime_ns) / 1e9
        self._journal.start(zero_ns)
        for agent in self._agents.values():
            agent.tell({"report": "start", "zero_s": self._zero_s})
        self._at(0.0, self._heartbeat)
        if (hands := self._hands) is not None:
            self._selector.register(hands, selectors.EVENT_READ, lambda: self._ordered(hands))
        for name, radio in self._plan["radios"].items():
            if radio["attached"]:
                self._at(0.0, lambda name=name: self._journal.add("lab", "attached", link=name))  # type: ignore[misc]

    def _at(self, scenario_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self._zero_s + scenario_s, next(self._order), action))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._at(self._now() + seconds, action)

    def _now(self) -> float:
        """Scenario time."""
        return time.monotonic() - self._zero_s

    def _wait(self, limit: float) -> None:
        """Waits for the next thing due or said, not longer than until `limit`, and does it."""
        self._listen(min(limit, self._due[0][0]) if self._due else limit)
        while self._due and self._due[0][0] <= (now := time.monotonic()):
            due, _, action = heapq.heappop(self._due)
            self._was_late("lab", now - due)
            action()

    def _listen(self, until: float) -> None:
        for key, _ in self._selector.select(max(0.0, until - time.monotonic())):
            key.data()

    def _heard(self, agent: AgentProcess | ForeignProcess) -> None:
        """An agent has said something, or has ended."""
        said = agent.heard()
        if said is None:
            self._selector.unregister(agent)
            if isinstance(agent, ForeignProcess) and agent.is_mobile and self._called and agent.status() == 0:
                self._journal.add("lab", "program_ended", agent=agent.name)
                self._ended = True
                return
            raise LabError(agent.obituary())
        for line in said:
            self._hear(agent, line)

    def _hear(self, agent: AgentProcess | ForeignProcess, line: dict[str, Any]) -> None:
        """An agent's line: a request to its radio, or an event for the journal."""
        if line.get("request") == "attach":
            self._attachments.ask(line["link"])
            return
        if "late_s" in line:
            self._was_late(agent.name, line["late_s"])
            return
        if "warning" in line:
            self.warnings.append(line["warning"])
            return
        event = line.pop("event")
        self._journal.add(agent.name, event, **line)
        if event == "call_ended" and agent.ends_run:
            self._ended = True

    def _was_late(self, name: str, late_s: float) -> None:
        self.late_s[name] = max(late_s, self.late_s.get(name, 0.0))

    def _ordered(self, hands: Hands) -> None:
        """Somebody at the prompt wants something done, or has left it: then the call is over."""
        for order in hands.heard():
            if order["do"] == READY:
                self._journal.stage("prompt")
            elif order["do"] == LEAVE:
                self._selector.unregister(hands)
                self._tell_agent(self._plan["hands"]["hangs_up"], "hang_up")
            else:
                self._do(order)  # type: ignore[arg-type]
                hands.answer()

    def _capture_ended(self) -> None:
        raise LabError("not all is captured any more")  # which, and why: told when all of them have ended

    def _do(self, step: Step) -> None:
        match step["do"]:
            case "shape" | "carrier" | "signal" | "quench":
                self._do_to_link(step)
            case "report":
                self._agents[step["agent"]].tell(step["report"])
            case "kill" | "hang_up" | "call":
                self._tell_agent(step["agent"], step["do"])
            case "attack":
                self._attack(step["attack"])
            case "run":
                self.commands.begin(step["command"])
            case "end":
                self._ended = True
            case "note":
                self._note(step["event"], step["link"])

    def _do_to_link(self, step: ShapeStep | CarrierStep | SignalStep | QuenchStep) -> None:
        match step["do"]:
            case "shape":
                self._shaper.apply(step["shapes"])
            case "carrier":
                self._set_carrier(step["link"], up=step["up"])
            case "signal":
                self._signals[step["link"]] = step["signal_dbm"]
                self._tell_signal(step["link"])
            case "quench":
                if self._quenchers[step["link"]].quench():
                    self._journal.add("lab", "source_quench_sent", link=step["link"])

    def _attack(self, attack: Attack) -> None:
        self._journal.add("lab", "attack", name=attack["name"])
        if self._attacker is not None:
            self._attacker.attack(attack)

    def _tell_agent(self, name: str, how: str) -> None:
        self._journal.add("lab", how, agent=name)
        if how == "kill":
            self._agents[name].kill()
        else:
            self._called = True
            self._agents[name].tell({"report": how.replace("_", "-")})

    def _note(self, event: str, link: str) -> None:
        self._journal.add("lab", event, link=link)
        if event == "link_gone":
            self._attachments.gone(link)
        elif event == "link_back":
            self._attachments.back(link)

    def _set_carrier(self, link: str, *, up: bool) -> None:
        if not self._attachments.is_joined(link):
            return  # it has no carrier yet, and gets one when it is attached
        self._journal.add("lab", "carrier", link=link, up=up)
        self._radios.set_carrier(link, up=up)
        if up:
            self._radios.regain(link)
            self._tell_signal(link)
            return
        self._radios.lose(link)
        if self._plan["connections"]["falls_back"]:
            for other, radio in self._plan["radios"].items():
                if other != link and not radio["attached"]:
                    self._attachments.ask(other)

    def _tell_signal(self, link: str) -> None:
        """What a radio reports when it has changed, and when it is on its network again."""
        signal = {"report": "signal", "link": link, "signal_dbm": self._signals[link]}
        self._agents[self._plan["senses"]].tell(signal)

    def _heartbeat(self) -> None:
        """Shows that time goes by, once a second of scenario time; raises NoRoomError where no more can be kept."""
        require_room(self._lab.out / "captures")
        now = round(self._now())
        self._journal.tick(now)
        self._at(now + HEARTBEAT_S, self._heartbeat)
