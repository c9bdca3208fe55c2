"""The items of a collection: what they are made of, which are kept, in which order, and how their tasks are called."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json
from compozy.engine.rules.ranges import find_range
from compozy.templates.numerals import parse_json
from compozy.templates.values import kind, to_text

_YES: Final = frozenset({"true", "yes", "1", "on"})
_NO: Final = frozenset({"false", "no", "0", "off", ""})
_MOST_SHOWN: Final = 80

_Child = TypeVar("_Child")


def items_of(value: Json) -> list[Json]:
    """Return the items that a collection runs its task for.

    ============================================= =====================================================
    a list                                        its items
    an object                                     ``{"key": …, "value": …}`` for each, sorted by key
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

    Raises:
        InvalidError: It is a range with ends that do not belong together, or one that is too long.
    """
    if isinstance(value, str):
        value = _of_text(value)
    if isinstance(value, dict):
        return [{"key": key, "value": value[key]} for key in sorted(value)]
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


def kept(answer: Json) -> bool:
    """Tell whether the answer of a filter, or of a condition, is yes.

    >>> kept("Yes"), kept(1), kept("off"), kept("")
    (True, True, False, False)

    Args:
        answer: A boolean, 0 or 1, or the text of a template: true, yes, 1, on; false, no, 0, off or blank, in any case.
            Nothing at all counts as blank, as templates write it.

    Raises:
        InvalidError: It is anything else.
    """
    if isinstance(answer, list | dict) or (isinstance(answer, float) and not answer.is_integer()):
        raise _no_answer(kind(answer))
    word = to_text(answer).strip().lower()
    if word not in _YES | _NO:
        raise _no_answer(repr(word if len(word) <= _MOST_SHOWN else f"{word[:_MOST_SHOWN]}…"))
    return word in _YES


def _no_answer(said: str) -> InvalidError:
    hint = "true, yes, 1 and on are yes; false, no, 0, off and blank are no"
    return InvalidError(Problem(message=f"{said} is neither yes nor no", hint=hint))


def in_index_order(children: Mapping[str, _Child]) -> list[_Child]:
    """Return the children of a collection in the order of its items: 10 after 2.

    >>> in_index_order({"10": "k", "2": "c", "0": "a"})
    ['a', 'c', 'k']

    Args:
        children: By the number of their item, as text: that is what keys are in recorded histories.
    """
    return [children[index] for index in sorted(children, key=int)]


def child_ids(rendered: Sequence[Json]) -> tuple[str, ...]:
    """Return the ids of a collection's children, one for each item, in order.

    >>> child_ids(["process-0", "process-1"])
    ('process-0', 'process-1')
    >>> child_ids([7, 8])
    ('7', '8')

    Args:
        rendered: What the template of the child's id came to, item by item.

    Raises:
        InvalidError: Two are the same, or one is blank or neither text nor number.
    """
    first: dict[str, int] = {}
    hint = "put {{ .index }} into the id of the collection's task"
    for index, value in enumerate(rendered):
        if not isinstance(value, str | int | float) or isinstance(value, bool) or not to_text(value).strip():
            said = "blank" if isinstance(value, str) else kind(value)
            raise InvalidError(Problem(message=f"the id for item {index} came to {said}, which is no id", hint=hint))
        child_id = to_text(value)
        earlier = first.setdefault(child_id, index)
        if earlier != index:
            message = f"the items {earlier} and {index} have the same id {child_id!r}"
            raise InvalidError(Problem(message=message, hint=hint))
    return tuple(first)
