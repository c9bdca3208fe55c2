"""Domain values to plain JSON values and back."""

from datetime import datetime, timedelta
from functools import partial
from operator import is_
from typing import Any, Final, TypeVar

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from compozy.domain.definitions import TaskDefinition, ToolDefinition, Transition
from compozy.domain.json import Json, JsonObject

T = TypeVar("T")


def _make_converter() -> Converter:
    """Return the converter: ISO 8601 instants, durations in seconds, and ``with_`` written as ``with``."""
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    # JSON objects are passed on as they are: no copy, and big integers stay integers.
    converter.register_unstructure_hook_func(lambda kind: kind == JsonObject, lambda value: value)
    converter.register_structure_hook_func(lambda kind: kind == JsonObject, lambda value, _: value)
    # The hooks are made on first use: a task holds tasks, whose hook must be there when that of the outer one is made.
    attrs.resolve_types(TaskDefinition)
    renamed = override(rename="with")
    for cls in (Transition, TaskDefinition, ToolDefinition):
        converter.register_unstructure_hook_factory(
            partial(is_, cls),
            lambda kind: make_dict_unstructure_fn(kind, converter, with_=renamed, _cattrs_omit_if_default=True),
        )
        converter.register_structure_hook_factory(
            partial(is_, cls), lambda kind: make_dict_structure_fn(kind, converter, with_=renamed)
        )
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
