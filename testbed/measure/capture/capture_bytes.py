"""A capture's bytes: a file mapped and not read, a pipe or a file compressed with gzip kept in a file without a name.

Only what is asked for on purpose may be a pipe (`pipes`): whatever else names one would wait for ever.
"""

from __future__ import annotations

import mmap
import stat
import sys
import tempfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from testbed.measure.capture.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testbed.measure.capture.capture import Bytes

STANDARD_INPUT = Path("-")
GZIP = b"\x1f\x8b"
LARGEST = 1 << 36
"""Bytes that are unpacked: more is made to fill a disk."""

COMPRESSED = {
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it first (unzstd)",
    b"BZh": "is compressed with bzip2: unpack it first (bunzip2)",
    b"\xfd7zXZ\0": "is compressed with xz: unpack it first (unxz)",
    b"\x04\x22\x4d\x18": "is compressed with lz4: unpack it first (unlz4)",
    b"\x1f\x9d": "is compressed with compress: unpack it first (gunzip)",
    b"PK\x03\x04": "is a zip archive: unpack it first (unzip)",
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive: unpack it first (7z x)",
}
"""What a file begins with -> what it is: of these only gzip's is read here."""

_PIECE = 1 << 14
EMPTY = "is empty (0 bytes): nothing was captured, or the capture never started"


def load(path: Path, *, pipes: bool = False) -> Bytes:
    """Return the file's bytes, mapped and not read; `CaptureError` when there is nothing to read.

    With `pipes` it may be a named pipe too, or `-`, standard input: these are read to their end.
    """
    try:
        if pipes and path == STANDARD_INPUT:
            return _kept(path, _read(_standard_input(path)))
        mode = path.stat().st_mode
        if pipes and stat.S_ISFIFO(mode):
            with path.open("rb", buffering=0) as file:
                return _kept(path, _read(file))
        if not stat.S_ISREG(mode):
            raise CaptureError(path, "is not a regular file")
        with path.open("rb") as file:
            return _mapped(path, file)
    except OSError as error:
        raise CaptureError(path, error.strerror or str(error)) from error


def unpacked(path: Path, data: Bytes) -> tuple[Bytes, tuple[str, ...]]:
    """Return what is in a file that begins as gzip's do (RFC 1952), and a warning where not all of it could be read.

    `CaptureError` for other compressed files, and where nothing could be unpacked; other data are returned as they are.
    """
    start = data[:8].tobytes()
    for magic, what in COMPRESSED.items():
        if start.startswith(magic):
            raise CaptureError(path, what)
    if not start.startswith(GZIP):
        return data, ()
    warnings: list[str] = []
    try:
        found = _kept(path, _limited(_inflated(data, warnings), warnings))
    except CaptureError as error:
        raise CaptureError(path, warnings[0] if warnings else error.what) from None
    return found, tuple(warnings)


def _standard_input(path: Path) -> IO[bytes]:
    if sys.stdin.isatty():
        raise CaptureError(path, "standard input is a terminal: pipe a capture into it")
    return sys.stdin.buffer


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece


def _kept(path: Path, pieces: Iterable[bytes]) -> Bytes:
    """Return bytes that come piece by piece, in a file that is gone when nobody needs them any more."""
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            try:
                file.write(piece)
            except OSError as error:
                what = f"cannot be kept in {tempfile.gettempdir()} while it is measured: {error.strerror}"
                raise CaptureError(path, what) from error
        file.flush()
        return _mapped(path, file)


def _mapped(path: Path, file: IO[bytes]) -> Bytes:
    try:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8)
    except ValueError:  # there is no mapping of nothing
        raise CaptureError(path, EMPTY) from None


def _limited(pieces: Iterable[bytes], warnings: list[str]) -> Iterator[bytes]:
    left = LARGEST
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left < 0:
            warnings.append(f"compressed with gzip: more than {LARGEST} bytes; what follows was left out")
            return


def _inflated(data: Bytes, warnings: list[str]) -> Iterator[bytes]:
    """Yield what is in the members of a gzip file, up to the first byte that is damaged."""
    at = 0
    while at < len(data):
        member = zlib.decompressobj(wbits=31)
        while not member.eof and at < len(data):
            piece, before = data[at : at + _PIECE].tobytes(), member.copy()
            try:
                yield member.decompress(piece)
            except zlib.error as error:
                yield from _up_to_damage(before, piece)
                warnings.append(f"compressed with gzip, and damaged after byte {at} ({error}); the rest was left out")
                return
            at += len(piece) - len(member.unused_data)
        if not member.eof:
            warnings.append(f"compressed with gzip, and cut off at byte {at}: what was there was unpacked")
        elif data[at : at + len(GZIP)].tobytes() != GZIP:
            break  # some tapes fill up with zeros
    if at < len(data) and data[at:].any():
        warnings.append(f"compressed with gzip: {len(data) - at} bytes behind it were left out")


def _up_to_damage(member: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """Yield what can be unpacked of a piece in which there is damage."""
    for byte in piece:
        try:
            yield member.decompress(bytes([byte]))
        except zlib.error:
            return
