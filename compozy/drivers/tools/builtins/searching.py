"""Searching files below the root for a regular expression.

RE2 takes time linear in the text for one match. Many matches in one line are another matter, since each may read to its
end: the length of lines and the number of matches are limited, and so is their product. How much is searched altogether
is limited by the time that the call may take; it can be stopped between lines.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import attrs
import trio

from compozy.domain.errors import ToolError
from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.failures import Code
from compozy.drivers.tools.builtins.files import read_whole
from compozy.drivers.tools.builtins.paths import joined
from compozy.drivers.tools.builtins.patterns import expression
from compozy.drivers.tools.builtins.root import Root
from compozy.drivers.tools.builtins.settings import BuiltinSettings
from compozy.drivers.tools.builtins.walking import walk

_MOST_MATCHES: Final = 1000
_MOST_FILE_BYTES: Final = 1024 * 1024
_LONGEST_LINE: Final = 16 * 1024  # characters that are searched
_SHOWN_TEXT: Final = 500
_LINES_AT_ONCE: Final = 256  # between two looks at whether the call is cancelled
_HEAD: Final = 8 * 1024  # bytes in which a zero tells that a file is binary


@attrs.define
class _Search:
    pattern: Any
    searched: int = 0
    skipped: int = 0

    def matches_in(self, shown: str, content: bytes) -> Iterator[JsonObject]:
        """Yield the matches in a file, from top to bottom."""
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
            if number % _LINES_AT_ONCE == 0:
                trio.from_thread.check_cancelled()
            for match in self.pattern.finditer(line[:_LONGEST_LINE]):
                text = line.strip()[:_SHOWN_TEXT]
                yield {"file": shown, "line": number, "column": match.start() + 1, "text": text}


def grep(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Return where a pattern matches, for ``cp__grep``. Binary files and large ones are skipped, and counted.

    Raises:
        ToolError: The path cannot be read, the pattern is wrong, or there is too much to search.
    """
    parts = root.parts_of(given["path"])
    search = _Search(expression(given["pattern"], key="pattern", ignores_case=given.get("ignore_case", False)))
    most = min(given.get("max_results", _MOST_MATCHES), _MOST_MATCHES)
    found = list(islice(_matches(root, settings, given, search, parts), most + 1))
    return {
        "matches": found[:most],
        "truncated": len(found) > most,
        "files_searched": search.searched,
        "files_skipped": search.skipped,
    }


def _matches(
    root: Root, settings: BuiltinSettings, given: JsonObject, search: _Search, parts: tuple[str, ...]
) -> Iterator[JsonObject]:
    largest = min(given.get("max_file_bytes", _MOST_FILE_BYTES), settings.max_file_bytes)
    if root.kind_of(parts) == "file":
        yield from _matches_in(root, search, parts, largest)
        return
    entries = min(given.get("max_files_visited", settings.max_files), settings.max_files)
    for entry in walk(root, parts, recursive=given.get("recursive", False), most=entries):
        if not entry.is_directory:
            yield from _matches_in(root, search, entry.parts, largest)


def _matches_in(root: Root, search: _Search, parts: tuple[str, ...], largest: int) -> Iterator[JsonObject]:
    try:
        with root.file(parts) as descriptor:
            content = read_whole(descriptor, largest, shown=joined(parts))
    except ToolError as error:
        if error.error_code not in {Code.TOO_LARGE, Code.NOT_FOUND, Code.PERMISSION_DENIED}:
            raise
        search.skipped += 1
        return
    if b"\0" in content[:_HEAD]:
        search.skipped += 1
        return
    search.searched += 1
    yield from search.matches_in(joined(parts), content)
