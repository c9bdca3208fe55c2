"""Router tasks: choose which task follows."""

from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.json import Json
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome
from compozy.engine.rules.results import router_output
from compozy.engine.rules.routing import route_of
from compozy.engine.scopes import placed
from compozy.templates.cel import value_of
from compozy.worker.interpreter.changes import Change, has
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_router(runner: Runner, run: TaskRun) -> Ending:  # noqa: ASYNC124 - all kinds are alike
    """Ask the condition, and say which of the routes it chose."""
    router = run.task.router
    assert router is not None  # noqa: S101 - the loader refuses a router without routes
    with placed("condition"):
        value = value_of(router.expression, run.scope, sources=runner.sources)
    taken = router.routes[_route_of(router.routes, value)]
    shown = "" if value is None and not has(Change.NULL_IS_SHOWN) else value
    output = router_output(shown, route_taken=taken)
    return Ending(outcome=TaskOutcome(status=Status.SUCCESS, output=output), next=taken)


def _route_of(routes: dict[str, str], value: Json) -> str:
    try:
        return route_of(routes, value)
    except InvalidError as error:
        details = {"routes": sorted(routes)}
        raise TaskError(str(error), error_code="ROUTE_NOT_FOUND", details=details) from error
