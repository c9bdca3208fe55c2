"""One actor as it was declared: what runs, what it depends on, and how failure is treated."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, get_args

import attrs
from attrs import validators

from supervisors.backoff import Backoff

Restart = Literal["on_failure", "always", "never"]
"""What happens when an actor ends unasked: see `ActorSpec.restart`."""

ActorFunction = Callable[..., Awaitable[object] | AbstractAsyncContextManager[Any]]
"""An async function (a service), or one that returns an async context manager (a resource); `ctx` comes first."""

Dependency = str | ActorFunction
"""An actor by its name or by the function that declared it."""


@attrs.frozen(kw_only=True)
class ActorSpec:
    """One actor as it was declared.

    Attributes:
        name: Unique in its tree.
        function: What runs.
        declared_by: The function that names it as a dependency; stays when the actor is overridden.
        needs: Hard edges: it starts after them, stops before them, and is stopped when one of them fails.
        wants: Soft edges: it stops before them, and sees them through a `Ref`.
        retries: Failures in a row that are forgiven; one more and the actor gives up.
        backoff: The wait before each retry.
        restart: ``on_failure``: a crash and an unasked return are failures, and failures are retried. ``always``: an
            unasked return is no failure; it is started again. ``never``: the first failure is final.
        fatal: Exceptions that are never retried, also when they sit in an exception group.
        start_timeout: Seconds from the start to readiness.
        grace: Seconds from the soft stop to cancellation.
        main: Its return ends the tree, in order, with what it returned.
    """

    name: str
    function: ActorFunction
    declared_by: ActorFunction
    needs: tuple[Dependency, ...] = ()
    wants: tuple[Dependency, ...] = ()
    retries: int = attrs.field(default=5, validator=validators.ge(0))
    backoff: Backoff = attrs.field(factory=Backoff)
    restart: Restart = attrs.field(default="on_failure", validator=validators.in_(get_args(Restart)))
    fatal: tuple[type[BaseException], ...] = ()
    start_timeout: float = attrs.field(default=30.0, validator=validators.gt(0))
    grace: float = attrs.field(default=5.0, validator=validators.ge(0))
    main: bool = False
