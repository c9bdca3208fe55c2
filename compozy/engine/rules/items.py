"""The items of a collection: what they are made of, and how their tasks are called."""

from collections.abc import Callable, Collection, Sequence

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json
from compozy.engine.rules.ranges import find_range
from compozy.templates.numerals import parse_json
from compozy.templates.ordering import naturally
from compozy.templates.values import kind, to_text


def items_of(value: Json, *, order: Callable[[Collection[str]], list[str]] = naturally) -> list[Json]:
    """Return the items that a collection runs its task for.

    ============================================= =====================================================
    a list                                        its items
    an object                                     ``{"key": …, "value": …}`` for each, by key (``k-2`` before ``k-10``)
    ``"1..5"``, ``"5..1"``, ``"a..e"``            the numbers, or the letters
    text that is a list or an object in JSON      the same as for that list or object
    nothing, blank text                           none: a template that came to nothing has no items
    any other text, a number, a boolean           itself
    ============================================= =====================================================

    >>> items_of({"b": 1, "a": 2})
    [{'key': 'a', 'value': 2}, {'key': 'b', 'value': 1}]
    >>> items_of("[1, 2]"), items_of("5..3"), items_of("5"), items_of("")
    ([1, 2], [5, 4, 3], ['5'], [])

    Args:
        value: ``items`` of the collection, rendered.
        order: Puts the keys of an object in order.

    Raises:
        InvalidError: It is a range with ends that do not belong together, or one that is too long.
    """
    if isinstance(value, str):
        value = _of_text(value)
    if isinstance(value, dict):
        return [{"key": key, "value": value[key]} for key in order(value)]
    if isinstance(value, list):
        return list(value)
    return [] if value is None else [value]


def _of_text(text: str) -> Json:
    """Return the list or object that a text stands for; None when it is blank, else the text itself."""
    if not text.strip():
        return None
    if text.lstrip()[0] in "[{":
        try:
            return parse_json(text)
        except ValueError:
            return text  # "[draft] hello" is a text that begins so
    counted = find_range(text)
    return text if counted is None else counted


def child_ids(rendered: Sequence[Json]) -> tuple[str, ...]:
    """Return the ids of a collection's children, one for each item, in order.

    >>> child_ids(["process-0", "process-1"])
    ('process-0', 'process-1')
    >>> child_ids([7, 8])
    ('7', '8')

    Args:
        rendered: What the template of the child's id came to, item by item.

    Raises:
        InvalidError: Two are the same, or one is blank, no text that can be kept, or neither text nor number.
    """
    first: dict[str, int] = {}
    hint = "put {{ .index }} into the id of the collection's task"
    for index, value in enumerate(rendered):
        if not isinstance(value, str | int | float) or isinstance(value, bool) or not to_text(value).strip():
            said = "blank" if isinstance(value, str) else kind(value)
            raise InvalidError(Problem(message=f"the id for item {index} came to {said}, which is no id", hint=hint))
        child_id = to_text(value)
        if not _is_plain(child_id):
            message = f"the id {child_id!r} for item {index} holds NUL or half a character, which no store keeps"
            raise InvalidError(Problem(message=message, hint=hint))
        earlier = first.setdefault(child_id, index)
        if earlier != index:
            message = f"the items {earlier} and {index} have the same id {child_id!r}"
            raise InvalidError(Problem(message=message, hint=hint))
    return tuple(first)


def _is_plain(text: str) -> bool:
    """Tell whether a text can be kept anywhere: without NUL and half characters (lone surrogates)."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))
