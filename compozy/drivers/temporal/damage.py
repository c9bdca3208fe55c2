"""A database that the Temporal server cannot use: what is wrong with it, what is lost without it, and the way out.

Hardly anything is checked before the server has failed: a check of the whole file takes as long as reading it, and the
server reads what it needs anyway. Nothing is deleted.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from compozy.domain.errors import InvalidError
from compozy.drivers.temporal.backups import companions, find_backups

# What SQLite says, in the server or in ours, and what that means; the first that is found counts.
_MEANINGS: Final[Mapping[str, str]] = {
    "file is not a database": "is not an SQLite database",
    "malformed": "is damaged",
    "no such table": "is not a database of the Temporal server, or only the beginning of one",
    "no such column": "has a schema that this version of Temporal does not know",
    "has no column": "has a schema that this version of Temporal does not know",
    "unable to open database file": "cannot be opened",
    "readonly database": "cannot be written",
}
_QUOTE: Final = 300


def explain_damage(database_file: Path, said: str) -> InvalidError | None:
    """Return what is wrong with the database, judging by what was said of it; None when that says nothing of it.

    Args:
        database_file: The database.
        said: The last lines of the server, or an error of SQLite.
    """
    found = next((meaning for sign, meaning in _MEANINGS.items() if sign in said), None)
    if found is None:
        return None
    meaning, hint = _look(database_file) or (found, _way_out(database_file))
    return _error(database_file, meaning, f"{hint} (it was said: {_last_line(said)})")


def check_not_empty(database_file: Path) -> None:
    """Make sure that there is something in the database.

    Before the server starts, because it would write into an empty file until it finds out.

    Raises:
        InvalidError: There is nothing.
    """
    if database_file.is_file() and not any(path.stat().st_size for path in _parts(database_file)):
        raise _error(database_file, "is empty", _way_out(database_file))


def _parts(database_file: Path) -> list[Path]:
    return [path for path in (database_file, *companions(database_file)) if path.exists()]


def _error(database_file: Path, meaning: str, hint: str) -> InvalidError:
    return InvalidError(f"the database of the Temporal server, {database_file}, {meaning}; nothing was deleted. {hint}")


def _look(database_file: Path) -> tuple[str, str] | None:
    if database_file.is_dir():
        return "is a folder", "Move it away, or set temporal.standalone.database_file to a file."
    if not os.access(database_file, os.R_OK | os.W_OK):
        return "may not be read and written", "Give its owner those rights, or run the program as its owner."
    return None


def _way_out(database_file: Path) -> str:
    backups = find_backups(database_file)
    instead = f", or put back {backups[-1]}," if backups else ""
    return (
        f"Move it away, with the files -wal and -shm beside it if there are any{instead} and start again."
        " Without it, executions that are PENDING start from the beginning; those under way do not go on, and stay"
        " RUNNING; all that has ended, and every result so far, is in Compozy's own database and stays there."
    )


def _last_line(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1].strip()[-_QUOTE:] if lines else "nothing"
