"""How built-in tools fail: one code for each thing a workflow may want to tell apart."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from compozy.domain.errors import ToolError


class Code(StrEnum):
    """The ``error.code`` of a task whose built-in tool failed."""

    TOOL_FAILED = "TOOL_FAILED"
    TOOL_NOT_FOUND = "TOOL_NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    TIMED_OUT = "TIMED_OUT"
    PATH_REFUSED = "PATH_REFUSED"
    READ_ONLY = "READ_ONLY"
    NOT_FOUND = "NOT_FOUND"
    NOT_A_FILE = "NOT_A_FILE"
    NOT_A_DIRECTORY = "NOT_A_DIRECTORY"
    NOT_TEXT = "NOT_TEXT"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    TOO_LARGE = "TOO_LARGE"
    FILE_ERROR = "FILE_ERROR"
    COMMAND_REFUSED = "COMMAND_REFUSED"
    COMMAND_FAILED = "COMMAND_FAILED"
    URL_REFUSED = "URL_REFUSED"
    HEADER_REFUSED = "HEADER_REFUSED"
    ADDRESS_REFUSED = "ADDRESS_REFUSED"
    TOO_MANY_REDIRECTS = "TOO_MANY_REDIRECTS"
    FETCH_FAILED = "FETCH_FAILED"


_OF_ERRNO: Final[Mapping[int | None, tuple[Code, str]]] = MappingProxyType(
    {
        errno.ENOENT: (Code.NOT_FOUND, "does not exist"),
        errno.ENOTDIR: (Code.NOT_A_DIRECTORY, "is not a directory, or is below something that is none"),
        errno.EISDIR: (Code.NOT_A_FILE, "is a directory; name a file in it"),
        errno.ELOOP: (Code.PATH_REFUSED, "is a symbolic link; name what it points to"),
        errno.ENAMETOOLONG: (Code.PATH_REFUSED, "has a name that is too long for the file system"),
        errno.ENXIO: (Code.NOT_A_FILE, "is no regular file"),
        errno.EACCES: (Code.PERMISSION_DENIED, "may not be accessed by this program"),
        errno.EPERM: (Code.PERMISSION_DENIED, "may not be accessed by this program"),
    }
)


def failure(code: Code, message: str, **details: Any) -> ToolError:
    """Return the error of a built-in tool."""
    return ToolError(message, error_code=code.value, details=details)


@contextmanager
def file_errors(path: str) -> Iterator[None]:
    """Turn what the operating system says about a file into an error of the tool.

    Args:
        path: As the caller wrote it.

    Raises:
        ToolError: For any OSError.
    """
    try:
        yield
    except OSError as error:
        code, words = _OF_ERRNO.get(error.errno, (Code.FILE_ERROR, f"failed: {error.strerror}"))
        raise failure(code, f"{path!r} {words}", path=path) from error
