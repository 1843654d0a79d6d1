"""Mininet's prompt in the nodes of a lab that stands: `python -m testbed.lab.hands.prompt ABOUT ORDERS ANSWERS`.

ABOUT is a `StandingLab` as JSON. What concerns radios goes to the lab as a step of a timeline (lab/plan.py), a JSON
line each, through the descriptor ORDERS, and a byte comes through ANSWERS when it has been done; the prompt's end is
`{"do": "leave"}`.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import termios
from typing import Any

from mininet.cli import CLI
from mininet.link import Intf, Link
from mininet.log import error, output, setLogLevel
from mininet.net import Mininet
from mininet.node import Node
from pyroute2 import netns

from testbed.lab.hands.standing_lab import DONE, LEAVE, READY, StandingLab

WELCOME = """\
Mininet's prompt in '{name}', in wall-clock time: nothing that is done here is reproducible.
A node's name and a command:       mn ping -c 3 cn
Links of the phone, by their name: link {first} down, link {first} up, signal {first} -70
'help' tells more; 'exit', or Ctrl-D, hangs up and has the run measured.
"""
STATES = ("up", "down")


class EnteredNode(Node):  # type: ignore[misc]  # Mininet has no types
    """A node of Mininet's in a namespace that others have made."""

    def __init__(self, name: str, namespace: str) -> None:
        self.namespace = namespace
        super().__init__(name, inNamespace=False)

    def _popen(self, cmd: list[str], **params: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - Popen's
        netns.pushns(self.namespace)
        try:
            return subprocess.Popen(cmd, **params)
        finally:
            netns.popns()


class StandingCable(Link):  # type: ignore[misc]  # Mininet has no types
    """A cable that is there already."""

    def __init__(self, one: Intf, other: Intf) -> None:
        self.intf1, self.intf2 = one, other
        one.link = other.link = self

    def stop(self) -> None:
        """It ends with the lab."""


class StandingNet(Mininet):  # type: ignore[misc]  # Mininet has no types
    """Mininet's view of the lab: its commands need no more of it."""

    def __init__(self, about: StandingLab) -> None:
        self.controllers: list[Node] = []
        self.terms: list[Node] = []
        self.nameToNode = {name: EnteredNode(name, node["namespace"]) for name, node in about["nodes"].items()}
        self.hosts = [self.nameToNode[name] for name, node in about["nodes"].items() if not node["is_air"]]
        self.switches = [self.nameToNode[name] for name, node in about["nodes"].items() if node["is_air"]]
        ends = {}
        for name, node in about["nodes"].items():
            for interface in node["interfaces"]:
                ends[name, interface] = end = Intf.__new__(Intf)
                end.node, end.name, end.link = self.nameToNode[name], interface, None
                end.mac = end.ip = end.prefixLen = None
                end.params = {}
                self.nameToNode[name].addIntf(end)
                end.updateAddr()
        self.links = [StandingCable(ends[one, at], ends[other, to]) for one, at, other, to in about["cables"]]


class Prompt(CLI):  # type: ignore[misc]  # Mininet has no types
    """Its commands, and some for radios."""

    prompt = "testbed> "
    identchars = CLI.identchars + "-."  # nodes and links have such names

    def __init__(self, net: StandingNet, links: list[str], orders: int, answers: int) -> None:
        self._links = links
        self._ways = "|".join(links)
        self._orders, self._answers = orders, answers
        super().__init__(net)

    def order(self, **step: object) -> None:
        """Has the lab do something, and waits until that is done."""
        tell(self._orders, **step)
        os.read(self._answers, len(DONE))

    def help_link(self) -> None:
        """A text, because a guest's code has no docstrings (engine/guest/guest_code.py)."""
        output(
            f"link {self._ways} down|up: a radio of the phone loses its carrier, or has it again\n"
            "link NODE NODE down|up: both ends of the cables between two nodes\n"
        )

    def do_link(self, line: str) -> None:
        """See `help_link`."""
        match line.split():
            case [link, state] if link in self._links and state in STATES:
                self.order(do="carrier", link=link, up=state == "up")
            case [_, _, _]:
                super().do_link(line)
            case _:
                error(f"it is: link {self._ways} down|up, or: link NODE NODE down|up\n")

    def help_signal(self) -> None:
        """See `help_link`."""
        output(f"signal {self._ways} DBM: a radio of the phone reports that signal strength, as -70\n")

    def do_signal(self, line: str) -> None:
        """See `help_signal`."""
        words = line.split()
        with contextlib.suppress(ValueError):
            if len(words) == 2 and words[0] in self._links:
                self.order(do="signal", link=words[0], signal_dbm=float(words[1]))
                return
        error(f"it is: signal {self._ways} DBM, as in: signal {self._links[0]} -70\n")

    def do_x(self, _line: str) -> None:
        """There is no screen."""
        error("there is no screen here; a node's name and a command do it at this prompt\n")

    do_xterm = do_gterm = do_x


def tell(orders: int, **what: object) -> None:
    """A line to the lab."""
    os.write(orders, json.dumps(what).encode() + b"\n")


def main(about: str, orders: str, answers: str) -> None:
    """On the terminal that is standard input."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C comes to this process
    standing: StandingLab = json.loads(about)
    termios.tcsetwinsize(0, (standing["rows"], standing["columns"]))
    setLogLevel("output")
    net = StandingNet(standing)
    sys.stdout.write(WELCOME.format(name=standing["name"], first=standing["links"][0]))
    tell(int(orders), do=READY)
    Prompt(net, standing["links"], int(orders), int(answers))
    tell(int(orders), do=LEAVE)


if __name__ == "__main__":
    main(*sys.argv[1:])
