"""Beginning a new generation when the log has grown: a snapshot in place of all the writes that led to it.

The order of the steps is what makes it safe to stop after any of them. The next log is created, empty. The log in use
is sealed, and from then on writes go to the next; what the keys were at that instant is the snapshot. While it is
written, and if it never is, the generation before with both logs is all there is to know. Once it is there under its
name, recovery begins with it; the generation before is kept, and what is older is deleted.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import trio

from compozy.drivers.sugardb.capture import Capture
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.files import Folder
from compozy.drivers.sugardb.journal import DiskJournal
from compozy.drivers.sugardb.log_file import LogFile
from compozy.drivers.sugardb.records import LOG, SNAPSHOT, Header
from compozy.drivers.sugardb.snapshot import SnapshotWriter
from compozy.telemetry.logger import get_logger

_RATIO: Final = 2
"""How many times as large as the snapshot before it a log must be to be worth rewriting."""

_T = TypeVar("_T")

_log = get_logger(__name__)


class Rewriter:
    """Rewrites the log of one open folder.

    Args:
        folder: Where the files are.
        database: Whose keys are kept.
        journal: The log.
        writer: Who writes snapshots.
        base: The generation that recovery began with.
        epoch: What to keep with the keys.
        snapshot_bytes: How large the snapshot of that generation is.
        least_bytes: A log that is smaller is left alone.
    """

    def __init__(
        self,
        folder: Folder,
        database: Database,
        journal: DiskJournal,
        *,
        writer: SnapshotWriter,
        base: int,
        epoch: int,
        snapshot_bytes: int,
        least_bytes: int,
    ) -> None:
        self._folder = folder
        self._database = database
        self._journal = journal
        self._writer = writer
        self._base = base
        self._epoch = epoch
        self._snapshot_bytes = snapshot_bytes
        self._least_bytes = least_bytes
        self._threads = trio.CapacityLimiter(1)

    async def run(self) -> None:
        """Rewrite the log whenever it has grown, until it is cancelled."""
        while True:
            await self._journal.wait_grown(max(self._least_bytes, _RATIO * self._snapshot_bytes))
            try:
                await self.rewrite()
            except OSError as error:
                # Nothing is lost: the log goes on. It is tried again when that has grown by as much as now.
                file = self._journal.file
                _log.warning("cache's log not rewritten", path=str(file.path), error=str(error))
                await self._journal.wait_grown(file.size + max(self._least_bytes, _RATIO * self._snapshot_bytes))

    async def rewrite(self) -> None:
        """Begin a new generation.

        Raises:
            OSError: The disk is full, or broken; the generation before goes on.
        """
        before = self._journal.file.header
        generation = before.generation + 1
        captures: list[Capture] = []
        file = await self._in_thread(lambda: self._create_log(Header(LOG, generation, before.salt)))
        try:
            await self._journal.switch(file, lambda: captures.append(Capture(self._database)))
            header = Header(SNAPSHOT, generation, before.salt)
            self._snapshot_bytes = await self._writer.write(captures[0], header, self._epoch)
        finally:
            for capture in captures:
                capture.release()
            if self._journal.file is not file:
                file.close()
                file.path.unlink()
        await self._in_thread(lambda: self._folder.discard_before(self._base))
        self._base = generation
        _log.info("cache's log rewritten", generation=generation, snapshot_bytes=self._snapshot_bytes)

    def _create_log(self, header: Header) -> LogFile:
        file = LogFile.create(self._folder.log(header.generation), header)
        try:
            self._folder.sync()
        except OSError:
            file.close()
            file.path.unlink()
            raise
        return file

    async def _in_thread(self, blocking: Callable[[], _T]) -> _T:
        return await trio.to_thread.run_sync(blocking, limiter=self._threads)
