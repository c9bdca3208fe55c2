"""How a command line names a database."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from compozy.app.databases import MEMORY, Database, PostgresDatabase, SqliteDatabase
from compozy.config.urls import without_secrets
from compozy.domain.errors import InvalidError, Problem

FORMS: Final = "sqlite:PATH or postgres://USER@HOST:PORT/NAME"
"""The ways to name one."""

_SQLITE: Final = "sqlite:"
_POSTGRES: Final = "postgres:"
_URLS: Final = ("postgres://", "postgresql://")

# Moving data counts and reads large tables, and nobody waits for an answer within seconds.
_PATIENCE: Final[dict[str, Any]] = {
    "statement_timeout": timedelta(minutes=10),
    "command_timeout": timedelta(minutes=11),
    "pool_min": 0,
    "pool_max": 2,
}


def parse_address(text: str, *, option: str) -> Database:
    """Return the database that ``text`` names: ``sqlite:PATH``, or a PostgreSQL URL, with or without ``postgres:``.

    Args:
        text: As it was typed. A relative path is relative to the current folder.
        option: What it was typed for, for the error.

    Raises:
        InvalidError: It names none. A password in it is not shown.
    """
    if text.startswith(_SQLITE):
        path = text.removeprefix(_SQLITE)
        if path.startswith("///"):
            path = path.removeprefix("//")  # as in the URLs of other programs
        if path.startswith("//") or path in ("", MEMORY):
            raise InvalidError(Problem(key=option, message=f"{text!r} names no file", hint="write sqlite:PATH"))
        return SqliteDatabase(Path(path).expanduser())
    url = text if text.startswith(_URLS) else text.removeprefix(_POSTGRES)
    if not url.startswith(_URLS):
        shown = without_secrets(text)
        raise InvalidError(Problem(key=option, message=f"{shown!r} names no database", hint=f"write {FORMS}"))
    return PostgresDatabase(without_secrets(url), {"url": url, **_PATIENCE})
