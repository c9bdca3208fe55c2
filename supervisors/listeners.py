"""Tells whether a process group listens on a TCP port.

That a port answers does not prove that a child is ready: a server that another, killed program left behind answers too,
while the child is still on its way to failing with "address already in use". Linux says who listens, in ``/proc``.
"""

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"  # the kernel's number for this state of a socket


def group_listens(group: int, port: int) -> bool | None:
    """Return whether a process of this group listens on this port; None when the system does not tell."""
    if not (_PROC / "self" / "fd").exists():
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    return any(sockets & set(_open_files(process)) for process in _members(group)) if sockets else False


def _listening(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _read(_PROC / "self" / "net" / table).splitlines()[1:]:
            columns = line.split()
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _members(group: int) -> Iterator[Path]:
    for process in _PROC.glob("[0-9]*"):
        # pid (name) state ppid pgrp ...; the name may hold spaces and brackets
        fields = _read(process / "stat").rpartition(")")[2].split()
        if fields and int(fields[2]) == group:
            yield process


def _open_files(process: Path) -> Iterator[str]:
    try:
        for descriptor in (process / "fd").iterdir():
            yield str(descriptor.readlink())
    except OSError:  # it has ended meanwhile
        return


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended meanwhile, or there is no IPv6
        return ""
