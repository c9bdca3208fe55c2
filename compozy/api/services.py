"""What the HTTP edge needs from the rest of the program."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from compozy.api.limits import Rate
from compozy.contracts.limiter import Limiter
from compozy.domain.definitions import Project
from compozy.engine.executions import Executions
from compozy.engine.idempotency import IdempotencyKeys
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.engine.workers import Workers
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tracing import OFF, Tracing

MAX_BODY_BYTES: Final = 1024 * 1024
"""How large a request's body may be unless the caller says otherwise: 1 MiB."""


@attrs.frozen(kw_only=True)
class ActorReport:
    """How one supervised actor stands.

    Attributes:
        name: Its name in the tree.
        state: Its state, as the supervisor calls it.
        ready: Whether others may use it.
        needed: Whether the program is not ready without it.
        since: When it came to that state (aware).
        generation: Which of its lives this is; grows with every start.
        restarts: How often it has been started again.
        reason: Why it is not ready; None when it is, or when there is nothing to say.
        ready_after: When it was ready for the first time, from the beginning of the program; None: it was not yet.
        ready_in: How much of that its own start took, the rest being that of those it needs.
        waited_for: Whom it waited for longest before it could start; None when for nobody.
    """

    name: str
    state: str
    ready: bool
    needed: bool = True
    since: datetime
    generation: int = 1
    restarts: int = 0
    reason: str | None = None
    ready_after: timedelta | None = None
    ready_in: timedelta | None = None
    waited_for: str | None = None


@attrs.frozen(kw_only=True)
class ApiServices:
    """What the routes answer from.

    Attributes:
        executions: Accepts, finds and watches executions.
        project: What may be executed.
        idempotency: Knows what was sent under each idempotency key.
        metrics: What ``/metrics`` shows, and where requests are counted.
        actors: Gives a snapshot of the actors that must be ready.
        workers: Lists who carries executions out.
        schedules: Lists the schedules and acts on them.
        sync_timeout: How long a synchronous execution waits when the request does not say.
        sync_timeout_limit: The longest wait that a request may ask for.
        heartbeat: How often an event stream says that it is alive.
        max_body_bytes: How large a request's body may be.
        limiter: Counts the requests of each client; None: they are not limited.
        rate: How many requests each client may make.
        tracing: Who is told of requests.
    """

    executions: Executions
    project: Project
    idempotency: IdempotencyKeys
    metrics: Metrics
    actors: Callable[[], Sequence[ActorReport]]
    workers: Workers
    schedules: ProjectSchedules
    sync_timeout: timedelta = timedelta(seconds=60)
    sync_timeout_limit: timedelta = timedelta(seconds=300)
    heartbeat: timedelta = timedelta(seconds=15)
    max_body_bytes: int = MAX_BODY_BYTES
    limiter: Limiter | None = None
    rate: Rate = attrs.field(factory=Rate)
    tracing: Tracing = OFF
