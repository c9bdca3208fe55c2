"""What of a document has its shape though the whole has not: so that one mistake does not hide the others.

What cannot stay is left out: a key that is unknown or has a value of the wrong kind, and whatever is not complete
without it. Whoever checks the rest has to know what is missing, or would blame the file for it.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import attrs
from pydantic import ValidationError

from compozy.config.documents import UNKNOWN, Document
from compozy.config.fields import Shape
from compozy.config.validation import check_shape, keys_of, shape_at
from compozy.domain.errors import Problem
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import find_nearest

ShapeT = TypeVar("ShapeT", bound=Shape)

_MOST_ROUNDS: Final = 12
"""How often something is left out; each time it is what the last time has made incomplete, so further out."""

_MOST_LEFT_OUT: Final = 200
_STAND_INS: Final[Mapping[str, str]] = {"id": "unnamed", "name": "unnamed"}
"""What a whole file is given where it does not say."""


def check_or_salvage(document: Document, shape: type[ShapeT]) -> tuple[Document, ShapeT | None, list[Problem]]:
    """Return a document, the same in its shape and why it has not, with as much left out as must be.

    The shape is None when nothing is left that is worth a look.
    """
    file, problems = check_shape(document, shape)
    rest = salvage(document, shape) if file is None else None
    return (document, file, problems) if rest is None else (*rest, problems)


def salvage(document: Document, shape: type[ShapeT]) -> tuple[Document, ShapeT] | None:
    """Return what of a document has its shape, and the same in its shape; None when that is nothing worth a look.

    Args:
        document: One that does not have it.
        shape: The shape.
    """
    rest = _Rest(attrs.evolve(document, data=_copied(document.data)), shape)
    for _ in range(_MOST_ROUNDS):
        try:
            file = shape.model_validate(rest.document.data, strict=True)
        except ValidationError as error:
            if not rest.leave_out(error):
                return None
        else:
            return rest.document, file
    return None


@attrs.define
class _Rest:
    """What is left of a document so far; its data is its own."""

    document: Document
    shape: type[Shape]

    def leave_out(self, error: ValidationError) -> bool:
        """Leave out what an error is about; return whether there is something else."""
        if error.error_count() > _MOST_LEFT_OUT:
            return False
        places: set[KeyPath] = set()
        for found in error.errors(include_url=False):
            path = keys_of(found["loc"])
            if found["type"] == "missing" and len(path) == 1 and path[0] in _STAND_INS:
                self.document.data[str(path[0])] = _STAND_INS[str(path[0])]
                self._note(path)
                continue
            path = self._present(path[:-1] if found["type"] == "missing" else path)
            places.add(path)
            self._note(self._meant(path) if found["type"] == "extra_forbidden" else path)
        # From the last item of a list to the first, so that the numbers of those before stay.
        for path in sorted(places, key=_order, reverse=True):
            if not path:
                return False
            self._remove(path)
        return True

    def _present(self, path: KeyPath) -> KeyPath:
        """Return the beginning of a path that leads to something."""
        value: Json = self.document.data
        for depth, part in enumerate(path):
            items = dict(enumerate(value)) if isinstance(value, list) else value
            if not isinstance(items, dict) or part not in items:
                return path[:depth]
            value = items[part]
        return path

    def _remove(self, path: KeyPath) -> None:
        *outer, last = path
        parent: Any = self.document.data
        for part in outer:
            parent = parent[part]
        place = self.document.in_file(path)
        if isinstance(parent, list):
            left = list(self.document.numbers.get(place[:-1], range(len(parent))))
            del left[int(last)]
            numbers = {**self.document.numbers, place[:-1]: left}
            self.document = attrs.evolve(self.document, numbers=numbers)
        del parent[last]

    def _meant(self, path: KeyPath) -> KeyPath:
        """Return the place of the key that was most likely meant."""
        known = shape_at(self.shape, path[:-1]).keys()
        return (*path[:-1], find_nearest(str(path[-1]), known) or UNKNOWN)

    def _note(self, path: KeyPath) -> None:
        place = self.document.in_file(path)
        self.document = attrs.evolve(self.document, left_out=self.document.left_out | {place})


def _order(path: KeyPath) -> list[tuple[int, int | str]]:
    """Return what sorts paths: numbers as such, and what is inside something after it."""
    return [(0, part) if isinstance(part, int) else (1, part) for part in path]


def _copied(value: Json) -> Any:
    """Return a copy that shares nothing within itself, as aliases do."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
