"""Where a task is in its execution, and what its templates see there."""

from typing import Final

import attrs

from compozy.domain.definitions import TaskDefinition
from compozy.domain.executions import TaskState
from compozy.domain.ids import task_exec_id
from compozy.domain.json import JsonObject
from compozy.domain.work import ExecutionRequest
from compozy.worker.interpreter.groups import Group, are_alike
from compozy.worker.interpreter.queueing import queues_children

MAX_PARENTS: Final = 10
"""How far ``.parent`` climbs."""


@attrs.frozen(kw_only=True)
class Frame:
    """A place where tasks run: the top of an execution, or one run of a container.

    Attributes:
        request: The execution.
        scope: What the templates of the tasks here see. Its ``tasks`` grows as tasks here end; nothing else changes.
        env: The variables of the containers around, which tools here are given.
        path: The ids of the containers down to here, which makes the identifiers of the runs here; empty at the top.
        parent_id: ``task_exec_id`` of the container's run; None at the top.
        queues: Whether even short work is queued here (:mod:`compozy.worker.interpreter.queueing`).
        group: What takes the short work of the tasks here together; None when each goes by itself.
    """

    request: ExecutionRequest
    scope: JsonObject
    env: JsonObject = attrs.Factory(dict)
    path: str = ""
    parent_id: str | None = None
    queues: bool = False
    group: Group | None = None

    @property
    def is_top(self) -> bool:
        """Whether what runs here is in no container."""
        return self.parent_id is None

    def path_of(self, child: str) -> str:
        """Return the path of a task here; the ids of a collection's children may have any characters in them."""
        name = child.replace("%", "%25").replace("/", "%2F").replace("@", "%40")
        return f"{self.path}/{name}" if self.path else name

    def run_id_of(self, child: str) -> str:
        """Return the identifier of the run of a task here: the same at every replay."""
        return task_exec_id(self.request.exec_id, self.request.accepted_at, self.path_of(child))

    def seeing(self, variables: JsonObject) -> "Frame":
        """Return the frame of one task here that sees these variables besides."""
        return attrs.evolve(self, scope={**self.scope, **variables})

    def inside(self, state: TaskState, task: TaskDefinition, *, attempt: int) -> "Frame":
        """Return the frame of what runs in a container that runs here.

        Args:
            state: The container's run, with its rendered input.
            task: The container.
            attempt: Which attempt of it this is; what runs in another attempt are other runs.
        """
        parent = {"id": state.task_id, "type": state.type.value, "input": state.input}
        outer = self.scope.get("parent")
        if outer is not None:
            parent["parent"] = _lowest(outer, MAX_PARENTS - 1)
        path = self.path_of(state.task_id)
        return Frame(
            request=self.request,
            scope={**self.scope, "tasks": dict(self.scope["tasks"]), "parent": parent},
            env=self.env,
            path=path if attempt == 1 else f"{path}@{attempt}",
            parent_id=state.task_exec_id,
            queues=self.queues or queues_children(task, self.request.definition.tools),
            group=Group() if are_alike(task) else None,
        )


def _lowest(parent: JsonObject, levels: int) -> JsonObject:
    """Return a parent with no more levels of parents than this, itself included."""
    above = parent.get("parent")
    if above is None:
        return parent
    if levels > 1:
        return {**parent, "parent": _lowest(above, levels - 1)}
    return {name: value for name, value in parent.items() if name != "parent"}
