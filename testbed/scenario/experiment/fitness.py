"""What is likely to go wrong with a call before it is tried: told before the run, and kept with it."""

import math
from collections.abc import Iterator

from agents.sdp import FORMATS, PTIME_MS
from testbed.scenario.experiment.beside_call import overloads
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.correspondent import OWN_MOBILE
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.links.gating import states
from testbed.scenario.links.shaping import DirectionState
from testbed.scenario.links.timeline import changes_of
from testbed.scenario.reading.units import RATE, SHARE, TIME

# bit/s of what is said (RFC 3551 4.5); and the bits of the headers of IP, UDP and RTP, in each packet.
CODEC_RATES = {name: 8 * 1000 * one.octets / PTIME_MS for name, one in FORMATS.items()}
HEADER_BITS = 8 * 40
# An INVITE with SDP and credentials, at IP.
INVITE_BYTES = 1200
# RFC 3261 17.1.1.1.
T1_S = 0.5


def doubts(experiment: Experiment) -> Iterator[str]:
    """One line for each thing that does not fit."""
    call = experiment.scenario.call
    (codec, *_) = call.spoken_by("mn")
    for name, (_, profile) in experiment.links.items():
        over_time = states(profile, changes_of(experiment.changes, name))
        for way, direction in profile.directions.items():
            yield from speech(f"link '{name}' ({profile.name}, {way})", codec, direction, over_time[way], call.packets)
        is_own = experiment.cast.names["mn"] == OWN_MOBILE
        yield from signalling(f"link '{name}' ({profile.name})", profile, is_own=is_own)
    yield from overloads(experiment.tree, experiment.scenario, experiment.profiles, rate_of(codec, call.packets))


def rate_of(codec: str, packet_s: float) -> float:
    """What speech takes of a link at IP, in bit/s."""
    return round(CODEC_RATES[codec] + HEADER_BITS / packet_s, 1)


def speech(
    where: str,
    codec: str,
    direction: LinkDirection,
    over_time: list[tuple[float, DirectionState]],
    packet_s: float,
) -> Iterator[str]:
    """A direction that is too slow for it, or that holds fewer packets than are on their way."""
    needed = rate_of(codec, packet_s)
    if direction.rate < needed:
        yield (
            f"{where} has {RATE.text(direction.rate)}, and {codec} needs {RATE.text(needed)} in packets of"
            f" {TIME.text(packet_s)}: speech will wait in its queue and get lost"
        )
    longest_s = max(one.delay for _, one in over_time)
    on_their_way = math.ceil(longest_s / packet_s)
    if direction.queue_packets < on_their_way:
        share = SHARE.text(round(1 - direction.queue_packets / on_their_way, 2))
        yield (
            f"{where} has a queue of {direction.queue_packets} packets, and with a delay of {TIME.text(longest_s)}"
            f" {on_their_way} of speech are on their way at once: about {share} will be lost; make the queue longer"
        )


def signalling(where: str, profile: LinkProfile, *, is_own: bool) -> Iterator[str]:
    """A link on which messages are sent again before they can be answered: by our own MN, which knows it, none are."""
    if not profile.directions:
        return
    up, down = profile.directions["up"], profile.directions["down"]
    invite_s = INVITE_BYTES * 8 / up.rate
    took_s = invite_s + up.delay + down.delay
    if took_s > T1_S:
        delays = TIME.text(round(up.delay + down.delay, 4))
        yield (
            f"{where}: an INVITE of {INVITE_BYTES} bytes takes {TIME.text(round(invite_s, 6))} at {RATE.text(up.rate)},"
            f" and both delays {delays}: {TIME.text(round(took_s, 4))} or more until it is answered,"
            f" longer than T1 ({TIME.text(T1_S)}), so {'answers to it' if is_own else 'it'} will be sent more than once"
        )
