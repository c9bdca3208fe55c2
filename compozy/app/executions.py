"""The engine's executions, put together from what the actors hold."""

from collections.abc import Callable
from typing import Any

from compozy.app.connections import current_connection
from compozy.contracts.cache import Cache
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Store
from compozy.domain.definitions import Project
from compozy.drivers.clock import utc_now
from compozy.engine.executions import MAX_INPUT_BYTES, Executions
from supervisors import View


def executions_over(
    project: Project,
    store: Store,
    cache: Cache,
    orchestrator: Callable[[], Orchestrator],
    *,
    max_input_bytes: int = MAX_INPUT_BYTES,
) -> Executions:
    """Return the executions of a project over these backends."""
    return Executions(
        project=project,
        store=store,
        pubsub=cache.pubsub,
        orchestrator=orchestrator,
        clock=utc_now,
        max_input_bytes=max_input_bytes,
    )


def task_queue_of(project: Project) -> str:
    """Return the name of the project's task queue: projects that share a cluster do not share work."""
    return f"compozy:{project.name}"


def orchestrator_on(connection: Any, project: Project) -> Orchestrator:
    """Return the orchestrator over a live Temporal connection."""
    # Here, because it needs temporalio, which nobody waits for until there is a connection.
    from compozy.drivers.temporal.orchestrator import TemporalOrchestrator  # noqa: PLC0415

    return TemporalOrchestrator(connection=connection, task_queue=task_queue_of(project))


def current_orchestrator(tree: View, project: Project) -> Orchestrator:
    """Return the orchestrator over the connection that the tree has at this moment.

    Raises:
        UnavailableError: There is none now, or its server does not answer.
    """
    return orchestrator_on(current_connection(tree, "executions cannot be started or told anything"), project)
