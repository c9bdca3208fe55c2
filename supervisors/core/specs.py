"""One actor as it was declared: what runs, what it depends on, and how failure is treated."""

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal, get_args

import attrs
from attrs import validators

from supervisors.core.backoff import Backoff
from supervisors.core.health import Check

FOREVER: Final = sys.maxsize
"""As the number of retries: an actor that never gives up, because what it waits for may come back at any time."""

Restart = Literal["on_failure", "always", "never"]
"""What happens when an actor ends unasked: see `ActorSpec.restart`."""

GivesUp = Literal["escalate", "park", "ignore"]
"""What happens when an actor has failed for good: see `ActorSpec.gives_up`."""

Kind = Literal["actor", "group", "pool", "child"]
"""What is behind a name: see `ActorSpec.kind`."""

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
        retries: Failures in a row that are forgiven; one more and the actor gives up. `FOREVER`: it never does.
        backoff: The wait before each retry.
        restart: ``on_failure``: a crash and an unasked return are failures, and failures are retried. ``always``: an
            unasked return is no failure; it is started again. ``never``: the first failure is final.
        fatal: Exceptions that are never retried, also when they sit in an exception group.
        start_timeout: Seconds from the start to readiness.
        grace: Seconds from the soft stop to cancellation.
        main: Its return ends the tree, in order, with what it returned.
        gives_up: What happens when it has failed for good. ``escalate``: its group fails, or without one the tree.
            ``park``: it stays down, and so does all that needs it, until an operator restarts it; the tree runs on, but
            is not ready; before the tree was ever ready the same as ``escalate``. ``ignore``: it stays down, and nobody
            waits for it; only wanted, never needed.
        check: Asked again and again while it is ready, or None.
        watchdog: Seconds within which it has to call `Context.alive` again once it is ready, or None.
        inbox: Messages that may wait for it; 0: it takes none.
        kind: Whether it is an ``actor`` with a function of its own, a ``group`` (ready when its members are), a
            ``pool`` (to which children are added at run time) or such a ``child``.
        group: The group it is a member of, or the pool it is a child of, or None.
        limit: For a pool: how many children it may have at a time; None: any number.
        accepts: The parameters of the function that can be filled by name.
    """

    name: str
    function: ActorFunction
    declared_by: ActorFunction
    needs: tuple[Dependency, ...] = ()
    wants: tuple[Dependency, ...] = ()
    retries: int = attrs.field(default=5, validator=validators.ge(0))
    backoff: Backoff = Backoff()  # noqa: RUF009 - frozen, so one serves all
    restart: Restart = attrs.field(default="on_failure", validator=validators.in_(get_args(Restart)))
    fatal: tuple[type[BaseException], ...] = ()
    start_timeout: float = attrs.field(default=30.0, validator=validators.gt(0))
    grace: float = attrs.field(default=5.0, validator=validators.ge(0))
    main: bool = False
    gives_up: GivesUp = attrs.field(default="escalate", validator=validators.in_(get_args(GivesUp)))
    check: Check | None = None
    watchdog: float | None = attrs.field(default=None, validator=validators.optional(validators.gt(0)))
    inbox: int = attrs.field(default=0, validator=validators.ge(0))
    kind: Kind = "actor"
    group: str | None = None
    limit: int | None = attrs.field(default=None, validator=validators.optional(validators.ge(1)))
    accepts: frozenset[str] = frozenset()

    @property
    def is_virtual(self) -> bool:
        """Whether it has no task: it starts, stops and fails at once."""
        return self.kind in {"group", "pool"}

    @property
    def is_awaited(self) -> bool:
        """Whether the tree is not ready as long as this is not; for what is in a group, the group speaks."""
        return self.group is None and not self.main and self.gives_up != "ignore"


def local_name(path: str) -> str:
    """Return the name of an actor within its group: what the parameter that takes its value is called."""
    return path.rpartition("/")[2]
