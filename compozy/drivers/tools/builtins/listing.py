"""Listing what is below the root."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.files import modified
from compozy.drivers.tools.builtins.paths import joined
from compozy.drivers.tools.builtins.patterns import glob
from compozy.drivers.tools.builtins.root import Root
from compozy.drivers.tools.builtins.settings import BuiltinSettings
from compozy.drivers.tools.builtins.walking import Entry, walk

_PAGE: Final = 200


def list_dir(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Return a page of what is in a directory, for ``cp__list_dir``.

    Raises:
        ToolError: The directory cannot be read, or there is too much in it.
    """
    parts = root.parts_of(given["path"])
    wanted = {True: given.get("include_dirs", True), False: given.get("include_files", True)}
    if not any(wanted.values()):
        raise failure(Code.INVALID_INPUT, "include_files: this or include_dirs must be true", key="include_files")
    matches = glob(given["pattern"], key="pattern") if given.get("pattern") else lambda _: True
    entries = (
        entry
        for entry in walk(root, parts, recursive=given.get("recursive", False), most=settings.max_files)
        if wanted[entry.is_directory] and matches("/".join(entry.parts[len(parts) :]))
    )
    first = int(given.get("page_token") or 0)
    size = given.get("page_size", _PAGE)
    page = list(islice(entries, first, first + size + 1))
    output: JsonObject = {"entries": [_shown(entry) for entry in page[:size]]}
    if len(page) > size:
        output["next_page_token"] = str(first + size)
    return output


def list_files(root: Root, settings: BuiltinSettings, given: JsonObject) -> JsonObject:
    """Return the paths of the files in a directory, relative to it, for ``cp__list_files``.

    Raises:
        ToolError: The directory cannot be read, or there is too much in it.
    """
    parts = root.parts_of(given["dir"])
    is_excluded = _exclusion(given.get("exclude", ()))
    entries = walk(root, parts, recursive=given.get("recursive", False), most=settings.max_files)
    paths = ("/".join(entry.parts[len(parts) :]) for entry in entries if not entry.is_directory)
    return {"files": sorted(path for path in paths if not is_excluded(path))}


def _exclusion(given: str | Sequence[str]) -> Callable[[str], bool]:
    """Return the test of whether a path is left out.

    Patterns count in order: ``!pattern`` takes back what one before it left out; when it is the first, it leaves out
    all that it does not match. One without ``/`` is compared with the name alone.
    """
    patterns = [given] if isinstance(given, str) else given
    tests = [
        (text.startswith("!"), "/" in text, glob(text.removeprefix("!"), key="exclude")) for text in patterns if text
    ]

    def is_excluded(path: str) -> bool:
        excluded = bool(tests) and tests[0][0]
        for takes_back, is_whole, matches in tests:
            if matches(path if is_whole else path.rpartition("/")[2]):
                excluded = not takes_back
        return excluded

    return is_excluded


def _shown(entry: Entry) -> JsonObject:
    return {
        "name": entry.parts[-1],
        "path": joined(entry.parts),
        "type": "dir" if entry.is_directory else "file",
        "size": 0 if entry.is_directory else entry.found.st_size,
        "modified": modified(entry.found),
    }
