"""The lock file of a state folder, looked at from outside."""

import os
from enum import Enum, auto
from pathlib import Path

import attrs


class LockState(Enum):
    """Whether a process holds the lock."""

    FREE = auto()
    HELD = auto()
    UNKNOWN = auto()


@attrs.frozen(kw_only=True)
class LockReading:
    """What the lock file says.

    Attributes:
        state: Whether it is held now.
        pid: The process that the file names: the holder, or the last one there was; None when it names none.
        reason: Why the state is not known; empty when it is.
    """

    state: LockState
    pid: int | None = None
    reason: str = ""


def read_lock(path: Path) -> LockReading:
    """Return who holds the lock.

    The only way to ask is to take it, shared and for an instant: a runtime that starts in just that instant would see
    it as held. That is why nobody but a person's command asks.

    Args:
        path: The lock file; an absent one is free.
    """
    try:
        import fcntl  # noqa: PLC0415 - POSIX only
    except ImportError:
        return LockReading(state=LockState.UNKNOWN, reason="this system has no advisory locks")
    try:
        with path.open("rb") as file:
            pid = _pid_in(file.read(32))
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return LockReading(state=LockState.HELD, pid=pid)
            return LockReading(state=LockState.FREE, pid=pid)
    except FileNotFoundError:
        return LockReading(state=LockState.FREE)
    except OSError as error:
        return LockReading(state=LockState.UNKNOWN, reason=os.strerror(error.errno or 0))


def _pid_in(content: bytes) -> int | None:
    text = content.strip()
    return int(text) if text.isdigit() else None
