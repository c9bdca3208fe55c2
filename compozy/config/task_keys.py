"""Keys and types that no task has: what somebody most likely meant, by the type of the task."""

from collections.abc import Iterable, Mapping
from typing import Final

from compozy.config.task_types import BELONGS, DEFAULT_TYPE, NEEDS
from compozy.domain.json import Json
from compozy.domain.suggestions import find_nearest

_NEXT: Final = "name what runs next under on_success: {next: …}"
_INPUT: Final = "the input of a task is under with"
_CONDITION: Final = "write an expression under condition"
_ITEMS: Final = "use type: collection with items and task"

_ELSEWHERE: Final[Mapping[str, str]] = {
    "name": "a task is named by id",
    **dict.fromkeys(("next", "then", "transitions"), _NEXT),
    **dict.fromkeys(("depends_on", "depends", "needs", "after"), f"nothing waits for others here: {_NEXT}"),
    **dict.fromkeys(("args", "arguments", "params", "parameters", "inputs"), _INPUT),
    **dict.fromkeys(("if", "when"), _CONDITION),
    **dict.fromkeys(("foreach", "for_each", "loop"), _ITEMS),
    "model": "the model of a task is under model_config",
    **dict.fromkeys(("steps", "children"), "the tasks inside a parallel or composite task are under tasks"),
}
"""What other languages call things, and what is done here; keys that are much like one of ours need no line."""


_BASIC: Final = "a task with tool, agent or prompt is of type: basic, which need not be said"
_TYPES_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("tool", "agent", "prompt", "llm", "ai", "task", "function", "action"), _BASIC),
    **dict.fromkeys(("foreach", "for_each", "for", "loop", "map", "each"), "write type: collection"),
    **dict.fromkeys(("switch", "if", "condition", "conditional", "choice", "branch"), "write type: router"),
    **dict.fromkeys(("sequence", "sequential", "group", "steps", "chain"), "write type: composite"),
    **dict.fromkeys(("event", "emit", "publish"), "write type: signal"),
    **dict.fromkeys(("sleep", "delay", "pause"), "give a task sleep: 10s; type: wait is for events"),
}
"""What other languages call types."""


def hint_for_type(type_: Json) -> str | None:
    """Return the way out for a type that there is not; None when the list of those that there are is all there is."""
    return _TYPES_ELSEWHERE.get(type_.lower()) if isinstance(type_, str) else None


def hint_for_key(key: str, keys: Iterable[str], *, type_: Json) -> str:
    """Return the way out for a key that tasks do not have.

    >>> hint_for_key("routs", ["id", "routes"], type_="basic")
    "did you mean 'routes'? it is a key of router tasks"
    >>> hint_for_key("color", ["id", "routes", "tasks"], type_="router")
    'keys of router tasks: id, routes'

    Args:
        key: The key.
        keys: All keys of tasks.
        type_: What the task says of its type; None when it says nothing.
    """
    if key in _ELSEWHERE:
        return _ELSEWHERE[key]
    known = list(keys)
    own = type_ if isinstance(type_, str) and type_ in NEEDS else DEFAULT_TYPE if type_ is None else None
    meant = find_nearest(key, known)
    if meant is not None:
        types = BELONGS.get(meant, ())
        other = f" it is a key of {' and '.join(types)} tasks" if types and own not in types else ""
        return f"did you mean {meant!r}?{other}"
    allowed = [each for each in known if own is None or own in BELONGS.get(each, (own,))]
    of = "tasks" if own is None else f"{own} tasks"
    return f"keys of {of}: {', '.join(sorted(allowed))}"
