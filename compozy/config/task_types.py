"""Which keys a task needs and may have, by its type."""

from collections.abc import Mapping
from typing import Any, Final

import attrs


@attrs.frozen(kw_only=True)
class TaskRule:
    """What goes with a type of task.

    Attributes:
        needs: The key that it cannot do without.
        refuses: The keys that have no meaning for it.
        hint: Where they belong.
    """

    needs: str
    refuses: tuple[str, ...]
    hint: str


TASK_RULES: Final[Mapping[str, TaskRule]] = {
    "basic": TaskRule(needs="tool", refuses=("tasks", "strategy", "max_workers"), hint="it belongs to type: parallel"),
    # A time limit of the whole container comes with a later version; until then it must not look as if it had one.
    "parallel": TaskRule(needs="tasks", refuses=("tool", "timeout"), hint="give it to the tasks inside"),
}
"""The rule of each type that this version runs."""

DEFAULT_TYPE: Final = "basic"

_ABSENT: Final[dict[str, Any]] = {"type": "null"}  # null is as good as left out


def add_rules(schema: dict[str, Any]) -> None:
    """Add to the schema of a task the rules, and that tasks inside others have no successor."""
    inside = {"properties": {"tasks": {"items": {"properties": {"on_success": _ABSENT, "on_error": _ABSENT}}}}}
    schema["allOf"] = [*({"if": _is_of(type_), "then": _obeys(rule)} for type_, rule in TASK_RULES.items()), inside]


def _is_of(type_: str) -> dict[str, Any]:
    """Return what holds for tasks of a type."""
    is_it = {"properties": {"type": {"const": type_}}}
    return is_it if type_ == DEFAULT_TYPE else {**is_it, "required": ["type"]}


def _obeys(rule: TaskRule) -> dict[str, Any]:
    """Return what holds for tasks that keep to a rule."""
    properties = {rule.needs: {"not": _ABSENT}, **dict.fromkeys(rule.refuses, _ABSENT)}
    return {"required": [rule.needs], "properties": properties}
