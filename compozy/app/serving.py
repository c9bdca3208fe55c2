"""``compozy serve`` and ``compozy worker``: the tree on the command line, with signals, log and exit code."""

from compozy.app.event_log import EventLog
from compozy.app.garbage import put_all_aside, put_aside
from compozy.app.options import Loaded, Options, load
from compozy.app.roles import EVERYTHING, Roles, check_shared
from compozy.app.runtime import deployment_of, simplest
from compozy.app.tree import build_tree, is_forgetful
from compozy.domain.errors import CompozyError
from compozy.telemetry.logger import get_logger
from compozy.telemetry.logs import configure_logs
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tracing import tracing_open
from supervisors import Event, TreeFailed, run

_log = get_logger("compozy")


def serve(options: Options, *, works: bool = True) -> int:
    """Serve a project until SIGINT or SIGTERM, and return the exit code.

    The first signal stops in order, the second cancels what is left, the third ends the process on the spot.

    Args:
        options: How to start.
        works: Carry out executions, too; else workers elsewhere have to.

    Raises:
        InvalidError: Something is wrong with the project.
        CompozyError: A backend could not be started, when that was the one cause; what had started was stopped.
    """
    loaded = load(options)
    if works:
        return _run(loaded, EVERYTHING)
    check_shared(loaded.settings, "compozy serve --no-worker", exposes=True)
    return _run(loaded, Roles(works=False))


def work(options: Options, *, health_port: int | None = None) -> int:
    """Carry out the executions of a project, beside a server elsewhere; else as :func:`serve`.

    Args:
        options: How to start.
        health_port: Where to tell of its health and of its metrics, on this machine; None: nowhere.
    """
    loaded = load(options)
    check_shared(loaded.settings, "compozy worker")
    return _run(loaded, Roles(serves_http=False, health_port=health_port))


def _run(loaded: Loaded, roles: Roles) -> int:
    log = loaded.settings.log
    configure_logs(level=log.level, format=log.format)
    deployment = deployment_of(loaded)
    _log.info("compozy starts", **deployment.labels, version=deployment.version, project=loaded.project.name)
    if roles.serves_http:  # once for a project, not by every worker of it
        for problem in loaded.warnings:
            place = {"file": problem.file, "line": problem.line, "key": problem.key, "hint": problem.hint}
            _log.warning(problem.message, **{name: value for name, value in place.items() if value is not None})
    if is_forgetful(loaded.settings):
        _log.warning("executions are forgotten when the program ends; temporal goes on with them, and they fail")
    told = EventLog()
    failures: list[TreeFailed] = []

    def tell(event: Event) -> None:
        told(event)
        put_aside(event)

    def note(failed: TreeFailed) -> int:
        failures.append(failed)
        return 1

    with tracing_open(loaded.settings.telemetry.traces, version=deployment.version) as tracing:
        tree = build_tree(loaded, Metrics(deployment), tracing=tracing, roles=roles)
        code = run(tree, on_event=tell, on_failure=note)
    put_all_aside()
    for failed in failures:
        cause = simplest(failed)
        if isinstance(cause, CompozyError):
            raise cause from failed
        _log.error("compozy failed", exc_info=failed)
    return code
