"""The folder of a durable cache: which files there are, for one process at a time and for their owner alone.

::

    sugardb.lock               held as long as the folder is open
    sugardb-000007.snapshot    all there was when generation 7 began
    sugardb-000007.log         what has been changed since
    sugardb-000006.*           the generation before: enough to get to the same state, should the snapshot be damaged
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from compozy.domain.errors import ConflictError, InvalidError, UnavailableError

_NAME: Final = re.compile(r"sugardb-(\d{6,})\.(snapshot|log)")
_UNFINISHED: Final = ".unfinished"


@attrs.frozen
class Folder:
    """The files of one cache.

    Attributes:
        path: Where they are.
    """

    path: Path

    def snapshot(self, generation: int) -> Path:
        """Return where the snapshot of a generation is."""
        return self.path / f"sugardb-{generation:06}.snapshot"

    def log(self, generation: int) -> Path:
        """Return where the log of a generation is."""
        return self.path / f"sugardb-{generation:06}.log"

    def unfinished(self, generation: int) -> Path:
        """Return where a snapshot is until it is whole."""
        return self.snapshot(generation).with_suffix(_UNFINISHED)

    def snapshots(self) -> list[int]:
        """Return the generations that have a snapshot, the newest last."""
        return sorted(generation for generation, kind in self._generations() if kind == "snapshot")

    def logs(self) -> list[int]:
        """Return the generations that have a log, the newest last."""
        return sorted(generation for generation, kind in self._generations() if kind == "log")

    def discard_before(self, generation: int) -> None:
        """Delete the files of older generations."""
        for older, kind in self._generations():
            if older < generation:
                (self.snapshot(older) if kind == "snapshot" else self.log(older)).unlink(missing_ok=True)

    def discard_unfinished(self) -> None:
        """Delete snapshots that were not completed."""
        for path in self.path.glob(f"sugardb-*{_UNFINISHED}"):
            path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Return when the names of the files are on disk."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _generations(self) -> list[tuple[int, str]]:
        names = (_NAME.fullmatch(path.name) for path in self.path.iterdir())
        return [(int(name[1]), name[2]) for name in names if name is not None]


def create(path: Path) -> int:
    """Create a file that is not there, for its owner alone; return its descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def write_all(descriptor: int, data: bytes, position: int) -> None:
    """Write all of the data at a position."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, position)
        view, position = view[written:], position + written


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Open the folder, made if it is not there, and keep others out; the lock goes with the process, however it ends.

    Raises:
        ConflictError: It is open already, here or in another process.
        InvalidError: There is a file in its place, or on the way to it.
        UnavailableError: It cannot be made or written.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path / "sugardb.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidError(
            f"the cache's folder {path} cannot be made: a file is in its place; name another folder"
        ) from error
    except OSError as error:
        raise UnavailableError(
            f"the cache's folder {path} cannot be used: {error.strerror}; make it writable"
        ) from error
    try:
        _lock(descriptor, path)
        yield Folder(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    import fcntl  # noqa: PLC0415 - POSIX only

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConflictError(
            f"the cache's folder {path} is in use; close the cache that has it open, or take another folder"
        ) from error
