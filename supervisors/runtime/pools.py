"""Pools: actors to which children are added while the tree runs."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypedDict, Unpack

import trio

from supervisors.core.backoff import Backoff
from supervisors.core.happenings import Dismissed, Drop, Spawn
from supervisors.core.health import Check
from supervisors.core.specs import ActorFunction, ActorSpec, GivesUp, Restart
from supervisors.errors import TreeError, Unavailable
from supervisors.runtime.board import Board
from supervisors.runtime.refs import Handle

ChildFunction = Callable[..., Awaitable[object] | AbstractAsyncContextManager[Any]]
"""Like an actor function; after the context it takes what is given to `Pool.spawn`."""


class ChildOptions(TypedDict, total=False):
    """What can be said about a child; `ActorSpec` explains each."""

    name: str
    retries: int
    backoff: Backoff
    restart: Restart
    fatal: tuple[type[BaseException], ...]
    grace: float
    gives_up: GivesUp
    check: Check | None
    watchdog: float | None
    inbox: int


_DEFAULTS: ChildOptions = {"restart": "never", "gives_up": "ignore"}


class Spawned(Handle[Any]):
    """A child of a pool, seen from outside."""

    def __init__(self, board: Board, name: str) -> None:
        super().__init__(board, name)
        self._ending: Drop | None = None
        self._has_ended = trio.Event()
        board.farewells[name] = self._end

    async def wait(self) -> Any:
        """Wait until the child has come to its end, restarts included, and return its result.

        Raises:
            Exception: What it raised when it gave up.
            Unavailable: It was stopped before it had a result.
        """
        await self._has_ended.wait()
        ending = self._ending
        if ending is None:
            raise AssertionError("the event is set together with the ending")
        if ending.error is not None:
            raise ending.error
        if ending.was_stopped:
            raise Unavailable(self.name, "it was stopped before it had a result")
        return ending.result

    def request_stop(self, why: str = "requested") -> None:
        """Ask this child alone to stop, for good; returns at once."""
        self._board.feed(Dismissed(at=trio.current_time(), name=self.name, why=why))

    def _end(self, ending: Drop) -> None:
        self._ending = ending
        self._has_ended.set()


class Pool:
    """Takes in children: actors that are added while the tree runs.

    A child needs the pool: it is stopped before the pool is, and counts in no way for the readiness of the tree. It is
    ready as soon as it runs. When it returns it has ended, and is forgotten; `Spawned.wait` gives the result.

    Attributes:
        name: The actor.
    """

    def __init__(self, board: Board, name: str) -> None:
        self.name = name
        self._board = board

    def __repr__(self) -> str:
        return f"<Pool {self.name!r} of {len(self)}>"

    def __len__(self) -> int:
        return len(self._board.plan.in_group[self.name])

    @property
    def children(self) -> tuple[str, ...]:
        """The names of the present children, oldest first."""
        return tuple(self._board.plan.in_group[self.name])

    def spawn(self, function: ChildFunction, *args: object, **options: Unpack[ChildOptions]) -> Spawned:
        """Start a child; returns at once.

        Args:
            function: Takes its own context, then the arguments.
            *args: Given to each generation of the child.
            **options: See `ActorSpec`. A child is not restarted unless it says so (``restart="on_failure"``), and when
                it has failed for good it is forgotten unless it says otherwise (``gives_up="escalate"``: the pool
                fails). The name is made up when it is not given; either way the pool's comes first, with a slash.

        Raises:
            Unavailable: The pool is not ready, or full; says why.
            TreeError: The name is taken, or a number is out of range.
        """
        return spawn(self._board, self.name, function, args, options)


def spawn(
    board: Board, pool: str, function: ChildFunction, args: tuple[object, ...], options: Mapping[str, Any]
) -> Spawned:
    """Start a child in a pool; `Pool.spawn` says how.

    Raises:
        TypeError: The actor is no pool.
    """
    spec = board.plan.specs[pool]
    if spec.kind != "pool":
        raise TypeError(f"{pool!r} is no pool; declare it with tree.pool({pool!r})")
    board.value(pool)  # raises when it is not available
    if spec.limit is not None and len(board.plan.in_group[pool]) >= spec.limit:
        raise Unavailable(pool, f"is full: it has {spec.limit} children, which is its limit")
    name = _child_name(board, pool, options.get("name"))
    child = _child_spec(name, spec, function, args, options)
    spawned = Spawned(board, name)
    board.feed(Spawn(at=trio.current_time(), spec=child))
    return spawned


def _child_name(board: Board, pool: str, chosen: str | None) -> str:
    names = (f"{pool}/{number}" for number in board.serial) if chosen is None else (f"{pool}/{chosen}",)
    for name in names:
        # A child is known by its farewell from now on to its end: it may have to wait before it is taken in.
        if name not in board.farewells and name not in board.plan.specs:
            return name
    raise TreeError(
        f"{f'{pool}/{chosen}'!r} is taken; give the child another name, or leave name= out to have one made up"
    )


def _child_spec(
    name: str, pool: ActorSpec, function: ChildFunction, args: tuple[object, ...], options: Mapping[str, Any]
) -> ActorSpec:
    def run(ctx: object) -> Awaitable[object] | AbstractAsyncContextManager[Any]:
        return function(ctx, *args)

    values = {"grace": pool.grace, **_DEFAULTS, **{key: value for key, value in options.items() if key != "name"}}
    given: ActorFunction = function
    try:
        return ActorSpec(
            name=name, function=run, declared_by=given, kind="child", group=pool.name, needs=(pool.name,), **values
        )
    except ValueError as error:
        raise TreeError(f"child {name!r}: {error.args[0]}") from error
