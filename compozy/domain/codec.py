"""Domain values to plain JSON values and back."""

from datetime import datetime, timedelta
from functools import partial
from operator import is_
from typing import Any, Final, TypeVar

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union

from compozy.domain import definitions, work
from compozy.domain.definitions import TaskDefinition, WaitDefinition
from compozy.domain.json import Json, JsonObject

T = TypeVar("T")

_PLAIN: Final = (Json, JsonObject)


def _make_converter() -> Converter:
    """Return the converter.

    ISO 8601 instants, durations in seconds, ``with_`` written as ``with``; definitions, which are part of every
    history, without what is as it is by default.
    """
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    # JSON values are passed on as they are: no copy, and big integers stay integers.
    converter.register_unstructure_hook_func(lambda kind: kind in _PLAIN, lambda value: value)
    converter.register_structure_hook_func(lambda kind: kind in _PLAIN, lambda value, _: value)
    # The hooks are made on first use: a task holds tasks, whose hook must be there when that of the outer one is made.
    for recursive in (TaskDefinition, WaitDefinition):
        attrs.resolve_types(recursive)
    for cls in filter(attrs.has, vars(definitions).values()):
        renamed = {"with_": override(rename="with")} if "with_" in attrs.fields_dict(cls) else {}
        converter.register_unstructure_hook_factory(
            partial(is_, cls),
            lambda kind, renamed=renamed: make_dict_unstructure_fn(
                kind, converter, _cattrs_omit_if_default=True, **renamed
            ),
        )
        converter.register_structure_hook_factory(
            partial(is_, cls), lambda kind, renamed=renamed: make_dict_structure_fn(kind, converter, **renamed)
        )
    configure_tagged_union(work.Work, converter, tag_name="kind", tag_generator=lambda cls: cls.__name__)
    return converter


_CONVERTER: Final = _make_converter()


def to_json(value: Any) -> Json:
    """Return a domain value as plain dicts, lists and scalars.

    Instants become ISO 8601 text, durations seconds, enumerations their values.
    """
    return _CONVERTER.unstructure(value)


def from_json(value: Json, kind: type[T]) -> T:
    """Return the ``kind`` that :func:`to_json` made ``value`` of. Keys that ``kind`` does not have are passed over.

    Raises:
        cattrs.BaseValidationError: ``value`` was not made of a ``kind``.
    """
    return _CONVERTER.structure(value, kind)
