"""Walking over directories below the root: in order, counted, and stopped when the call is cancelled."""

import os
import stat
from collections.abc import Iterator
from typing import Final

import attrs
import trio

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.failures import Code, failure, file_errors
from compozy.drivers.tools.builtins.paths import is_private, joined
from compozy.drivers.tools.builtins.root import Root

_PASSED_OVER: Final = frozenset({Code.NOT_FOUND, Code.NOT_A_DIRECTORY, Code.PATH_REFUSED, Code.PERMISSION_DENIED})


@attrs.frozen
class Entry:
    """A file or a directory.

    Attributes:
        parts: The way to it from the root.
        found: What the file system says of it.
    """

    parts: tuple[str, ...]
    found: os.stat_result

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory; else it is a regular file."""
        return stat.S_ISDIR(self.found.st_mode)


def walk(root: Root, parts: tuple[str, ...], *, recursive: bool, most: int) -> Iterator[Entry]:
    """Yield what is in a directory, by name; with ``recursive`` each directory is followed by what is in it.

    Links, devices, private names and names that are not UTF-8 are left out. A directory that vanishes or that may not
    be read is passed over, unless it is the first. Runs on a thread of Trio, and ends with ``trio.Cancelled`` when the
    call is cancelled.

    Args:
        root: What limits it.
        parts: The way to the directory.
        recursive: Whether to go down.
        most: How many entries may be looked at.

    Raises:
        ToolError: The directory cannot be read, or there are more entries.
    """
    seen = 0
    left = [iter(_entries(root, parts, most=most))]
    while left:
        trio.from_thread.check_cancelled()
        entry = next(left[-1], None)
        if entry is None:
            left.pop()
            continue
        seen += 1
        if seen > most:
            raise _too_many(parts, most)
        yield entry
        if recursive and entry.is_directory:
            left.append(iter(_below(root, entry, most=most)))


def _below(root: Root, entry: Entry, *, most: int) -> list[Entry]:
    try:
        return _entries(root, entry.parts, most=most)
    except ToolError as error:
        if error.error_code in _PASSED_OVER:
            return []
        raise


def _entries(root: Root, parts: tuple[str, ...], *, most: int) -> list[Entry]:
    found = []
    with root.directory(parts) as descriptor, file_errors(joined(parts)), os.scandir(descriptor) as entries:
        for count, entry in enumerate(entries, start=1):
            if count > most:
                raise _too_many(parts, most)
            if not _is_text(entry.name) or is_private(entry.name, root.private):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # gone meanwhile
                continue
            if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
                found.append(Entry((*parts, entry.name), status))
    return sorted(found, key=lambda entry: entry.parts)


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _too_many(parts: tuple[str, ...], most: int) -> Exception:
    message = f"{joined(parts)!r} has more than {most} entries, which is the limit; name a directory below it"
    return failure(Code.TOO_LARGE, message, path=joined(parts), limit=most)
