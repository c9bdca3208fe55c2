"""Temporal servers that a killed program left behind: found, proven to be ours, and ended.

Usually the reaper of their process group ends them (decision 0007). When it was killed too, the server goes on, holding
the lock of its database for ever. It is ended only if all of this is true, and nothing less proves it:

- it runs as the same user, from the very program that we would start, as a dev server on this very database;
- it has the file of the lock open, which it can only have inherited;
- the leader of its process group is gone, so nobody looks after it;
- and no other process has that file open, as a living program that had started it would.
"""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs
import psutil

from compozy.drivers.temporal.dev_server import DATABASE_FLAG, SUBCOMMAND, lock_file

_ARGUMENTS: Final = slice(1, 1 + len(SUBCOMMAND))


@attrs.frozen
class Orphans:
    """What is left of earlier programs on one database. Every call blocks for some 100 ms.

    Attributes:
        database_file: The database.
        binary: The Temporal command line.
    """

    database_file: Path
    binary: Path

    def find(self) -> list[psutil.Process]:
        """Return the servers that are proven to be ours, and forsaken."""
        servers = [process for process in self._own_processes() if self._is_server(process)]
        if not servers:  # the usual case, and the next question is a long one
            return []
        holders = [process for process in self._own_processes() if self._holds_lock(process)]
        is_proven = bool(holders) and all(holder in servers and _is_forsaken(holder) for holder in holders)
        return holders if is_proven else []

    def _own_processes(self) -> Iterator[psutil.Process]:
        me = psutil.Process().uids()
        for process in psutil.process_iter():
            try:
                if process.uids() == me:
                    yield process
            except psutil.Error:  # it has ended
                continue

    def _is_server(self, process: psutil.Process) -> bool:
        try:
            argv = process.cmdline()
            return (
                tuple(argv[_ARGUMENTS]) == SUBCOMMAND
                and str(self.database_file) in _values_of(DATABASE_FLAG, argv)
                and Path(process.exe()) == self.binary.resolve()
            )
        except psutil.Error:
            return False

    def _holds_lock(self, process: psutil.Process) -> bool:
        path = str(lock_file(self.database_file).resolve())
        try:
            return any(file.path == path for file in process.open_files())
        except psutil.Error:
            return False


def _values_of(flag: str, argv: list[str]) -> list[str]:
    return [value for name, value in pairwise(argv) if name == flag]


def _is_forsaken(process: psutil.Process) -> bool:
    try:
        leader = psutil.Process(os.getpgid(process.pid))
    except ProcessLookupError:  # it has ended itself
        return False
    except psutil.NoSuchProcess:
        return True
    return leader.status() == psutil.STATUS_ZOMBIE
