"""The mistakes that users make in their files, and what they should be told."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from agents.roles.mn.triggers import TRIGGERS

from .files import NET, SCENARIO_FILE, SCRIPT, UMTS, WIFI


class Mistake(NamedTuple):
    """Replacing `old` by `new` in a file should give this complaint about that line of it."""

    file: str
    old: str
    new: str
    line: int
    complaint: str


def wrong(name: str, file: str, old: str, new: str, line: int, complaint: str) -> object:
    """A mistake, under a name for the test."""
    return pytest.param(Mistake(file, old, new, line, complaint), id=name)


LAST_STEP = "  - {at: 18 s, link: wifi, gone: true}"
FIELDS = (
    "name, about, topology, links, first_link, second_link, call, failure, scheme, schemes, registrar, proxy,"
    " relay, turn, ike, cn, mn, programs, traffic, room, duplication, session_timer, seed, loss, delay, nat, ip,"
    " address, dad, radio, triggers, track, networks, battery, quench, numbers"
)
PARAMETERS = ", ".join(dict.fromkeys(name for row in TRIGGERS.values() for name in row.parameters))

NAMES = [
    wrong("unknown profile", SCENARIO_FILE, "umts: umts.yaml", "umts: umts-r99-348", 6,
          "links.umts: 'umts-r99-348': there is no profile of that name; did you mean 'umts-r99-384'?"),
    wrong("missing profile file", SCENARIO_FILE, "umts: umts.yaml", "umts: other.yaml", 6,
          "links.umts: {folder}/other.yaml: there is no such file;"
          " name a profile that ends in .yaml, or one from 'testbed list profiles'"),
    wrong("profile is a folder", SCENARIO_FILE, "umts: umts.yaml", "umts: ./", 6,
          "links.umts: {folder}: is a folder;"
          " name a profile that ends in .yaml, or one from 'testbed list profiles'"),
    wrong("missing topology", SCENARIO_FILE, f"topology: {NET}", "topology: multihome", 3,
          "topology: 'multihome': there is no topology of that name; did you mean 'multihomed'?"),
    wrong("topology is no Python", SCENARIO_FILE, f"topology: {NET}", f"topology: {WIFI}", 3,
          "topology: {folder}/wifi.yaml: is no Python file; a topology's name ends in .py"),
    wrong("unknown failure script", SCENARIO_FILE, f"failure: {SCRIPT}", "failure: wifi-fad", 13,
          "failure: 'wifi-fad': there is no failure script of that name; did you mean 'wifi-fade'?"),
    wrong("unknown link", SCENARIO_FILE, "umts: umts.yaml", "utms: umts.yaml", 6,
          "links.utms: the topology has no access link of that name; did you mean 'umts'?"),
    wrong("loss of an unknown link", SCENARIO_FILE, "umts: 0 %}", "utms: 0 %}", 27,
          "loss.utms: the topology has no access link of that name; did you mean 'umts'?"),
    wrong("NAT of an unknown link", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\nnat: {utms: carrier}", 28,
          "nat.utms: the topology has no access link of that name; did you mean 'umts'?"),
    wrong("unknown kind of NAT", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\nnat: {umts: carier}", 28,
          "nat.umts: 'carier': there is no kind of NAT of that name; did you mean 'carrier'?"),
    wrong("NAT of IPv6", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\nip: 6\nnat: {umts: carrier}", 29,
          "nat.umts: addresses of IPv4 alone are translated; write ip: 4, or leave it out"),
    wrong("delay of an unknown node", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\ndelay: {hom: 50 ms}", 28,
          "delay.hom: the topology has no node of that name; did you mean 'home'?"),
    wrong("delay of an access router", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\ndelay: {wifi-gw: 50 ms}", 28,
          "delay.wifi-gw: is at an end of an access link, whose profile has its delay; possible are: home, cn"),
    wrong("delay of a node with several wires", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\ndelay: {core: 50 ms}", 28,
          "delay.core: has 4 wires, and it is not said which; possible are: home, cn"),
    wrong("delay without unit", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\ndelay: {home: 50}", 28,
          "delay.home: 50 has no unit; a time is written like 75 ms"),
    wrong("end of the call by nobody", SCENARIO_FILE, "codec: PCMU", "hangs_up: home", 12,
          "call.hangs_up: 'home' is not possible; possible are: mn, cn"),
    wrong("link without profile", SCENARIO_FILE, "  umts: umts.yaml\n", "", 4,
          "links: says nothing of the access link 'umts'; add a line 'umts: …'"),
    wrong("unknown first link", SCENARIO_FILE, "first_link: wifi", "first_link: wlan", 7,
          "first_link: 'wlan' is no access link of the topology; possible are: wifi, umts"),
    wrong("from a link to itself", SCENARIO_FILE, "second_link: umts", "second_link: wifi", 8,
          "second_link: is the same as first_link, and a handover needs two; possible are: umts"),
    wrong("unknown scheme", SCENARIO_FILE, "scheme: handover-cn", "scheme: handover-nc", 14,
          "scheme: 'handover-nc' is not possible; did you mean 'handover-cn'?"),
    wrong("unknown correspondent", SCENARIO_FILE, "seed: 1", "seed: 1\ncn: barseip", 25,
          "cn: 'barseip': there is no program of that name for this; did you mean 'baresip'?"),
    wrong("unknown proxy", SCENARIO_FILE, "seed: 1", "seed: 1\nproxy: kamalio", 25,
          "proxy: 'kamalio': there is no program of that name for this; did you mean 'kamailio'?"),
    wrong("setting of an unknown scheme", SCENARIO_FILE, "  handover-cn:", "  handover_cn:", 21,
          "schemes: 'handover_cn' is not possible; did you mean 'handover-cn'?"),
    wrong("copies of a scheme without a second dialog", SCENARIO_FILE, "  handover-cn:",
          "  handover-cn:\n    copies: always", 22,
          "schemes.handover-cn.copies: handover-cn has no second dialog that stands by; leave it out, or choose"
          " handover-standby or handover-standby-b2bua"),
    wrong("copies at another time", SCENARIO_FILE, "  handover-cn:", "  handover-standby:\n    copies: sometimes", 22,
          "schemes.handover-standby.copies: 'sometimes' is not possible; possible are: always, at-risk, on-silence"),
    wrong("name that no folder can have", SCENARIO_FILE, "name: wifi-to-umts", "name: ../up", 1,
          "name: '../up' is no name; use letters, digits, '-', '_' and '.'"),
    wrong("endless name", SCENARIO_FILE, "name: wifi-to-umts", f"name: {'x' * 61}", 1,
          f"name: '{'x' * 59}… is too long; use at most 60 characters"),
    wrong("script of another link", SCRIPT, "link: wifi, signal", "link: wlan, signal", 5,
          "steps.1.link: 'wlan' is no access link of the topology; possible are: wifi, umts"),
    wrong("script that kills nobody", SCRIPT, "link: wifi, gone: true", "kill: nm", 8,
          "steps.4.kill: 'nm' is no agent of this run; possible are: mn, cn"),
    wrong("script in which nobody hangs up", SCRIPT, "link: wifi, gone: true", "hang_up: nc", 8,
          "steps.4.hang_up: 'nc' is no agent of this run; possible are: mn, cn"),
]  # fmt: skip

FIELDS_AND_VALUES = [
    wrong("unknown field", SCENARIO_FILE, "seed: 1", "seed: 1\nsede: 2", 25, "sede is unknown; did you mean 'seed'?"),
    wrong("unknown field that is like none", SCENARIO_FILE, "seed: 1", "seed: 1\nvoltage: 2", 25,
          f"voltage is unknown; possible are: {FIELDS}"),
    wrong("unknown field further in", SCENARIO_FILE, "  duration: 30 s", "  durration: 30 s", 11,
          "call.durration is unknown; did you mean 'duration'?"),
    wrong("missing field", SCENARIO_FILE, f"topology: {NET}\n", "", 1, "topology is missing; add a line 'topology: …'"),
    wrong("missing field further in", SCENARIO_FILE, "  duration: 30 s\n", "", 9,
          "call.duration is missing; add a line 'duration: …'"),
    wrong("empty field", SCENARIO_FILE, "umts: umts.yaml", "umts:", 6, "links.umts is empty; write a value there"),
    wrong("null", SCENARIO_FILE, "codec: PCMU", "codec: null", 12, "call.codec is empty; write a value there"),
    wrong("truth where a word is meant", SCENARIO_FILE, "umts: umts.yaml", "umts: true", 6,
          "links.umts: true is no text; write a word, or put it into quotes: '…'"),
    wrong("number where a word is meant", SCENARIO_FILE, "umts: umts.yaml", "umts: 5", 6,
          "links.umts: 5 is no text; write a word, or put it into quotes: '…'"),
    wrong("date where a time is meant", SCENARIO_FILE, "duration: 30 s", "duration: 2026-01-01", 11,
          "call.duration: '2026-01-01' is not a time; a time is written like 75 ms"),
    wrong("list where a time is meant", SCENARIO_FILE, "duration: 30 s", "duration: [30 s]", 11,
          "call.duration: ['30 s'] is not a time; a time is written like 75 ms"),
    wrong("text where fields are meant", SCENARIO_FILE, "{on: link-down}", "link-down", 18,
          "schemes.reinvite.trigger: 'link-down' has no fields; write them below it, indented: stay, on,"
          f" {PARAMETERS}, of, at_least"),
    wrong("unknown codec", SCENARIO_FILE, "codec: PCMU", "codec: pcmu", 12,
          "call.codec: 'pcmu' is not possible; did you mean 'PCMU'?"),
    wrong("codecs of nobody", SCENARIO_FILE, "codec: PCMU", "codecs: {b2bua: [PCMA]}", 12,
          "call.codecs: 'b2bua' is not possible; possible are: mn, cn"),
    wrong("no codec at all", SCENARIO_FILE, "codec: PCMU", "codecs: {mn: []}", 12,
          "call.codecs.mn: there is nothing in it; add an entry"),
    wrong("no codec in common", SCENARIO_FILE, "codec: PCMU", "codecs: {mn: [PCMU], cn: [GSM, PCMA]}", 12,
          "call.codecs: the two sides have no codec in common, and under this scheme nobody is there to transcode;"
          " add one, or choose proactive or handover-b2bua or handover-standby-b2bua"),
    wrong("a codec in small letters", SCENARIO_FILE, "codec: PCMU", "codec: opus", 12,
          "call.codec: 'opus' is not possible; did you mean 'OPUS'?"),
    wrong("wideband speech and none in common", SCENARIO_FILE, "codec: PCMU", "codecs: {mn: [OPUS], cn: [PCMU]}", 12,
          "call.codecs: the two sides have no codec in common, and under this scheme nobody is there to transcode;"
          " add one, or choose proactive or handover-b2bua or handover-standby-b2bua"),
    wrong("a phone with another codec", SCENARIO_FILE, "codec: PCMU", "codec: GSM\ncn: baresip", 12,
          "call.codec: baresip as cn has PCMU alone; write: codecs: {{cn: [PCMU]}}, or cn: testbed"),
    wrong("packets that no phone sends", SCENARIO_FILE, "codec: PCMU", "packets: 25 ms", 12,
          "call.packets: 25 ms is not possible; possible are: 10 ms, 20 ms, 30 ms, 60 ms"),
    wrong("packets without unit", SCENARIO_FILE, "codec: PCMU", "packets: 30", 12,
          "call.packets: 30 has no unit; a time is written like 75 ms"),
    wrong("half a frame of GSM", SCENARIO_FILE, "codec: PCMU", "codecs: {mn: [GSM, PCMU]}\n  packets: 30 ms", 13,
          "call.packets: 30 ms are no whole frames of GSM, 20 ms each; write: 20 ms, or 60 ms,"
          " or choose another codec"),
    wrong("packets of Opus that nobody recorded", SCENARIO_FILE, "codec: PCMU", "codec: OPUS\n  packets: 60 ms", 13,
          "call.packets: what is said in OPUS was encoded in packets of 20 ms, not of 60 ms; leave it out, or choose"
          " another codec"),
    wrong("packets of a phone", SCENARIO_FILE, "codec: PCMU", "packets: 30 ms\ncn: baresip", 12,
          "call.packets: baresip as cn decides for itself; leave it out, or write: cn: testbed"),
    wrong("unknown trigger", SCENARIO_FILE, "{on: link-down}", "{on: link-up}", 18,
          "schemes.reinvite.trigger: 'link-up' is not possible; did you mean 'link-down'?"),
    wrong("trigger of no kind", SCENARIO_FILE, "{on: link-down}", "{}", 18,
          "schemes.reinvite.trigger: does not say which one is meant; add a line 'on: …'"),
    wrong("trigger without threshold", SCENARIO_FILE, "{on: signal, below: -60 dBm}", "{on: signal}", 22,
          "schemes.handover-cn.trigger.below is missing; add a line 'below: …'"),
    wrong("threshold of a trigger that has none", SCENARIO_FILE, "{on: link-down}", "{on: link-down, below: -6 dBm}",
          18, "schemes.reinvite.trigger.below is unknown; possible are: stay, on"),
    wrong("unknown way to attach", SCENARIO_FILE, "attach: beforehand", "attach: before", 23,
          "schemes.handover-cn.attach: 'before' is not possible; did you mean 'beforehand'?"),
    wrong("no call", SCENARIO_FILE, "duration: 30 s", "duration: 0 s", 11,
          "call.duration: 0 s is no call; it should last 1 s or more"),
    wrong("negative seed", SCENARIO_FILE, "seed: 1", "seed: -1", 24, "seed: -1 is too small; it should be 0 or more"),
    wrong("huge seed", SCENARIO_FILE, "seed: 1", f"seed: {'9' * 20}", 24,
          f"seed: {'9' * 20} is too large; it should be 4294967295 or less"),
    wrong("less than no room", SCENARIO_FILE, "seed: 1", "seed: 1\nroom: {cn: -1}", 25,
          "room.cn: -1 is too small; it should be 0 or more"),
    wrong("session timer below the least", SCENARIO_FILE, "seed: 1", "seed: 1\nsession_timer: 30 s", 25,
          "session_timer: 30 s can't be asked for; it should be whole seconds, 90 s or more (RFC 4028, section 4)"),
    wrong("room where there is none", SCENARIO_FILE, "seed: 1", "seed: 1\nroom: {nc: 1}", 25,
          "room: 'nc' is not possible; possible are: cn, b2bua"),
    wrong("unknown duplication", SCENARIO_FILE, "seed: 1", "seed: 1\nduplication: rfc7189", 25,
          "duplication: 'rfc7189' is not possible; did you mean 'rfc7198'?"),
    wrong("half a seed", SCENARIO_FILE, "seed: 1", "seed: 1.5", 24, "seed: 1.5 is no whole number; write it like 1"),
    wrong("true seed", SCENARIO_FILE, "seed: 1", "seed: true", 24, "seed: true is no whole number; write it like 1"),
    wrong("phases are no list", WIFI, "loss_noticed_after: 1717 ms", "attach: 1.5 s", 20,
          "attach: '1.5 s' is no list; write each entry on a line of its own: '- …'"),
    wrong("one direction", WIFI, "up:\n", "upp:\n", 11, "upp is unknown; did you mean 'up'?"),
]  # fmt: skip

QUANTITIES = [
    wrong("loss of 120 %", WIFI, "loss: 0.1 %", "loss: 120 %", 8,
          "down.loss: '120 %' is impossible; a share is from 0 % to 100 %"),
    wrong("loss without unit", WIFI, "loss: 0.1 %", "loss: 0.1", 8,
          "down.loss: 0.1 has no unit; a share is written like 2 %"),
    wrong("delay without unit", WIFI, "delay: 1.5 ms", "delay: 1.5", 6,
          "down.delay: 1.5 has no unit; a time is written like 75 ms"),
    wrong("delay without unit, in quotes", WIFI, "delay: 1.5 ms", "delay: '1.5'", 6,
          "down.delay: '1.5' has no unit; a time is written like 75 ms"),
    wrong("delay in a wrong unit", WIFI, "delay: 1.5 ms", "delay: 1.5 kbit/s", 6,
          "down.delay: '1.5 kbit/s' has a wrong unit; a time is in us, ms, s, min, like 75 ms"),
    wrong("delay with a comma", WIFI, "delay: 1.5 ms", "delay: 1,5 ms", 6,
          "down.delay: '1,5 ms' is not a time; a time is written like 75 ms"),
    wrong("negative time", SCRIPT, "at: 10 s", "at: -10 s", 5,
          "steps.1.at: '-10 s' is out of range; a time is from 0 s to 60 min"),
    wrong("endless time", SCRIPT, "at: 10 s", f"at: {'9' * 400} s", 5, "steps.1.at: "
          f"'{'9' * 59}… is out of range; a time is from 0 s to 60 min"),
    wrong("rate 0", WIFI, "rate: 30 Mbit/s", "rate: 0 Mbit/s", 5,
          "down.rate: '0 Mbit/s' is no rate of a link; a rate is from 100 bit/s to 100 Gbit/s"),
    wrong("rate in a wrong unit", WIFI, "rate: 30 Mbit/s", "rate: 30 Mbps", 5,
          "down.rate: '30 Mbps' has a wrong unit; a rate is in bit/s, kbit/s, Mbit/s, Gbit/s, like 384 kbit/s"),
    wrong("queue for nothing", WIFI, "queue: 500 packets", "queue: 0 packets", 10,
          "down.queue: '0 packets' is out of range; a number of packets is from 1 packet to 1000000 packets"),
    wrong("queue for a half", WIFI, "queue: 500 packets", "queue: 1.5 packets", 10,
          "down.queue: '1.5 packets' is not whole; a queue holds whole packets, like 100 packets"),
    wrong("signal without unit", UMTS, "signal: -80 dBm", "signal: -80", 3,
          "signal: -80 has no unit; a signal strength is written like -72 dBm"),
    wrong("signal that kills", UMTS, "signal: -80 dBm", "signal: 800 dBm", 3,
          "signal: '800 dBm' is no signal strength of a radio; it is from -200 dBm to 100 dBm"),
    wrong("netem's correlation", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  jitter_correlation: 25 %", 8,
          "down.jitter_correlation: '25 %' is netem's, from one packet to the next; here it is how long a jitter lasts"
          " on average: 14.4 ms for that and packets that are 20 ms apart"),
    wrong("target of nobody", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  target: 5 ms", 4,
          "down: it has 'target' without a queue that would heed it; add 'aqm: codel'"),
    wrong("target longer than the interval", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  aqm: codel\n  target: 1 s", 4,
          "down: a target of 1 s is not within an interval of 100 ms; make it shorter"),
    wrong("damaged without unit", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  corrupt: 0.1", 8,
          "down.corrupt: 0.1 has no unit; a share is written like 2 %"),
    wrong("unknown queue", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  aqm: fqcodel", 8,
          "down.aqm: 'fqcodel' is not possible; did you mean 'fq_codel'?"),
    wrong("target of no time", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  aqm: pie\n  target: 0 ms", 9,
          "down.target: '0 ms' is out of range; a queue's target is from 1 us to 60 min"),
    wrong("interval of no time", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  aqm: pie\n  interval: 1 us", 9,
          "down.interval: '1 us' is out of range; a queue's interval is from 1 ms to 60 min"),
    wrong("unknown distribution", WIFI, "jitter: 1 ms", "jitter: 1 ms\n  distribution: gauss", 8,
          "down.distribution: 'gauss' is not possible; possible are: uniform, normal, pareto, paretonormal"),
    wrong("jitter larger than delay", WIFI, "jitter: 1 ms", "jitter: 2 ms", 7,
          "down.jitter: a jitter of 2 ms around a delay of 1.5 ms would go back in time;"
          " it should not exceed the delay"),
    wrong("burst of no time", WIFI, "loss_burst: 30 ms", "loss_burst: 10 us", 9,
          "down.loss_burst: '10 us' is out of range; a burst lasts from 1 ms to 3600 s"),
]  # fmt: skip

STEPS = [
    wrong("step without time", SCRIPT, "at: 10 s, over", "over", 5, "steps.1.at is missing; add a line 'at: …'"),
    wrong("step without link", SCRIPT, "link: wifi, gone: true", "gone: true", 8,
          "steps.4: a step should say what it happens to; add 'link: …' (or 'kill: …', 'hang_up: …')"),
    wrong("step that changes nothing", SCRIPT, "link: wifi, gone: true", "link: wifi", 8, "steps.4: a step should"
          " change something; possible are: rate, delay, jitter, jitter_correlation, loss, loss_burst, duplicate,"
          " corrupt, signal, gone"),
    wrong("step that is a word", SCRIPT, LAST_STEP, "  - gone", 8, "steps.4: 'gone' has no fields; write them below it,"
          " indented: at, over, for, every, times, link, direction, rate, delay, jitter, jitter_correlation,"
          " loss, loss_burst, duplicate, corrupt, signal, gone, kill, hang_up"),
    wrong("another queue", SCRIPT, "gone: true", "aqm: pie", 8,
          "steps.4.aqm is the profile's: a link keeps its queue as it is, with what waits there"),
    wrong("another distribution", SCRIPT, "gone: true", "distribution: normal", 8, "steps.4.distribution is the"
          " profile's: a link's jitter stays spread as it is; 'jitter' and 'delay' can change"),
    wrong("a jitter that lasts longer and longer", SCRIPT, "gone: true", "over: 1 s, jitter_correlation: 60 ms", 8,
          "steps.4: how long a jitter lasts changes at once; make a step without 'over' of it"),
    wrong("netem's correlation in a step", SCRIPT, "gone: true", "jitter_correlation: 25 %", 8,
          "steps.4.jitter_correlation: '25 %' is netem's, from one packet to the next; here it is how long a jitter"
          " lasts on average: 14.4 ms for that and packets that are 20 ms apart"),
    wrong("more than all is damaged", SCRIPT, "gone: true", "corrupt: 101 %", 8,
          "steps.4.corrupt: '101 %' is impossible; a share is from 0 % to 100 %"),
    wrong("gone and more", SCRIPT, "gone: true", "gone: true, loss: 5 %", 8, "steps.4: a link is gone at once and"
          " as a whole; make a step of 'at', 'link' and 'gone' alone"),
    wrong("gone in one direction", SCRIPT, "gone: true", "gone: true, direction: up", 8, "steps.4: a link is gone at"
          " once and as a whole; make a step of 'at', 'link' and 'gone' alone"),
    wrong("not gone", SCRIPT, "gone: true", "gone: false", 8,
          "steps.4.gone: false is not possible; possible are: true"),
    wrong("kill and more", SCRIPT, "gone: true", "kill: mn", 8, "steps.4: an agent is killed at once and nothing else;"
          " make a step of 'at' and 'kill' alone"),
    wrong("hanging up and more", SCRIPT, "gone: true", "hang_up: mn", 8, "steps.4: hanging up is done at once and"
          " alone; make a step of 'at' and 'hang_up' alone"),
    wrong("signal in one direction", SCRIPT, "gone: true", "direction: up, signal: -95 dBm", 8,
          "steps.4: a signal has no direction; leave 'direction: up' out"),
    wrong("unknown direction", SCRIPT, "gone: true", "direction: left, loss: 1 %", 8,
          "steps.4.direction: 'left' is not possible; possible are: both, down, up"),
    wrong("repeated without a number", SCRIPT, "gone: true", "gone: true, every: 3 s", 8,
          "steps.4: it has 'every' alone; add 'times: …', or leave both out"),
    wrong("gone again and again for good", SCRIPT, "gone: true", "gone: true, every: 3 s, times: 2", 8,
          "steps.4: what is gone can't go again; add 'for: …', after which it is back"),
    wrong("outages within each other", SCRIPT, "gone: true", "gone: true, for: 4 s, every: 3 s, times: 2", 8,
          "steps.4.at: line 8 has the link gone until 22 s; begin later, or change another quantity or"
          " direction"),
    wrong("range the wrong way round", SCRIPT, "at: 18 s", "at: 18 s to 12 s", 8,
          "steps.4.at: '18 s to 12 s' goes down; write the smaller one first: '12 s to 18 s'"),
    wrong("range with half a unit", SCRIPT, "at: 18 s", "at: 12 to 18 s", 8,
          "steps.4.at: '12' has no unit; a time is written like 75 ms"),
    wrong("change after the end", SCRIPT, LAST_STEP, f"{LAST_STEP}\n  - {{at: 19 s, link: wifi, loss: 5 %}}", 9,
          "steps.5.at: 'wifi' is gone from 18 s on (line 8), and what is gone does not change; leave this step out"),
    wrong("gone twice", SCRIPT, LAST_STEP, f"{LAST_STEP}\n{LAST_STEP}", 9,
          "steps.5.at: 'wifi' is gone from 18 s on (line 8), and what is gone does not change; leave this step out"),
    wrong("ramp that ends too late", SCRIPT, "at: 10 s, over: 8 s", "at: 10 s, over: 9 s", 5,
          "steps.1.over: this ends at 19 s, but 'wifi' is gone from 18 s on (line 8); let it end before"),
    wrong("change within a ramp", SCRIPT, LAST_STEP, "  - {at: 14 s, link: wifi, delay: 3 ms}", 8,
          "steps.4.at: line 6 changes delay until 18 s; begin later, or change another quantity or direction"),
    wrong("two changes at once", SCRIPT, LAST_STEP,
          "  - {at: 19 s, link: wifi, delay: 50 ms}\n  - {at: 19 s, link: wifi, delay: 60 ms, direction: up}", 9,
          "steps.5.at: line 8 changes delay at the same time; begin later, or change another quantity or direction"),
    wrong("jitter larger than delay in a step", SCRIPT, "jitter: 15 ms", "jitter: 45 ms", 6, "steps.2.jitter: a jitter"
          " of 45 ms around a delay of 40 ms would go back in time; it should not exceed the delay"),
    wrong("jitter larger than delay on the way", SCRIPT, "delay: 40 ms, ", "", 6, "steps.2.jitter: down at 13.2 s:"
          " a jitter of 1.56 ms around a delay of 1.5 ms would go back in time; it should not exceed the delay"),
]  # fmt: skip

YAML = [
    wrong("tab as indentation", SCENARIO_FILE, "  start: 1 s", "\tstart: 1 s", 10,
          "there is a tab here; indent and separate with spaces"),
    wrong("uneven indentation", SCENARIO_FILE, "  start: 1 s", "   start: 1 s", 11, "this does not go on from the line"
          " before; indent fields of one thing alike, and put text that holds quotes into quotes of the other kind"),
    wrong("duplicate key", SCENARIO_FILE, "duration: 30 s", "duration: 30 s\n  duration: 20 s", 12,
          "'duration' is here a second time, after line 11; leave one of them out"),
    wrong("open brace", SCENARIO_FILE, "{on: link-down}", "{on: link-down", 18,
          "a brace '{{' opens here and is not closed; close it with '}}', with commas between the fields"),
    wrong("open bracket", SCENARIO_FILE, "seed: 1", "seed: [1", 24,
          "a bracket '[' opens here and is not closed; close it with ']'"),
    wrong("open quotation mark", SCENARIO_FILE, "seed: 1", "seed: 'one", 24,
          "a quotation mark opens here and is not closed; close it on the same line"),
    wrong("quotation mark that another one closes", SCENARIO_FILE, "about: a", "about: 'a", 2,
          "a quotation mark opens here and is closed on line 16; close it on the same line"),
    wrong("colon in text", SCENARIO_FILE, "about: a", "about: this: a", 2, "this ':' does not fit here; write each"
          " field on a line of its own, 'name: value', indented like its neighbours; text with ': ' in quotes"),
    wrong("no colon", SCENARIO_FILE, "umts: 0 %}", "umts: 0 %}\nfast", 28,
          "a field has no ':'; write it like 'name: value'"),
    wrong("list on the line of its name", SCENARIO_FILE, "seed: 1", "seed: - 1", 24,
          "a list cannot begin here; begin it on a line of its own: '- …'"),
    wrong("character that means something else", SCENARIO_FILE, "seed: 1", "seed: @1", 24,
          "a value cannot begin with this character; put it into quotes: '…'"),
    wrong("anchor", SCENARIO_FILE, "seed: 1", "seed: &one 1", 24,
          "'&one' gives a value a name; leave it out, and write values out"),
    wrong("alias", SCENARIO_FILE, "seed: 1", "seed: *one", 24,
          "'*one' stands for a value elsewhere; write that value here"),
    wrong("type", SCENARIO_FILE, "seed: 1", "seed: !!int 1", 24, "'!!int' gives a value a type; leave it out"),
    wrong("second document", SCENARIO_FILE, "seed: 1", "seed: 1\n---\nseed: 2", 25,
          "a second document begins here; one file holds one thing"),
    wrong("field without a word for a name", SCENARIO_FILE, "seed: 1", "[seed]: 1", 24,
          "the name of a field should be a word; write it like 'name: value'"),
    wrong("nested for its own sake", SCENARIO_FILE, "seed: 1", f"seed: {'[' * 5000}", 24,
          "more than 20 levels are nested here; nothing needs so many"),
    wrong("unprintable character", SCENARIO_FILE, "seed: 1", "seed: \x07", 24,
          "this is not YAML: unacceptable character #x0007: special characters are not allowed; leave it out"),
]  # fmt: skip

TOPOLOGY = [
    wrong("syntax error", NET, "NETWORK =", "NETWORK = =", 16,
          "this is not Python: invalid syntax; look at this line and the one before"),
    wrong("no NETWORK", NET, "topos =", "del NETWORK\ntopos =", 53,
          "this fails with NameError: name 'NETWORK' is not defined;"
          " a topology should define NETWORK and do nothing else"),
    wrong("NETWORK that is none", NET, "topos = {\"multihomed\": NETWORK.topo}", "NETWORK = None", 16,
          "there is no NETWORK here; topologies/multihomed.py shows how it should be"),
    wrong("raises", NET, "NETWORK =", "1 / 0\nNETWORK =", 16, "this fails with ZeroDivisionError: division by zero;"
          " a topology should define NETWORK and do nothing else"),
    wrong("ends the program", NET, "NETWORK =", "raise SystemExit(0)\nNETWORK =", 16, "this fails with SystemExit: 0;"
          " a topology should define NETWORK and do nothing else"),
    wrong("says nothing on many lines", NET, "NETWORK =", "raise ValueError('a\\nb')\nNETWORK =", 16, "this fails with"
          " ValueError: a b; a topology should define NETWORK and do nothing else"),
    wrong("made of words", NET, 'Node("mn")', '"mn"', 16,
          "NETWORK.nodes.1: 'mn' does not belong there; topologies/multihomed.py shows how it should be"),
    wrong("no mobile node", NET, 'mobile="mn"', 'mobile="core"', 18,
          "the mobile node is called 'core'; call it 'mn', as its agent is"),
    wrong("no correspondent", NET, 'Node("cn"', 'Node("server"', 16,
          "there is no node 'cn', an end of the call; add Node('cn')"),
    wrong("two nodes of one name", NET, 'Node("home"', 'Node("core"', 24,
          "2 nodes are called 'core'; give each a name of its own"),
    wrong("name that is no host's", NET, 'Node("home"', 'Node("at home"', 28,
          "'at home' is no name for a node; use letters, digits, '-', '_' and '.'"),
    wrong("wire to nowhere", NET, 'Interface("core", "core-home"', 'Interface("hub", "core-home"', 47,
          "'core-home' belongs to 'hub', which is no node; add Node('hub')"),
    wrong("interface name too long for the kernel", NET, '"mn-wifi"', '"mobile-node-wifi"', 34,
          "'mobile-node-wifi' is no name for an interface; use letters, digits, '-', '_' and '.', at most 15"),
    wrong("link name too long for its ports", NET, '"wifi",\n', '"wifi-5GHz",\n', 33,
          "'wifi-5GHz' is no name for an access link; use letters, digits, '-', '_' and '.', at most 8"),
    wrong("link of another node", NET, 'node=Interface("mn", "mn-wifi"', 'node=Interface("cn", "mn-wifi"', 33,
          "'wifi' does not begin at the mobile node; its 'node' is an interface of 'mn'"),
    wrong("bad address", NET, '"10.1.0.2/24"', '"10.1.0.2/64"', 34,
          "'10.1.0.2/64' is no address; write it like 10.1.0.2/24"),
    wrong("link without address", NET, '"10.1.0.2/24"', '""', 34,
          "'mn-wifi' has no address; both ends of an access link need one"),
    wrong("unreachable correspondent", NET, '"10.20.0.2/24"', '""', 29,
          "'cn' has no interface with an address; wire it to the network"),
    wrong("one address twice", NET, '"10.20.0.2/24"', '"10.20.0.1/24"', 48,
          "2 interfaces have the address '10.20.0.1/24'; give each one of its own"),
    wrong("one interface name twice", NET, '"cn-eth0"', '"core-cn"', 48,
          "2 interfaces have the name 'core-cn'; give each one of its own"),
    wrong("route to a word", NET, 'Route("default"', 'Route("everywhere"', 21,
          "'everywhere' is no destination; write it like 10.1.0.0/24, or 'default'"),
    wrong("route by a name", NET, 'via="10.0.1.1"', 'via="core"', 21,
          "'core' is no next hop; write it like 10.1.0.1"),
    wrong("route by a stranger", NET, 'via="10.0.1.1"', 'via="10.0.9.1"', 21,
          "'wifi-gw' has no interface to 10.0.9.1; a next hop is in a subnet of the node"),
]  # fmt: skip
