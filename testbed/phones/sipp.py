"""SIPp 3.6.1 of Debian 12, with a scenario of its own."""

import math
from array import array

from agents.rtp.codec import MuLaw
from testbed.lab.plan import Foreign
from testbed.phones.site import Site

ABOUT = "SIPp, a scripted test tool: answers, moves with a re-INVITE, hangs up when its script says so"

SAMPLES_PER_S = 8000
TONE_HZ = 440
# As long as it takes the tone to end where it began, in whole packets of 160 samples.
TONE_SAMPLES = 800
TONE_AMPLITUDE = 8000
# How often the script looks whether it is time to hang up.
TICK_MS = 100


def program(site: Site) -> Foreign:
    """How it is started. It can't be told to hang up: its script does, when the scenario does."""
    script = site.render("sipp.xml.j2", tick_ms=TICK_MS)
    return {
        "name": site.node,
        "node": site.node,
        "package": "sip-tester",
        "command": [
            *("sipp", "-sf", "scenario.xml", "-i", site.address, "-p", str(site.sip_port)),
            *("-mp", str(site.media_port), "-nostdin", "-f", "3600", "-trace_err", "-trace_msg"),
        ],
        "files": {"scenario.xml": script, "tone.ulaw": tone()},
        "udp_ports": [site.sip_port],
        "start": "",
        "hang_up": "",
    }


def tone() -> str:
    """A tone in µ-law, to be played again and again."""
    turns = (2 * math.pi * TONE_HZ * n / SAMPLES_PER_S for n in range(TONE_SAMPLES))
    samples = array("h", (round(TONE_AMPLITUDE * math.sin(turn)) for turn in turns))
    return MuLaw().encode(samples.tobytes()).decode("latin-1")
