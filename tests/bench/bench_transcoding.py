"""What a packet costs in the B2BUA's relay that it has to look at: untouched, and turned into another codec.

    python -m tests.bench.bench_transcoding

One call, packets of 20 ms from the peer to one leg, one after the other; no socket. What needs no transcoding never
gets here while there is one leg, see `bench_relay`.
"""

import time
from itertools import product
from pathlib import Path
from random import Random

import agents.rtp
from agents.media.leg import Agreed, Leg
from agents.roles.b2bua.relay import Relay
from agents.roles.b2bua.transcoding import transcodable
from agents.rtp.au import read_mu_law
from agents.rtp.coding.codec import FRAME_SAMPLES, Transcoder
from agents.sdp.audio import PCMU, AudioFormat, Numbering
from agents.sip.message.address import Address, Datagram
from tests.agents.rtp.packets import build_packet

PACKETS = 20_000
SPEECH = read_mu_law((Path(agents.rtp.__file__).parent / "speech" / "mn.au").read_bytes())


def packets(spoken: AudioFormat) -> list[bytes]:
    """Speech in a codec."""
    coder = Transcoder(PCMU.payload_type, spoken.payload_type)
    frames = [SPEECH[at : at + FRAME_SAMPLES] for at in range(0, len(SPEECH) - FRAME_SAMPLES, FRAME_SAMPLES)]
    payloads = [coder.transcode(frame) for frame in frames]
    return [
        build_packet(spoken.payload_type, n, n * FRAME_SAMPLES, 1, payloads[n % len(payloads)]) for n in range(PACKETS)
    ]


def cost_us(spoken: AudioFormat, taken: AudioFormat) -> float:
    """Microseconds of processor time a packet."""
    out: list[Datagram] = []
    relay = Relay(out, "b2bua@home", Random(1))
    mn = Leg(Address("192.0.2.1", 40000), Address("192.0.2.9", 20000))
    peer = Leg(Address("192.0.2.1", 40002), Address("192.0.2.8", 30000))
    numbering = Numbering({taken: taken.payload_type}, {taken.payload_type: taken})
    relay.set_leg("mn", Agreed(mn, True, numbering), now=0.0)
    relay.set_peer(Agreed(peer, True, Numbering({spoken: spoken.payload_type}, {spoken.payload_type: spoken})), now=0.0)
    came = packets(spoken)
    began = time.process_time()
    for number, data in enumerate(came):
        relay.receive_datagram(data, local=peer.local, remote=peer.remote, now=number / 50)
    took = time.process_time() - began
    if len(out) != PACKETS or relay.untranslatable:
        raise RuntimeError(f"{len(out)} of {PACKETS} packets came out")
    return took / PACKETS * 1e6


if __name__ == "__main__":
    for spoken, taken in product(transcodable(), repeat=2):
        print(f"{spoken.name} -> {taken.name}: {cost_us(spoken, taken):.1f} µs a packet")
