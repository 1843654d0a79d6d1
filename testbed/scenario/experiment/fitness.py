"""What is likely to go wrong with a call before it is tried: told before the run, and kept with it."""

from collections.abc import Iterator

from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.reading.units import RATE, TIME

# At IP, with 20 ms in each packet (RFC 3551 4.5: 64 kbit/s for G.711, 13.2 for GSM; 40 bytes of headers, 50 times/s).
CODEC_RATES = {"PCMU": 80_000.0, "PCMA": 80_000.0, "GSM": 29_200.0}
# An INVITE with SDP and credentials, at IP.
INVITE_BYTES = 1200
# RFC 3261 17.1.1.1.
T1_S = 0.5


def doubts(experiment: Experiment) -> Iterator[str]:
    """One line for each thing that does not fit."""
    (codec, *_) = experiment.scenario.call.spoken_by("mn")
    needed = CODEC_RATES[codec]
    for name, (_, profile) in experiment.links.items():
        for way, direction in profile.directions.items():
            where = f"link '{name}' ({profile.name}, {way}) has {RATE.text(direction.rate)}"
            if direction.rate < needed:
                yield f"{where}, and {codec} needs {RATE.text(needed)}: speech will wait in its queue and get lost"
            invite_s = INVITE_BYTES * 8 / direction.rate
            if invite_s + 2 * direction.delay > T1_S:
                took = TIME.text(round(invite_s + 2 * direction.delay, 3))
                yield (
                    f"{where}: an INVITE of {INVITE_BYTES} bytes and its answer take {took} or more,"
                    f" longer than T1 ({TIME.text(T1_S)}): it will be sent more than once"
                )
