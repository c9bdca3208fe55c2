"""How templates are measured, whoever renders them: each so often in a lap, and many laps."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from support.comparison.job import Job, Samples, Stopwatch
from support.errors import BrokenError

SCOPE: Final[Mapping[str, Any]] = {
    "workflow": {"id": "measured", "input": {"name": "Ada"}},
    "tasks": {"a": {"output": {"b": "hello", "name": "Ada", "list": [f"item {number}" for number in range(10)]}}},
}
"""What templates see; objects and lists of JSON."""

Cases = Mapping[str, Callable[[], Any]]
"""What renders a template that is compiled already, by name."""

_EXPECTED: Final = {
    "path": "hello",
    "text": "Hello ADA, you have 10 items.",
    "condition": "yes",
    "loop": "".join(f"{number}=item {number};" for number in range(10)),
}
_LAPS: Final = 25


def measured(cases: Callable[[], Cases]) -> Job:
    """Return the job of measuring one of these cases; a sample is the seconds of one rendering, as a lap has them."""

    def measure(*, case: str, count: int) -> Samples:
        render = cases()[case]
        if (result := render()) != _EXPECTED[case]:
            raise BrokenError(f"the template came to {result!r}")
        return {"elapsed": [_lap(render, count) for _ in range(_LAPS)]}

    return measure


def _lap(render: Callable[[], Any], count: int) -> float:
    stopwatch = Stopwatch()
    for _ in range(count):
        render()
    return stopwatch.lap() / count
