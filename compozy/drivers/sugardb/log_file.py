"""One file of the log, open for appending; its methods block and belong on a worker thread."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import attrs

from compozy.drivers.sugardb.files import create, write_all
from compozy.drivers.sugardb.records import HEADER_BYTES, Header


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

    def append(self, records: Sequence[bytes], *, sync: bool) -> None:
        """Write records at the end, all of them or none.

        After a failed fsync nobody knows what of the data the system has given up on (it tells only once), so nothing
        of it counts: the next call writes at the same place again.

        Args:
            records: What to write.
            sync: Whether to return only when they are on disk.

        Raises:
            OSError: The disk is full, or broken.
        """
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
