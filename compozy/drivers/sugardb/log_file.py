"""One file of the log, open for appending; its methods block and belong on a worker thread."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import attrs

from compozy.drivers.sugardb.encoding import Seal, encode
from compozy.drivers.sugardb.files import create, write_all
from compozy.drivers.sugardb.records import HEADER_BYTES, Header, framed

_RECORD_BYTES: Final = 64 << 10
"""A record is complete when it is this long: checksums cost nothing then, and little is torn with its end."""


@attrs.define
class LogFile:
    """A log and where the next record goes.

    Attributes:
        path: Where it is.
        header: What it says about itself.
        size: How many bytes of it are good; what may stand behind them is written over.
        records: How many records these are.
    """

    path: Path
    header: Header
    _descriptor: int
    size: int
    records: int

    @classmethod
    def create(cls, path: Path, header: Header) -> Self:
        """Create the file with its header, on disk.

        Raises:
            OSError: It cannot be; then it is not there.
        """
        descriptor = create(path)
        try:
            write_all(descriptor, header.to_bytes(), 0)
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            path.unlink()
            raise
        return cls(path, header, descriptor, HEADER_BYTES, 0)

    @classmethod
    def reopen(cls, path: Path, header: Header, *, size: int, records: int) -> Self:
        """Open a file again, to go on after its first ``size`` bytes; the rest is cut off.

        Raises:
            OSError: It cannot be.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.fstat(descriptor).st_size > size:
                os.ftruncate(descriptor, size)
                os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        return cls(path, header, descriptor, size, records)

    def append(self, payloads: Sequence[bytes], *, sync: bool, seal: bool = False) -> None:
        """Write payloads at the end, all of them or none, as few records.

        After a failed fsync nobody knows what of the data the system has given up on (it tells only once), so nothing
        of it counts: the next call writes at the same place again.

        Args:
            payloads: What to write; none of them is divided between records.
            sync: Whether to return only when they are on disk.
            seal: Whether nothing will be written after them.

        Raises:
            OSError: The disk is full, or broken.
        """
        salt = self.header.salt
        records = [framed(payload, salt) for payload in _gathered(payloads)]
        if seal:
            records.append(framed(encode(Seal(self.records + len(records)), 0.0), salt))
        data = b"".join(records)
        try:
            write_all(self._descriptor, data, self.size)
            if sync:
                os.fsync(self._descriptor)
        except OSError:
            # Best effort: what cannot be cut off now will be written over, or found torn when it is read.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)
        self.records += len(records)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _gathered(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what stands in each record."""
    gathered: list[bytes] = []
    size = 0
    for payload in payloads:
        gathered.append(payload)
        size += len(payload)
        if size >= _RECORD_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
