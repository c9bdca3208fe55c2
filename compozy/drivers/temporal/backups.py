"""Copies of the server's database: taken while nobody uses it, kept beside it, put back."""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

KEPT: Final = 2
"""How many backups are kept."""

Progress = Callable[[int, int], None]
"""Is told, now and then, how many pages are left and how many there are; whatever it raises ends the copy."""

_PAGES: Final = 4096  # 16 MB at a time
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z.]+")


def back_up(database_file: Path, version: str, now: datetime, *, progress: Progress) -> Path:
    """Copy the database, what is still in its log included, and return where the copy is; older ones are removed.

    The copy has its name only when it is complete.

    Args:
        database_file: The database.
        version: Who used it last; part of the name.
        now: Part of the name too (aware).
        progress: Is told how far it is.

    Raises:
        sqlite3.Error: The database cannot be read, or the copy not be written.
    """
    slug = _UNSAFE.sub("_", version.split(" ", maxsplit=1)[0])  # of "1.9.1 (Server 1.32.0)", the first number
    path = database_file.with_name(f"{database_file.name}.backup-{slug}-{now:%Y%m%dT%H%M%SZ}")
    draft = path.with_name(f"{path.name}.part")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with closing(_connect(database_file)) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target, pages=_PAGES, progress=lambda _status, left, total: progress(left, total))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    for old in find_backups(database_file)[:-KEPT]:
        old.unlink()
    return path


def find_backups(database_file: Path) -> list[Path]:
    """Return the backups of a database, the newest last."""
    found = database_file.parent.glob(f"{database_file.name}.backup-*Z")
    return sorted(found, key=lambda path: path.name.rpartition("-")[2])


def restore(backup: Path, database_file: Path) -> None:
    """Put a copy of the backup in the place of the database.

    Can be repeated when it was interrupted. The log of the database goes first: it must never be applied to another
    file.
    """
    draft = database_file.with_name(f"{database_file.name}.restored")
    shutil.copyfile(backup, draft)
    draft.chmod(0o600)
    for path in companions(database_file):
        path.unlink(missing_ok=True)
    draft.replace(database_file)


def set_aside(database_file: Path) -> Path:
    """Rename the database, with its log, and return its new name; what had that name is replaced."""
    aside = database_file.with_name(f"{database_file.name}.unfinished")
    for old, new in zip(companions(database_file), companions(aside), strict=True):
        if old.exists():
            old.replace(new)
        else:
            new.unlink(missing_ok=True)
    database_file.replace(aside)
    return aside


def companions(database_file: Path) -> tuple[Path, Path]:
    """Return the files that SQLite keeps beside a database."""
    name = database_file.name
    return database_file.with_name(f"{name}-wal"), database_file.with_name(f"{name}-shm")


def _connect(database_file: Path) -> sqlite3.Connection:
    # mode=rw: it must not be made if it is not there.
    return sqlite3.connect(f"file:{quote(str(database_file))}?mode=rw", uri=True)
