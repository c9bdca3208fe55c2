"""Which keys a task needs and may have, by its type."""

from collections.abc import Mapping
from typing import Any, Final

DEFAULT_TYPE: Final = "basic"

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "basic": (),  # a tool, an agent or a prompt, which is a rule of its own
    "router": ("condition", "routes"),
    "parallel": ("tasks",),
    "collection": ("items", "task"),
    "aggregate": ("outputs",),
    "composite": ("tasks",),
    "signal": ("signal",),
    "wait": ("wait_for",),
    "memory": ("operation", "memory_ref", "key_template"),
}
"""The keys that each type cannot do without."""

NULLABLE: Final = frozenset({"items"})
"""Those of them that null is a value of: a collection of nothing."""

EXECUTORS: Final = ("tool", "agent", "prompt")
"""Of these a basic task has one; a prompt may go with an agent."""

ASKING: Final = ("model_config", "tools", "max_iterations", "memory")
"""What a basic task may say besides, when it asks a model."""


def _of(*types: str) -> tuple[str, ...]:
    return types


BELONGS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys((*EXECUTORS, "action", *ASKING), _of("basic")),
    "tasks": _of("parallel", "composite"),
    "strategy": _of("parallel", "collection", "composite"),
    "max_workers": _of("parallel", "collection"),
    **dict.fromkeys(("task", "items", "filter", "item_var", "index_var", "mode", "batch"), _of("collection")),
    "routes": _of("router"),
    "signal": _of("signal"),
    **dict.fromkeys(("wait_for", "processor", "on_timeout"), _of("wait")),
    **dict.fromkeys(("operation", "memory_ref", "key_template", "payload", "limit", "offset"), _of("memory")),
}
"""The types that a key has a meaning for; a key that is not here has one for all."""

_ABSENT: Final[dict[str, Any]] = {"type": "null"}  # null is as good as left out


def add_rules(schema: dict[str, Any]) -> None:
    """Add to the schema of a task the rules of its type, and that tasks inside others have no successor."""
    alone = {"properties": {"on_success": _ABSENT, "on_error": _ABSENT}}
    inside = {"properties": {"tasks": {"items": alone}, "task": alone, "processor": alone}}
    schema["allOf"] = [*({"if": _is_of(type_), "then": _obeys(type_)} for type_ in NEEDS), inside]


def _is_of(type_: str) -> dict[str, Any]:
    """Return what holds for tasks of a type."""
    is_it = {"properties": {"type": {"const": type_}}}
    return is_it if type_ == DEFAULT_TYPE else {**is_it, "required": ["type"]}


def _obeys(type_: str) -> dict[str, Any]:
    """Return what holds for tasks that keep to the rules of a type."""
    needs = NEEDS[type_]
    refused = [key for key, types in BELONGS.items() if type_ not in types]
    present = [key for key in needs if key not in NULLABLE]
    properties = {**{key: {"not": _ABSENT} for key in present}, **dict.fromkeys(refused, _ABSENT)}
    rule: dict[str, Any] = {"required": list(needs), "properties": properties} if needs else {"properties": properties}
    if type_ == DEFAULT_TYPE:
        rule["anyOf"] = [{"required": [key], "properties": {key: {"not": _ABSENT}}} for key in EXECUTORS]
    return rule
