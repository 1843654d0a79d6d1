"""Sun's .au files: the little of the format that a G.711 source needs.

Six big-endian 32-bit words: ".snd", offset of the data, size of the data, encoding, sample rate, channels; then an
annotation up to the offset (Sun/NeXT audio file format).
"""

from struct import Struct

_HEADER = Struct("!4s5I")
_MAGIC = b".snd"
_MU_LAW = 1
_UNKNOWN_SIZE = 0xFFFFFFFF


class AuParseError(ValueError):
    """The file is no .au file, or not one with G.711 µ-law at 8000 Hz in one channel."""


def read_mu_law(data: bytes) -> bytes:
    """Return the samples of an .au file, one octet each; AuParseError if it holds anything but 8 kHz mono µ-law."""
    if len(data) < _HEADER.size:
        raise AuParseError(f"{len(data)} octets are too few for an .au header, which has 24")
    magic, offset, size, encoding, rate, channels = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise AuParseError(f"octet 0: {magic!r}, not {_MAGIC!r}")
    if not _HEADER.size <= offset <= len(data):
        raise AuParseError(f"octet 4: data begin at {offset}, in a file of {len(data)} octets")
    if (encoding, rate, channels) != (_MU_LAW, 8000, 1):
        raise AuParseError(f"encoding {encoding}, {rate} Hz, {channels} channels: not 1 (µ-law), 8000 Hz, 1 channel")
    # A writer to a pipe can't know the size, and says so; a file that was cut short is played as far as it goes.
    samples = data[offset:] if size == _UNKNOWN_SIZE else data[offset : offset + size]
    if not samples:
        raise AuParseError("no samples")
    return samples
