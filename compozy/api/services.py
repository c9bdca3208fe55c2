"""What the HTTP edge needs from the rest of the program."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from compozy.domain.definitions import Project
from compozy.engine.executions import Executions
from compozy.telemetry.metrics import Metrics

MAX_BODY_BYTES: Final = 1024 * 1024
"""How large a request's body may be unless the caller says otherwise: 1 MiB."""


@attrs.frozen(kw_only=True)
class ActorReport:
    """How one supervised actor stands.

    Attributes:
        name: Its name in the tree.
        state: Its state, as the supervisor calls it.
        ready: Whether others may use it.
        since: When it came to that state (aware).
        generation: Which of its lives this is; grows with every start.
        restarts: How often it has been started again.
        reason: Why it is not ready; None when it is, or when there is nothing to say.
    """

    name: str
    state: str
    ready: bool
    since: datetime
    generation: int = 1
    restarts: int = 0
    reason: str | None = None


@attrs.frozen(kw_only=True)
class ApiServices:
    """What the routes answer from.

    Attributes:
        executions: Accepts, finds and watches executions.
        project: What may be executed.
        metrics: What ``/metrics`` shows, and where requests are counted.
        actors: Gives a snapshot of the actors that must be ready.
        sync_timeout: How long a synchronous execution waits when the request does not say.
        sync_timeout_limit: The longest wait that a request may ask for.
        heartbeat: How often an event stream says that it is alive.
        max_body_bytes: How large a request's body may be.
    """

    executions: Executions
    project: Project
    metrics: Metrics
    actors: Callable[[], Sequence[ActorReport]]
    sync_timeout: timedelta = timedelta(seconds=60)
    sync_timeout_limit: timedelta = timedelta(seconds=300)
    heartbeat: timedelta = timedelta(seconds=15)
    max_body_bytes: int = MAX_BODY_BYTES
