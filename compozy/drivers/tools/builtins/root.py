"""Files below the root, opened so that nothing can lead out of it.

Theory of operation. A path that is checked and then opened by its text can be changed in between: a directory becomes a
link, and the check was for nothing. Here nothing is opened by its text. The root is opened once, each further directory
relative to the one before it (``openat``) and without following links, and the file relative to the last. What is open
is what was checked. Names are single components and never ``..`` (``paths`` has seen to that), so it only goes down.

Links are refused wherever they point to: one that leads to a place below the root would be harmless, but to know that
takes following it.

The calls block; ``tools`` makes them on threads. POSIX only.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from compozy.drivers.tools.builtins.failures import Code, failure, file_errors
from compozy.drivers.tools.builtins.paths import joined, parts_of

_DIRECTORY: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# NONBLOCK: a FIFO that took the place of a file after it was looked at must not hold the thread for ever.
_FILE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NEW_DIRECTORY_MODE: Final = 0o755


@attrs.frozen
class Root:
    """A directory that tools may use.

    Attributes:
        path: Where it is; may be reached through links, which are the operator's.
        private: Names in it that tools may not touch, in lower case.
    """

    path: Path
    private: frozenset[str] = frozenset()

    def parts_of(self, path: str) -> tuple[str, ...]:
        """Return the names on the way to a path, as ``paths.parts_of``."""
        return parts_of(path, private=self.private)

    @contextmanager
    def directory(self, parts: tuple[str, ...], *, makes: bool = False) -> Iterator[int]:
        """Open a directory, and close it afterwards.

        Args:
            parts: The way to it.
            makes: Whether directories that are not there are made.

        Returns:
            Its descriptor.

        Raises:
            ToolError: It is not there, is no directory, or is reached through a link.
        """
        with file_errors(str(self.path)):
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            for depth, name in enumerate(parts, start=1):
                below = _open_directory(name, descriptor, shown=joined(parts[:depth]), makes=makes)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def parent(self, parts: tuple[str, ...], *, makes: bool = False) -> Iterator[tuple[int, str]]:
        """Open the directory that holds a file.

        Returns:
            The directory's descriptor, and the file's name in it.

        Raises:
            ToolError: As :meth:`directory`; or the path is the root itself, which is ``NOT_A_FILE``.
        """
        if not parts:
            raise failure(Code.NOT_A_FILE, "'.' is the root itself; name a file in it", path=".")
        with self.directory(parts[:-1], makes=makes) as descriptor:
            yield descriptor, parts[-1]

    @contextmanager
    def file(self, parts: tuple[str, ...]) -> Iterator[int]:
        """Open a regular file for reading, and close it afterwards.

        Raises:
            ToolError: As :meth:`parent`; or it is no regular file.
        """
        with self.parent(parts) as (directory, name):
            found = open_regular(directory, name, os.O_RDONLY, shown=joined(parts))
            try:
                yield found
            finally:
                os.close(found)

    def kind_of(self, parts: tuple[str, ...]) -> str:
        """Return ``file`` or ``dir``.

        Raises:
            ToolError: It is something else, or not there.
        """
        if not parts:
            return "dir"
        with self.parent(parts) as (directory, name):
            found = look_at(directory, name, shown=joined(parts))
        if found is None:
            raise failure(Code.NOT_FOUND, f"{joined(parts)!r} does not exist", path=joined(parts))
        if stat.S_ISDIR(found.st_mode):
            return "dir"
        check_regular(found, shown=joined(parts))
        return "file"


def look_at(directory: int, name: str, *, shown: str) -> os.stat_result | None:
    """Return what a directory holds under a name, a link as itself; None when there is nothing."""
    with file_errors(shown):
        try:
            return os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None


def check_regular(found: os.stat_result, *, shown: str) -> None:
    """Refuse whatever is no regular file: reading a FIFO hangs, opening a device may do things.

    Raises:
        ToolError: ``PATH_REFUSED`` for a link, ``NOT_A_FILE`` for anything else.
    """
    if stat.S_ISLNK(found.st_mode):
        raise failure(Code.PATH_REFUSED, f"{shown!r} is a symbolic link; name what it points to", path=shown)
    if stat.S_ISDIR(found.st_mode):
        raise failure(Code.NOT_A_FILE, f"{shown!r} is a directory; name a file in it", path=shown)
    if not stat.S_ISREG(found.st_mode):
        raise failure(Code.NOT_A_FILE, f"{shown!r} is no regular file", path=shown)


def open_regular(directory: int, name: str, flags: int, *, shown: str, mode: int = 0o600) -> int:
    """Open a regular file in a directory, and return its descriptor.

    It is looked at before, since to open a device may do things, and after, since it may have changed in between.

    Raises:
        ToolError: It is no regular file, or not there.
    """
    before = look_at(directory, name, shown=shown)
    if before is not None:
        check_regular(before, shown=shown)
    with file_errors(shown):
        descriptor = os.open(name, flags | _FILE, mode, dir_fd=directory)
    try:
        check_regular(os.fstat(descriptor), shown=shown)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_directory(name: str, directory: int, *, shown: str, makes: bool) -> int:
    with file_errors(shown):
        try:
            return os.open(name, _DIRECTORY, dir_fd=directory)
        except FileNotFoundError:
            if not makes:
                raise
            _make_directory(name, directory)
            return os.open(name, _DIRECTORY, dir_fd=directory)
        except NotADirectoryError:
            # Of a link, too, Linux says that it is no directory.
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
            raise


def _make_directory(name: str, directory: int) -> None:
    try:
        os.mkdir(name, _NEW_DIRECTORY_MODE, dir_fd=directory)
    except FileExistsError:
        return  # somebody else made it meanwhile
