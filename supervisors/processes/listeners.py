"""Tells whether a process group listens on a TCP port.

That a port answers does not prove that a child is ready: a server that another, killed program left behind answers too,
while the child is still on its way to failing with "address already in use". Linux says who listens, in ``/proc``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LISTEN: Final = "0A"  # the kernel's number for this state of a socket


def group_listens(group: int, port: int, *, proc: Path = _PROC) -> bool | None:
    """Return whether a process of this group listens on this port; None when the system does not tell.

    It does not tell of a process with rights that this program lacks, such as those that come with an executable file.
    """
    if not (proc / "self" / "fd").exists():
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening(proc, port)}
    if not sockets:
        return False
    answers = [_holds(process, sockets) for process in _members(proc, group)]
    return True if True in answers else None if None in answers else False


def _listening(proc: Path, port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _read(proc / "self" / "net" / table).splitlines()[1:]:
            columns = line.split()
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _members(proc: Path, group: int) -> Iterator[Path]:
    for process in proc.glob("[0-9]*"):
        # pid (name) state ppid pgrp ...; the name may hold spaces and brackets
        fields = _read(process / "stat").rpartition(")")[2].split()
        if fields and int(fields[2]) == group:
            yield process


def _holds(process: Path, sockets: set[str]) -> bool | None:
    try:
        return any(_target(descriptor) in sockets for descriptor in (process / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return False
    except OSError:
        return None


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # it was closed meanwhile
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended meanwhile, or there is no IPv6
        return ""
