"""The log as operations see it: a buffer that a task writes and syncs in groups.

An operation puts its effects into the buffer, which never waits. One task takes what has gathered, has a thread write
and sync it, and begins anew, so any number of operations share one sync. What a failed write (a full disk, say) leads
to is decided by what was promised:

- ``always``: an operation has waited for the disk, and is told. All that the group has changed in memory is taken back,
  with what has been built on it since: memory is again what the disk is. The next operation tries again.
- ``everysec`` and ``no``: the operations have long returned. What could not be written stays in the buffer, in order,
  and is tried again and again; until it is on disk every new write is refused. So what is in memory is what is on disk
  and in the buffer, and nothing that somebody was told is lost unless the process dies.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Final, Literal

import attrs
import trio
from typing_extensions import override

from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb.database import AnyEffect, Journal, Undo
from compozy.drivers.sugardb.effects import Effect
from compozy.drivers.sugardb.encoding import Entry, encode
from compozy.drivers.sugardb.log_file import LogFile
from compozy.telemetry.logger import get_logger

Fsync = Literal["always", "everysec", "no"]

INTERVAL_S: Final = 0.5
"""Between two writes unless each is waited for: half of the second that may be lost, the other half is for the disk."""

URGENT_BYTES: Final = 1 << 20
"""A buffer of this size is written at once."""

_MOST_BYTES: Final = 64 << 20
"""A disk that is behind by this much cannot keep up; some seconds of the fastest writers."""

_CLOSE_S: Final = 10.0
"""How long closing waits for the disk."""

_log = get_logger(__name__)


@attrs.define(eq=False)
class _Group:
    """What is written together.

    Attributes:
        payloads: What each write came to, in order.
        undos: What takes each of the writes back, in the same order.
        size: Bytes of all payloads.
        ahead: By how many seconds the wall clock was ahead when the first of them was added.
        done: Set when it is on disk, or has failed.
        failure: Why it is not on disk.
    """

    payloads: list[bytes] = attrs.field(factory=list)
    undos: list[Undo] = attrs.field(factory=list)
    size: int = 0
    ahead: float = 0.0
    done: trio.Event = attrs.field(factory=trio.Event)
    failure: OSError | None = None


@attrs.define(eq=False)
class _Switch:
    """A wish to go on in another file."""

    file: LogFile
    cut: Callable[[], None]
    done: trio.Event = attrs.field(factory=trio.Event)
    failure: OSError | None = None


class DiskJournal(Journal):
    """The log of one open folder.

    Attributes:
        failures: Writes that could not be kept.
        acknowledges: Whether each is waited for.

    Args:
        file: Where records go.
        fsync: When they are on disk.
        volatile: What the keys begin with that are not kept.
        ahead: Returns by how many seconds the wall clock is ahead of the clock of deadlines.
    """

    def __init__(self, file: LogFile, *, fsync: Fsync, volatile: tuple[str, ...], ahead: Callable[[], float]) -> None:
        self._file = file
        self._fsync = fsync
        self.acknowledges = fsync == "always"
        self._volatile = volatile
        self._ahead = ahead
        self._group = _Group()
        self._urgent = trio.Event()
        self._switch: _Switch | None = None
        self._failure: OSError | None = None
        self._is_failing = False
        self._grown = trio.Event()
        self._limit = 0
        self._threads = trio.CapacityLimiter(1)
        self.failures = 0
        self.take_back: Callable[[Undo], None] = lambda _: None

    @property
    def file(self) -> LogFile:
        """Where records go now."""
        return self._file

    @override
    def kept(self, effects: Sequence[AnyEffect]) -> Sequence[AnyEffect]:
        if not self._volatile:
            return effects
        return [effect for effect in effects if not self.is_volatile(effect.key)]

    def is_volatile(self, key: str) -> bool:
        """Tell whether the key is not kept."""
        return key.startswith(self._volatile)

    @override
    def require_writable(self) -> None:
        if self._failure is not None:
            self.failures += 1
            raise _unwritable(self._file, self._failure)
        if self._group.size > _MOST_BYTES:
            self.failures += 1
            raise UnavailableError(
                f"the disk cannot keep up with the cache: {self._group.size} bytes wait for {self._file.path}"
            )

    @override
    def append(self, effects: Sequence[Effect], undo: Undo = ()) -> None:
        self._append(effects)
        if self.acknowledges:
            self._group.undos.append(undo)
            self._urgent.set()

    @override
    async def settle(self) -> None:
        group = self._group
        await group.done.wait()
        if group.failure is not None:
            self.failures += 1
            raise _unwritable(self._file, group.failure) from group.failure

    async def write_now(self, *entries: Entry) -> None:
        """Return when the entries, and all before them, are on disk, whatever was promised.

        Raises:
            UnavailableError: It cannot be written.
        """
        self._append(entries)
        group = self._group
        await self._flush(sync=True)
        if group.failure is not None:
            raise _unwritable(self._file, group.failure) from group.failure

    async def switch(self, file: LogFile, cut: Callable[[], None]) -> None:
        """Go on in another file, and return when the one before is sealed and on disk.

        Args:
            file: The next file, empty.
            cut: Called between the last write that goes to the file before and the first that goes to this one.

        Raises:
            OSError: The file before cannot be written; nothing is changed.
        """
        self._switch = wish = _Switch(file, cut)
        self._urgent.set()
        try:
            await wish.done.wait()
        finally:
            if self._switch is wish:
                self._switch = None
            else:  # cancelled, it is being carried out nevertheless, and whoever asked must know in which file it ended
                with trio.CancelScope(shield=True):
                    await wish.done.wait()
        if wish.failure is not None:
            raise wish.failure

    async def wait_grown(self, size: int) -> None:
        """Return when the file is that large."""
        self._limit = size
        self._grown = trio.Event()
        self._look_at_size()
        await self._grown.wait()

    async def run(self) -> None:
        """Write what gathers, until it is cancelled."""
        while True:
            with trio.move_on_after(inf if self.acknowledges else INTERVAL_S):
                await self._urgent.wait()
            self._urgent = trio.Event()
            if self._group.payloads or self._switch is not None:
                # What was taken from the buffer must arrive: a thread that writes cannot be stopped, but waited for.
                with trio.CancelScope(shield=True):
                    await self._flush(sync=self._fsync != "no")

    async def close(self) -> None:
        """Write and sync what is left, and close the file; :meth:`run` has ended.

        Raises:
            UnavailableError: It cannot be written; what is left is lost.
        """
        left = self._group
        if left.payloads:
            with trio.move_on_after(_CLOSE_S, shield=True) as patience:
                await self._flush(sync=True, abandon=True)
            if patience.cancelled_caught:  # the file stays open, for a thread is still at it
                left.failure = TimeoutError(f"the disk did not answer within {_CLOSE_S:.0f} s")
                left.done.set()
                raise _unwritable(self._file, left.failure)
        self._file.close()
        if left.failure is not None:
            raise _unwritable(self._file, left.failure) from left.failure

    def _append(self, entries: Sequence[Entry]) -> None:
        group = self._group
        if not group.payloads:
            group.ahead = self._ahead()
        if len(entries) == 1:  # as nearly always
            payload = encode(entries[0], group.ahead)
        else:
            payload = b"".join([encode(entry, group.ahead) for entry in entries])
        group.payloads.append(payload)
        group.size += len(payload)
        if group.size > URGENT_BYTES and self._failure is None:
            self._urgent.set()

    async def _flush(self, *, sync: bool, abandon: bool = False) -> None:
        """Have a thread write what has gathered; wake who waits for it."""
        group, self._group = self._group, _Group()
        wish, self._switch = self._switch, None
        ends = wish is not None
        if wish is not None:
            wish.cut()
        write = partial(self._file.append, group.payloads, sync=sync or ends, seal=ends)
        try:
            await trio.to_thread.run_sync(write, abandon_on_cancel=abandon, limiter=self._threads)
        except OSError as error:
            self._fail(group, error)
        else:
            self._succeed(wish)
        group.done.set()
        if wish is not None:
            wish.failure = group.failure
            wish.done.set()

    def _succeed(self, wish: _Switch | None) -> None:
        if self._is_failing:
            _log.info("cache can be written again", path=str(self._file.path))
        self._is_failing = False
        self._failure = None
        if wish is not None:
            self._file.close()
            self._file = wish.file
        self._look_at_size()

    def _fail(self, group: _Group, error: OSError) -> None:
        if not self._is_failing:
            _log.error("cache cannot be written", path=str(self._file.path), error=str(error))
        self._is_failing = True
        group.failure = error
        later = self._group
        if self.acknowledges:
            for undo in reversed([*group.undos, *later.undos]):
                self.take_back(undo)
            self._group = _Group()
            later.failure = error
            later.done.set()
        else:
            self._group = _Group(
                payloads=[*group.payloads, *later.payloads], size=group.size + later.size, ahead=group.ahead
            )
            self._failure = error

    def _look_at_size(self) -> None:
        if self._file.size >= self._limit:
            self._grown.set()


def _unwritable(file: LogFile, error: OSError) -> UnavailableError:
    return UnavailableError(
        f"the cache cannot be written to {file.path}: {error.strerror or error}; make room, or mend the disk"
    )
