"""Which Temporal is which: the version of a program, and the stamp beside a database that says who used it last."""

import json
import os
import re
import subprocess
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import attrs

from compozy.domain.errors import UnavailableError

UNKNOWN: Final = "unknown"
"""The version of whoever made a database that has no stamp."""

_VERSION: Final = re.compile(r"(?:\btemporal version|\bCLI) (\S+)(?: \(Server ([^,)\s]+))?")
_PATIENCE_S: Final = 10.0


class Phase(StrEnum):
    """How far the last start on a database came."""

    NEW = "new"
    """The database is being made; nobody has used it."""
    TRIAL = "trial"
    """Another version is being tried on it; as it was before, it is in a backup."""
    READY = "ready"
    """A server was ready on it."""


@attrs.frozen(kw_only=True)
class Program:
    """A file that a version was found out for, so that nobody has to ask it again: that takes 40 ms.

    Attributes:
        path: Where it is.
        size: Its size in bytes.
        mtime_ns: When it was changed.
    """

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def at(cls, path: Path) -> "Program":
        """Return the program at this path as it is now."""
        found = path.stat()
        return cls(path=str(path), size=found.st_size, mtime_ns=found.st_mtime_ns)


@attrs.frozen(kw_only=True)
class Stamp:
    """What is known of a database.

    Attributes:
        phase: How far the last start on it came.
        version: The last version that was ready on it; None for a new one.
        program: The program whose version is known.
        program_version: Its version.
        backup: Name of the file that has the database as ``version`` left it; in a trial only.
    """

    phase: Phase
    version: str | None = None
    program: Program | None = None
    program_version: str | None = None
    backup: str | None = None


def stamp_file(database_file: Path) -> Path:
    """Return where the stamp of a database is."""
    return database_file.with_name(f"{database_file.name}.version")


def find_stamp(database_file: Path) -> Stamp | None:
    """Return the stamp of a database; None when it has none that can be understood."""
    try:
        fields: Any = json.loads(stamp_file(database_file).read_text(encoding="utf-8"))
        program = fields.pop("program")
        return Stamp(
            phase=Phase(fields.pop("phase")), program=None if program is None else Program(**program), **fields
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_stamp(database_file: Path, stamp: Stamp) -> None:
    """Put the stamp beside the database; whoever reads it sees the old one or the new one.

    Raises:
        UnavailableError: It cannot be written now.
    """
    path = stamp_file(database_file)
    draft = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(attrs.asdict(stamp), file)
        draft.replace(path)
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be written: {error.strerror}; make room on the disk, and let the program write there"
        ) from error


def parse_version(text: str) -> str | None:
    """Return the version in what the program says, on being asked or in the first line of the server.

    >>> parse_version("temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)")
    '1.9.1 (Server 1.32.0)'
    """
    match = _VERSION.search(text)
    if match is None:
        return None
    cli, server = match.groups()
    return cli if server is None else f"{cli} (Server {server})"


def read_version(binary: Path) -> str:
    """Ask the program for its version.

    Raises:
        UnavailableError: It does not say; it may be something else.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the program that is about to be started
            [binary, "--version"], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S
        )
        said = done.stdout.decode(errors="replace").strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    version = parse_version(said)
    if version is None:
        raise UnavailableError(
            f"{binary} does not say which version of Temporal it is, but {said[:200]!r}; set"
            " temporal.standalone.cli_path to the Temporal command line, or leave it out"
        )
    return version
