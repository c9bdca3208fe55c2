"""Paths as tools are given them: relative to the root, taken apart before anything is opened.

What is not plainly below the root is refused by its text alone. Links are a matter of the file system, and of ``root``.
"""

from collections.abc import Collection
from typing import Final

from compozy.drivers.tools.builtins.failures import Code, failure

_MOST_CHARACTERS: Final = 4096
_FIRST_PRINTABLE: Final = " "
_DELETE: Final = "\x7f"


def parts_of(path: str, *, private: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names on the way from the root to a path; none for the root itself.

    Args:
        path: As the caller wrote it, with ``/`` between names.
        private: Names that no component may have, in lower case.

    Raises:
        ToolError: ``PATH_REFUSED``.
    """
    why = _refusal_of(path)
    parts = tuple(part for part in path.split("/") if part not in {"", "."})
    if why is None and ".." in parts:
        why = "must not contain '..'"
    if why is None and (found := next((part for part in parts if is_private(part, private)), None)):
        why = f"is in {found!r}, which tools may not touch"
    if why is not None:
        raise failure(Code.PATH_REFUSED, f"path {path[:200]!r} {why}", path=path[:200])
    return parts


def is_private(name: str, private: Collection[str]) -> bool:
    """Tell whether tools may not see a name; ``.env`` stands for ``.env.production`` too.

    Case does not count: there are file systems on which ``.ENV`` is the same file.
    """
    folded = name.casefold()
    return any(folded == each or folded.startswith(f"{each}.") for each in private)


def joined(parts: tuple[str, ...]) -> str:
    """Return a path as tools show it: relative to the root."""
    return "/".join(parts) or "."


def _refusal_of(path: str) -> str | None:
    if len(path) > _MOST_CHARACTERS:
        return f"is longer than {_MOST_CHARACTERS} characters"
    if path.startswith("/"):
        return "is absolute; write it relative to the root"
    if "\\" in path:
        return "contains a backslash; names are separated by '/'"
    if any(character < _FIRST_PRINTABLE or character == _DELETE for character in path):
        return "contains a control character"
    if any("\ud800" <= character <= "\udfff" for character in path):
        return "contains half a character"
    return None
