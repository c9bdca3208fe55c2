"""Writing a snapshot, beside everything else that goes on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
import trio

from compozy.drivers.sugardb.capture import Capture
from compozy.drivers.sugardb.encoding import Entry, Epoch, Seal, encode
from compozy.drivers.sugardb.files import Folder, create, write_all
from compozy.drivers.sugardb.records import Header, framed

_STEP_BYTES: Final = 64 << 10
"""What is encoded before others get their turn: some hundred microseconds."""

_WRITE_BYTES: Final = 1 << 20
"""What is handed to the thread at once."""

_STEP_ENTRIES: Final = 100


@attrs.define
class _Output:
    """A file that is being written."""

    descriptor: int
    salt: int
    ahead: float
    size: int = 0
    records: int = 0
    buffer: list[bytes] = attrs.field(factory=list)
    buffered: int = 0

    def add(self, entry: Entry) -> int:
        record = framed(encode(entry, self.ahead), self.salt)
        self.buffer.append(record)
        self.buffered += len(record)
        self.records += 1
        return len(record)

    def write(self) -> None:
        data = b"".join(self.buffer)
        write_all(self.descriptor, data, self.size)
        self.size += len(data)
        self.buffer, self.buffered = [], 0


@attrs.frozen
class SnapshotWriter:
    """Writes the snapshots of a folder.

    Args:
        folder: Where they go.
        is_volatile: Tells which keys are left out.
        ahead: Returns by how many seconds the wall clock is ahead of the clock of deadlines.
    """

    _folder: Folder
    _is_volatile: Callable[[str], bool]
    _ahead: Callable[[], float]
    _threads: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(1))

    async def write(self, capture: Capture, header: Header, epoch: int) -> int:
        """Write a snapshot; return how many bytes it has once it is on disk under its name.

        Cancellation: what has been written is removed, as after an error.

        Raises:
            OSError: The disk is full, or broken.
        """
        path = self._folder.unfinished(header.generation)
        descriptor = create(path)
        try:
            output = _Output(descriptor, header.salt, self._ahead())
            output.buffer.append(header.to_bytes())
            output.add(Epoch(epoch))
            await self._write_keys(capture, output)
            output.add(Seal(output.records))
            await self._in_thread(lambda: self._complete(output, path, header.generation))
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)
        return output.size

    def _complete(self, output: _Output, path: Path, generation: int) -> None:
        output.write()
        os.fsync(output.descriptor)
        path.replace(self._folder.snapshot(generation))
        self._folder.sync()

    async def _write_keys(self, capture: Capture, output: _Output) -> None:
        encoded = entries = 0
        for entry in capture.entries():
            if self._is_volatile(entry.key):
                continue
            encoded += output.add(entry)
            entries += 1
            if encoded < _STEP_BYTES and entries < _STEP_ENTRIES:
                continue
            encoded = entries = 0
            if output.buffered >= _WRITE_BYTES:
                await self._in_thread(output.write)
            else:
                await trio.lowlevel.checkpoint()

    async def _in_thread(self, blocking: Callable[[], None]) -> None:
        await trio.to_thread.run_sync(blocking, limiter=self._threads)
