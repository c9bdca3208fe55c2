"""Which tasks at the top may run before which."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from compozy.config.task_entry import TaskEntry
from compozy.engine.loading.transitions import Edge


@attrs.frozen
class Order:
    """What may run before what.

    Attributes:
        tasks: The tasks at the top, by id.
        numbers: The number of each, by id.
        earlier: For each, by id, a number in which the bits of those are set that may run before it: as many numbers
            as tasks, and thousands of tasks take no more than milliseconds.
    """

    tasks: Mapping[str, TaskEntry]
    numbers: Mapping[str, int]
    earlier: Mapping[str, int]

    def has(self, task: TaskEntry) -> bool:
        """Tell whether a task is one of these, and no other of the same id."""
        return self.tasks.get(task.id) is task

    def is_before(self, first: str, second: str) -> bool:
        """Tell whether one may run before another."""
        return bool(self.earlier[second] >> self.numbers[first] & 1)


def order_of(tasks: Iterable[TaskEntry], edges: Sequence[Edge]) -> Order:
    """Return which tasks may run before which.

    Args:
        tasks: The tasks at the top, each id once.
        edges: Every way from one to another; there are no circles.
    """
    by_id = {task.id: task for task in tasks}
    numbers = {task_id: number for number, task_id in enumerate(by_id)}
    earlier = dict.fromkeys(by_id, 0)
    following: dict[str, list[str]] = {task_id: [] for task_id in by_id}
    waiting_for = dict.fromkeys(by_id, 0)
    for edge in edges:
        following[edge.source].append(edge.target)
        waiting_for[edge.target] += 1
    ready = [task_id for task_id, count in waiting_for.items() if not count]
    while ready:
        source = ready.pop()
        for target in following[source]:
            earlier[target] |= earlier[source] | 1 << numbers[source]
            waiting_for[target] -= 1
            if not waiting_for[target]:
                ready.append(target)
    return Order(by_id, numbers, earlier)
