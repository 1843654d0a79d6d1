"""How often a call hears a silence over a link of which nothing has become: the table of docs/alarms.md.

    python -m tests.bench.alarms FOLDER [MINUTES [PROFILE ...]]

Real calls in the lab, of so many minutes each, during which nothing happens to the links but what their profiles say of
them. A second dialog stands by, so both ends listen and send over both links when they hear nothing; the trigger
`silence` moves the call. Counted is what they tell in the timeline while the call is on the link.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from testbed.api.runs import run
from testbed.measure.folder.run_folder import Event
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import PROFILE

MINUTES = 10
SCENARIO = """name: quiet
about: a call of {minutes} minutes over {profile}
topology: multihomed
links: {{wifi: {profile}, umts: umts-r99-384}}
first_link: wifi
second_link: umts
call: {{start: 1 s, duration: {minutes} min, codec: {codec}}}
failure: ./nothing.yaml
scheme: handover-standby
schemes:
  handover-standby: {{trigger: {{on: silence}}, attach: beforehand, copies: on-silence}}
seed: 1
"""
NOTHING = """name: nothing
about: nothing happens
steps:
  - {at: 0 s, link: umts, signal: -80 dBm}
"""
# What 50 packets a second take with their IPv4, UDP and RTP headers, in bit/s; the first that a link can carry is used.
CODECS = {"PCMU": 80_000, "GSM": 29_200}


class Alarms(NamedTuple):
    """Of one call: how long it was on the link, and how often each of these happened meanwhile."""

    on_link_s: float
    to_mn: int
    to_cn: int
    moves: int

    def an_hour(self) -> list[str]:
        """Each of them, in an hour on the link."""
        return [f"{number * 3600 / self.on_link_s:.1f}" for number in self[1:]]


def codec_for(profile: LinkProfile) -> str | None:
    """None where none fits."""
    rates = [way.rate for way in (profile.down, profile.up) if way is not None]
    return next((codec for codec, needed in CODECS.items() if all(rate > needed for rate in rates)), None)


def call(profile: str, codec: str, minutes: int, folder: Path) -> Alarms:
    """Carry out the call, and count."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nothing.yaml").write_text(NOTHING)
    scenario = folder / f"{profile}.yaml"
    scenario.write_text(SCENARIO.format(profile=profile, codec=codec, minutes=minutes))
    return counted(run(scenario, out=folder / profile, engine="uml", with_page=False).events)


def counted(events: list[Event]) -> Alarms:
    """Of a call that begins on the WiFi's link, and ends."""
    since_s: float | None = None
    on_link_s = 0.0
    found = {"mn": 0, "cn": 0, "moves": 0}
    for event in events:
        now_s = event.t_s or 0.0
        is_mn = event.source == "mn"
        if is_mn and event.name in {"call_established", "handover_done", "hang_up"}:
            on_link_s += 0.0 if since_s is None else now_s - since_s
            is_back = event.name == "call_established" or event.link == "wifi"
            since_s = now_s if is_back else None
        elif since_s is not None and event.name == "silence" and "heard_on" not in event.fields:
            found[event.source] += 1
        elif event.name == "trigger" and event.link == "wifi":
            found["moves"] += 1
    return Alarms(on_link_s, found["mn"], found["cn"], found["moves"])


def rows(minutes: int, profiles: list[str], folder: Path) -> Iterator[list[str]]:
    """One for each profile."""
    for name in profiles:
        codec = codec_for(load(PROFILE.find(name), LinkProfile))
        if codec is None:
            yield [name, "carries none", "", "", ""]
        else:
            yield [name, codec, *call(name, codec, minutes, folder).an_hour()]


def main() -> None:
    """Print the table as it is made."""
    minutes = int(sys.argv[2]) if len(sys.argv) > 2 else MINUTES
    profiles = sys.argv[3:] or PROFILE.shipped()
    line = "{:<20}{:<14}{:>12}{:>12}{:>12}"
    print(f"Alarms in an hour on the link, by calls of {minutes} minutes")
    print(line.format("profile", "speech", "heard by MN", "heard by CN", "call moved"))
    for row in rows(minutes, profiles, Path(sys.argv[1])):
        print(line.format(*row).rstrip(), flush=True)


if __name__ == "__main__":
    main()
