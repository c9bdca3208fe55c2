"""What cannot be said of a file that something was left out of, for a gap is to blame.

The rest of a task with a mistake of shape in it is still checked, but for what goes by which keys it has; what it
names has to be there all the same.
"""

from typing import Final

from compozy.config.documents import UNKNOWN, Document
from compozy.domain.key_paths import KeyPath

_DECLARED: Final = frozenset({UNKNOWN, "tools", "agents", "models", "memories", "schemas", "autoload"})
_NAMED: Final = frozenset({UNKNOWN, "id", "actions", "key", "with", "model", "provider", "default"})
"""What others depend on, of a thing that is declared."""

_INSIDE: Final = frozenset({UNKNOWN, "id", "tasks", "task", "processor", "routes"})
"""What the tasks are that are known."""

_WAYS: Final = _INSIDE | {"type", "on_success", "on_error", "on_timeout"}
_SIGHTS: Final = frozenset({UNKNOWN, "type", "item_var", "index_var"})
"""What the tasks inside one depend on."""


def is_whole(document: Document, path: KeyPath) -> bool:
    """Tell whether nothing was left out of a task, of a thing in a list or of a section.

    Args:
        document: The file.
        path: Where in its data the task, thing or section is.
    """
    place = document.in_file(path)
    return all(_split(gap)[0] != place for gap in document.left_out)


def knows_names(document: Document) -> bool:
    """Tell whether all is known, and whole, that the file declares for tasks to name."""
    return not any(gap[0] in _DECLARED and _NAMED.issuperset(gap[2:3]) for gap in document.left_out)


def knows_thing(document: Document) -> bool:
    """Tell the same of a file that is one thing."""
    return _NAMED.isdisjoint(gap[0] for gap in document.left_out)


def knows_tasks(document: Document) -> bool:
    """Tell whether all tasks are known."""
    return all(_INSIDE.isdisjoint(rest[:1]) for rest in _of_tasks(document)) and () not in _of_tasks(document)


def knows_ways(document: Document) -> bool:
    """Tell whether all ways from task to task are known."""
    return all(_WAYS.isdisjoint(rest[:1]) for rest in _of_tasks(document)) and () not in _of_tasks(document)


def knows_sight(document: Document, path: KeyPath) -> bool:
    """Tell whether it is known what the templates at a place see."""
    place = document.in_file(path)
    units = (unit for unit, rest in map(_split, document.left_out) if not _SIGHTS.isdisjoint(rest[:1]))
    return all(place[: len(unit)] != unit for unit in units)


def _of_tasks(document: Document) -> list[KeyPath]:
    """Return what was left out of each task; nothing stands for a whole task."""
    return [_split(gap)[1] for gap in document.left_out if gap[0] == "tasks"]


def _split(place: KeyPath) -> tuple[KeyPath, KeyPath]:
    """Return the task, the thing in a list or the section that a place belongs to, and where it is in there."""
    end = 2 if len(place) > 1 and isinstance(place[1], int) else 1
    while place[0] == "tasks":
        match place[end:]:
            case ("tasks", int(), *_) | ("routes", str(), _, *_):
                end += 2
            case ("task" | "processor", _, *_):
                end += 1
            case _:
                break
    return place[:end], place[end:]
