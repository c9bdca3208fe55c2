"""Functions on lists and objects. They return new values and never change the ones they are given."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from compozy.domain.json import Json, JsonObject
from compozy.templates.errors import ArgumentError, MissingError, did_you_mean
from compozy.templates.functions.arguments import entries, integer, items, text
from compozy.templates.limits import MAX_ITEMS, check_weight
from compozy.templates.values import is_equal, is_truthy, kind, to_json, to_text

_Order: TypeAlias = Callable[[Collection[str]], list[str]]

_SIMPLE: Final = frozenset({str, int, bool})


def index(container: Json, *keys: Json) -> Json:
    """Return what is at the keys, one after the other: object keys, list positions, characters of a text.

    Raises:
        MissingError: There is no such key or position.
    """
    for key in keys:
        container = _item(container, key)
    return container


def _item(container: Json, key: Json) -> Json:
    if isinstance(container, dict):
        if (name := text(key)) in container:
            return container[name]
        raise MissingError(f'no "{name}" in the object; {did_you_mean(name, map(str, container))}')
    if isinstance(container, list | str):
        position = integer(key)
        if 0 <= position < len(container):
            return container[position]
        raise MissingError(f"no item {position} in {kind(container)} of {len(container)}")
    if container is None:
        raise MissingError("wants a list or an object, got nil")
    raise ArgumentError(f"wants a list or an object, got {kind(container)}")


def _length(value: Json) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise ArgumentError(f"wants a text, a list or an object, got {kind(value)}")


def _slice(value: Json, first: Json = 0, end: Json = None) -> Json:
    if not isinstance(value, str | list):
        raise ArgumentError(f"wants a list or a text, got {kind(value)}")
    start, stop = integer(first), len(value) if end is None else integer(end)
    if not 0 <= start <= stop <= len(value):
        raise ArgumentError(f"{start} to {stop} is not within the {len(value)} of {kind(value)}")
    return value[start:stop]


def _first(value: Json) -> Json:
    sequence = value if isinstance(value, str) else items(value)
    return sequence[0] if sequence else None


def _last(value: Json) -> Json:
    sequence = value if isinstance(value, str) else items(value)
    return sequence[-1] if sequence else None


def _uniq(value: Json) -> list[Json]:
    seen: dict[object, Json] = {}
    for item in items(value):
        # Equal are those that are the same JSON, which true and 1 are not; most items show it without being written.
        seen.setdefault((type(item), item) if type(item) in _SIMPLE else to_json(item), item)
    return list(seen.values())


def _dict(*pairs: Json) -> JsonObject:
    if len(pairs) % 2:
        raise ArgumentError("wants a value for every key")
    made = {text(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}
    check_weight(made)
    return made


def _list(*values: Json) -> list[Json]:
    made = list(values)
    check_weight(made)
    return made


def _append(values: Json, value: Json) -> list[Json]:
    return _list(*items(values), value)


def _concat(*lists: Json) -> list[Json]:
    return _list(*(item for values in lists for item in items(values)))


def _merge(*objects: Json) -> JsonObject:
    made: JsonObject = {}
    for value in reversed(objects):
        made |= entries(value)
    check_weight(made)
    return made


def _keys(*objects: Json, order: _Order) -> list[Json]:
    return [key for value in objects for key in order(entries(value))]


def _values(value: Json, *, order: _Order) -> list[Json]:
    return [value[key] for key in order(entries(value))]


def _until(count: Json) -> list[int]:
    return list(_counted(range(max(0, integer(count)))))


def _seq(first: Json, second: Json = None, third: Json = None) -> str:
    """Return the integers from start to stop, both included, with spaces between them, as Sprig does.

    ``seq stop``, ``seq start stop`` or ``seq start step stop``.
    """
    numbers = [integer(first), *(integer(bound) for bound in (second, third) if bound is not None)]
    start = numbers[0] if len(numbers) > 1 else 1
    stop = numbers[-1]
    direction = 1 if stop >= start else -1
    step = numbers[1] if len(numbers) == 3 else direction  # noqa: PLR2004 - start, step and stop
    if step == 0:
        raise ArgumentError("a step of 0 never ends")
    return " ".join(map(str, _counted(range(start, stop + (1 if step > 0 else -1), step))))


def _counted(numbers: range) -> range:
    # An emptier way to ask, since len() refuses ranges beyond 64 bits.
    if numbers and (numbers[-1] - numbers[0]) // numbers.step >= MAX_ITEMS:
        raise ArgumentError(f"more than {MAX_ITEMS} items, which is the limit")
    return numbers


def _has(needle: Json, values: Json) -> bool:
    return any(is_equal(needle, item) for item in items(values))


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "index": index,
    "len": _length,
    "slice": _slice,
    "first": _first,
    "last": _last,
    "rest": lambda value: items(value)[1:],
    "initial": lambda value: items(value)[:-1],
    "reverse": lambda value: items(value)[::-1],
    "sortAlpha": lambda value: sorted(map(to_text, items(value))),
    "uniq": _uniq,
    "compact": lambda value: list(filter(is_truthy, items(value))),
    "has": _has,
    "append": _append,
    "concat": _concat,
    "list": _list,
    "dict": _dict,
    "get": lambda value, key: entries(value).get(text(key), ""),
    "hasKey": lambda value, key: text(key) in entries(value),
    "keys": _keys,
    "values": _values,
    "merge": _merge,
    "until": _until,
    "seq": _seq,
}
"""Every function on lists and objects by its name in templates."""
