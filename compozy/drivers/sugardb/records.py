"""The frame of the files: a header, then records with a length and two checksums each.

::

    file    = header record*
    header  = "sugardb" version kind generation salt checksum
    record  = length checksum-of-payload checksum-of-both payload

The length has a checksum of its own, so that a record can be recognized wherever it begins: after one that cannot be
read it makes the difference between the torn end of a file (nothing readable follows: cut it off) and damage in the
middle (refuse). All checksums begin with the salt, random per database, so that no text that somebody stores can look
like a record. Numbers are little-endian.
"""

import struct
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

import attrs

_VERSION: Final = 1
_MAGIC: Final = b"sugardb"
_HEADER: Final = struct.Struct("<7sBcII")
_CHECKSUM: Final = struct.Struct("<I")
_LENGTHS: Final = struct.Struct("<II")

HEADER_BYTES: Final = _HEADER.size + _CHECKSUM.size
FRAME_BYTES: Final = _LENGTHS.size + _CHECKSUM.size

LOG: Final = b"L"
SNAPSHOT: Final = b"S"


@attrs.frozen
class Header:
    """What a file says about itself.

    Attributes:
        kind: :data:`LOG` or :data:`SNAPSHOT`.
        generation: Its number.
        salt: What its checksums begin with.
    """

    kind: bytes
    generation: int
    salt: int

    def to_bytes(self) -> bytes:
        """Return the header as it stands in a file."""
        head = _HEADER.pack(_MAGIC, _VERSION, self.kind, self.generation, self.salt)
        return head + _CHECKSUM.pack(crc32(head))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header | None":
        """Return the header that stands at the beginning of a file, or None when it is none that is understood."""
        head = data[: _HEADER.size]
        if len(data) < HEADER_BYTES or _CHECKSUM.pack(crc32(head)) != data[_HEADER.size : HEADER_BYTES]:
            return None
        magic, version, kind, generation, salt = _HEADER.unpack(head)
        return cls(kind, generation, salt) if (magic, version) == (_MAGIC, _VERSION) else None


def framed(payload: bytes, salt: int) -> bytes:
    """Return a payload as a record."""
    lengths = _LENGTHS.pack(len(payload), crc32(payload, salt))
    return b"".join((lengths, _CHECKSUM.pack(crc32(lengths, salt)), payload))


@attrs.define
class Reader:
    """Reads the records of a file in their order.

    Attributes:
        position: Where the next record begins.
        records: How many there were.
    """

    _file: BinaryIO
    _salt: int
    position: int = HEADER_BYTES
    records: int = 0

    def read(self) -> bytes | None:
        """Return the next payload; None at the end, and at what is no record."""
        self._file.seek(self.position)
        lengths = _lengths(self._file.read(FRAME_BYTES), self._salt)
        if lengths is None:
            return None
        length, checksum = lengths
        payload = self._file.read(length)
        if len(payload) < length or crc32(payload, self._salt) != checksum:
            return None
        self.position += FRAME_BYTES + length
        self.records += 1
        return payload


def has_record_after(path: Path, position: int, salt: int) -> bool:
    """Tell whether a whole record begins anywhere after a position in a file."""
    with path.open("rb") as file:
        file.seek(position + 1)
        data = memoryview(file.read())
    for start in range(len(data) - FRAME_BYTES + 1):
        lengths = _lengths(data[start : start + FRAME_BYTES], salt)
        if lengths is not None:
            first = start + FRAME_BYTES
            payload = data[first : first + lengths[0]]
            if len(payload) == lengths[0] and crc32(payload, salt) == lengths[1]:
                return True
    return False


def _lengths(frame: bytes | memoryview, salt: int) -> tuple[int, int] | None:
    """Return length and checksum of the payload that a frame announces, or None when it is no frame."""
    if len(frame) < FRAME_BYTES:
        return None
    lengths = frame[: _LENGTHS.size]
    if _CHECKSUM.pack(crc32(lengths, salt)) != frame[_LENGTHS.size :]:
        return None
    length, checksum = _LENGTHS.unpack(lengths)
    return length, checksum
