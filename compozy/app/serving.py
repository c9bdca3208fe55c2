"""``compozy serve``: the tree on the command line, with signals, log and exit code."""

from typing import Any

from compozy.app.options import Options, load
from compozy.app.runtime import deployment_of, simplest
from compozy.app.tree import build_tree
from compozy.domain.errors import CompozyError
from compozy.telemetry.logger import get_logger
from compozy.telemetry.logs import configure_logs
from compozy.telemetry.metrics import Metrics
from supervisors import Event, State, TreeFailed, run

_log = get_logger("compozy")


def serve(options: Options) -> int:
    """Serve a project until SIGINT or SIGTERM, and return the exit code.

    The first signal stops in order, the second cancels what is left, the third ends the process on the spot.

    Raises:
        InvalidError: Something is wrong with the project.
        CompozyError: A backend could not be started, when that was the one cause; what had started was stopped.
    """
    loaded = load(options)
    log = loaded.settings.log
    configure_logs(level=log.level, format=log.format)
    deployment = deployment_of(loaded)
    _log.info("compozy starts", **deployment.labels, version=deployment.version, project=loaded.project.name)
    failures: list[TreeFailed] = []

    def note(failed: TreeFailed) -> int:
        failures.append(failed)
        return 1

    code = run(build_tree(loaded, Metrics(deployment)), on_event=log_event, on_failure=note)
    for failed in failures:
        cause = simplest(failed)
        if isinstance(cause, CompozyError):
            raise cause from failed
        _log.error("compozy failed", exc_info=failed)
    return code


def log_event(event: Event) -> None:
    """Log what happens to an actor: that it is ready or has stopped, and, louder, what goes wrong."""
    facts: dict[str, Any] = {"actor": event.name, "generation": event.generation}
    match event.to_state:
        case State.READY:
            _log.info("ready", **facts)
        case State.STOPPED | State.EXITED:
            _log.info("stopped", **facts)
        case State.FAILED | State.GAVE_UP | State.ABANDONED:
            _log.error(event.to_state.value, **facts, reason=str(event.reason))
        case _:
            _log.debug(event.to_state.value, **facts, reason=str(event.reason))
