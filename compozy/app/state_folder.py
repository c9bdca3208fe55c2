"""The folder for all that standalone mode keeps: private, and one program's at a time."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from compozy.domain.errors import ConflictError, UnavailableError
from supervisors import Context

LOCK_FILE: Final = "lock"
"""Name of the lock in the folder; it holds the number of the process that holds it."""


@contextmanager
def open_state_folder(folder: Path) -> Iterator[Path]:
    """Make the folder if it is not there, for its owner alone, and hold its lock.

    The lock goes with the process, however that ends.

    Raises:
        ConflictError: Another process holds the lock; says which.
        UnavailableError: The folder cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(
            f"the state folder {folder} cannot be used: {error.strerror}; make it writable"
        ) from error
    with _held(descriptor, folder):
        yield folder


@contextmanager
def keeping_others_out(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder if it is a state folder; other folders have none, and stay as they are.

    Raises:
        ConflictError: Another process holds the lock; says which.
        UnavailableError: The lock cannot be opened.
    """
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    except OSError as error:
        raise UnavailableError(f"the lock of {folder} cannot be opened: {error.strerror}; check its mode") from error
    with _held(descriptor, folder):
        yield


@contextmanager
def _held(descriptor: int, folder: Path) -> Iterator[None]:
    try:
        _lock(descriptor, folder)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    if sys.platform == "win32":
        return  # best effort: the databases in the folder have locks of their own
    import fcntl  # noqa: PLC0415 - POSIX only

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "another process"
        raise ConflictError(
            f"{folder} is in use by process {holder}; stop that, or name its address (its log has it) with --server"
        ) from error


def state_folder_actor(folder: Path) -> Callable[[Context], AbstractAsyncContextManager[Path]]:
    """Return the actor that holds the folder as long as anything in it is in use."""

    @asynccontextmanager
    async def state_folder(_ctx: Context) -> AsyncIterator[Path]:
        with open_state_folder(folder) as path:
            yield path

    return state_folder
