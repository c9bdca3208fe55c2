"""A temporary folder, and a process group for those who work in it, that go away with this program.

Theory of operation (POSIX). A tiny shell, the guard, leads a process group and reads from a pipe, the lifeline, whose
other end only this program holds. Servers are started into the guard's group, and all that they start inherits the end
of a second pipe, the leash. When the lifeline is closed, by this program or by the kernel because this program is gone,
even of KILL, the guard

- asks its group to quit, and wakes those that somebody has stopped;
- reads from the leash until the last descendant is gone, for only then nobody writes to the folder any more, and
- removes the folder.

The group's id cannot become a stranger's meanwhile, because the guard is the process with that id. Descendants may
leave the group, as the children of PostgreSQL do, if they end with the one that stays; the leash they keep.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

_GUARD = 'trap "" HUP INT QUIT TERM; read -r _; kill -QUIT 0; kill -CONT 0; read -r _ <&1; rm -rf -- "$0"'

_LONGEST_FOLDER = 70
"""Characters that leave room for the name of a socket; the system takes 103 on macOS, 107 on Linux."""

_MEMORY = Path("/", "dev", "shm")  # Linux only
_ROOM_BYTES = 1024**3
_GRACE_S = 30.0  # PostgreSQL kills those of its children that take longer than 5 s to quit


@attrs.frozen
class Custody:
    """Where a server may live.

    Attributes:
        folder: An empty folder with a short path, for nobody but this user.
        group: Id of the process group that it must be started into.
        leash: The descriptor that it must inherit.
    """

    folder: Path
    group: int
    leash: int


@contextmanager
def open_custody(prefix: str, *, grace_s: float = _GRACE_S) -> Iterator[Custody]:
    """Open a folder and a group; on leaving, both are gone.

    Args:
        prefix: Of the folder's name.
        grace_s: How long members may take to quit, on leaving, before they are killed.

    Raises:
        OSError: The folder cannot be made, or there is no ``/bin/sh``.
    """
    folder = _make_folder(prefix, _parents())
    watched, leash = os.pipe()
    try:
        guard = subprocess.Popen(  # noqa: S603 - our own words
            ["/bin/sh", "-c", _GUARD, folder],
            stdin=subprocess.PIPE,
            stdout=watched,  # it is read from: of the descriptors that Popen hands on, this one is free
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd="/",
            process_group=0,
        )
    except BaseException:
        os.close(leash)
        shutil.rmtree(folder)
        raise
    finally:
        os.close(watched)
    try:
        yield Custody(folder, guard.pid, leash)
    finally:
        os.close(leash)
        _dismiss(guard, folder, grace_s)


def _dismiss(guard: subprocess.Popen[bytes], folder: Path, grace_s: float) -> None:
    with guard:
        try:
            guard.communicate(timeout=grace_s)  # closes the lifeline
        except subprocess.TimeoutExpired:
            os.killpg(guard.pid, signal.SIGKILL)
            shutil.rmtree(folder)


def _parents() -> Iterator[str]:
    """Yield where to make the folder: in memory if there is room, for there it takes a third of the time or less."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK):
        facts = os.statvfs(_MEMORY)
        # In a container it may be small, and hold no programs that can be run; they may have to be copied there.
        if facts.f_bavail * facts.f_frsize >= _ROOM_BYTES and not facts.f_flag & os.ST_NOEXEC:
            yield str(_MEMORY)
    yield tempfile.gettempdir()


def _make_folder(prefix: str, parents: Iterable[str]) -> Path:
    for parent in parents:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        if len(str(folder)) <= _LONGEST_FOLDER:
            return folder
        folder.rmdir()
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))  # every POSIX system has it
