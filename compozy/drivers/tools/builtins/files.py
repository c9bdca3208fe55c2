"""Reading, writing and deleting one file below the root."""

import os
import secrets
import stat
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.failures import Code, failure, file_errors
from compozy.drivers.tools.builtins.paths import joined
from compozy.drivers.tools.builtins.root import Root, check_regular, look_at, open_regular
from compozy.drivers.tools.builtins.settings import BuiltinSettings

_CHUNK: Final = 256 * 1024
_DEFAULT_MODE: Final = 0o644


def read_file(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Return a file's text, for ``cp__read_file``.

    Raises:
        ToolError: It is no regular file, is too large or is not UTF-8.
    """
    parts = root.parts_of(given["path"])
    with root.file(parts) as descriptor:
        content = read_whole(descriptor, settings.max_file_bytes, shown=joined(parts))
        found = os.fstat(descriptor)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise failure(
            Code.NOT_TEXT, f"{joined(parts)!r} is not text in UTF-8: byte {error.start}", path=joined(parts)
        ) from error
    if "\0" in text:
        raise failure(Code.NOT_TEXT, f"{joined(parts)!r} is binary: it contains a zero byte", path=joined(parts))
    return {"content": text, "metadata": _metadata(parts, found)}


def read_whole(descriptor: int, most: int, *, shown: str) -> bytes:
    """Return all that a file holds; how much that is, is counted while reading, since a file can grow.

    Raises:
        ToolError: ``TOO_LARGE``.
    """
    chunks: list[bytes] = []
    size = 0
    with file_errors(shown):
        while chunk := os.read(descriptor, min(_CHUNK, most + 1 - size)):
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                raise _too_large(shown, most)
    return b"".join(chunks)


def write_file(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Write or extend a file, for ``cp__write_file``. Directories on the way to it are made.

    Whoever reads it meanwhile sees the old content or the new, never a part; so does whoever looks after a crash.
    Appending is not atomic.

    Raises:
        ToolError: It may not be written, is no regular file, or becomes too large.
    """
    parts = root.parts_of(given["path"])
    _check_writable(settings, parts)
    try:
        content = given["content"].encode("utf-8")
    except UnicodeEncodeError as error:
        raise failure(Code.INVALID_INPUT, f"content: half a character at {error.start}", key="content") from error
    if len(content) > settings.max_file_bytes:
        raise _too_large(joined(parts), settings.max_file_bytes)
    with root.parent(parts, makes=True) as (directory, name):
        before = look_at(directory, name, shown=joined(parts))
        if before is not None:
            check_regular(before, shown=joined(parts))
        mode = given.get("mode", _DEFAULT_MODE if before is None else stat.S_IMODE(before.st_mode) & 0o777)
        if given.get("append", False):
            found = _append(directory, name, content, mode=mode, most=settings.max_file_bytes, shown=joined(parts))
        else:
            found = _replace(directory, name, content, mode=mode, shown=joined(parts))
    return {"success": True, "metadata": _metadata(parts, found)}


def delete_file(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Delete a file, for ``cp__delete_file``.

    Raises:
        ToolError: It may not be deleted, is not there, or is no regular file.
    """
    parts = root.parts_of(given["path"])
    _check_writable(settings, parts)
    with root.parent(parts) as (directory, name):
        found = look_at(directory, name, shown=joined(parts))
        if found is not None:
            check_regular(found, shown=joined(parts))
        with file_errors(joined(parts)):
            os.unlink(name, dir_fd=directory)
    return {"success": True, "path": joined(parts)}


def _check_writable(settings: BuiltinSettings, parts: tuple[str, ...]) -> None:
    if settings.read_only:
        raise failure(
            Code.READ_ONLY, f"{joined(parts)!r} may not be changed: the root is read-only", path=joined(parts)
        )


def _replace(directory: int, name: str, content: bytes, *, mode: int, shown: str) -> os.stat_result:
    temporary = f".{secrets.token_hex(8)}.tmp"  # not made of the name, which may be as long as names can be
    with file_errors(shown):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            try:
                _write_all(descriptor, content)
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)
        except BaseException:
            with suppress(FileNotFoundError):  # it has its name already
                os.unlink(temporary, dir_fd=directory)
            raise
    return found


def _append(directory: int, name: str, content: bytes, *, mode: int, most: int, shown: str) -> os.stat_result:
    descriptor = open_regular(directory, name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, shown=shown, mode=mode)
    try:
        with file_errors(shown):
            if os.fstat(descriptor).st_size + len(content) > most:
                raise _too_large(shown, most)
            _write_all(descriptor, content)
            os.fsync(descriptor)
            return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _metadata(parts: tuple[str, ...], found: os.stat_result) -> JsonObject:
    return {
        "path": joined(parts),
        "size": found.st_size,
        "mode": stat.S_IMODE(found.st_mode),
        "modified": modified(found),
    }


def modified(found: os.stat_result) -> str:
    """Return when a file was last changed, as RFC 3339, UTC."""
    return datetime.fromtimestamp(found.st_mtime, UTC).isoformat().replace("+00:00", "Z")


def _too_large(shown: str, most: int) -> Exception:
    return failure(Code.TOO_LARGE, f"{shown!r} has more than {most} bytes, which is the limit", path=shown, limit=most)
