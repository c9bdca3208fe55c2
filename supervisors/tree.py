"""A tree of actors as it is declared: pure data until it is opened, and reusable."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Any, TypedDict, TypeVar, Unpack, overload

import attrs

from supervisors.backoff import Backoff
from supervisors.errors import TreeError
from supervisors.events import Event
from supervisors.live import Live
from supervisors.opening import open_plan
from supervisors.plan import Plan, build_plan, reach
from supervisors.resolve import injectable, nearest, parameters, resolve
from supervisors.specs import ActorFunction, ActorSpec, Dependency, Restart

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class ActorOptions(TypedDict, total=False):
    """What can be said about an actor; `ActorSpec` explains each."""

    name: str
    needs: Iterable[Dependency]
    wants: Iterable[Dependency]
    retries: int
    backoff: Backoff
    restart: Restart
    fatal: tuple[type[BaseException], ...]
    start_timeout: float
    grace: float
    main: bool


class Tree:
    """A tree of actors with dependencies.

    Example::

        tree = Tree("shop", shutdown=30)

        @tree.actor
        @asynccontextmanager
        async def store(ctx):
            async with open_store() as db:
                yield db                      # ready; after it comes the teardown

        @tree.actor(needs=(store,), grace=10)
        async def http(ctx, store):
            await hypercorn.trio.serve(app(store), config, shutdown_trigger=ctx.stopping.wait, task_status=ctx)

        raise SystemExit(run(tree))

    Args:
        name: For messages.
        shutdown: Seconds that stopping the whole tree may take; the graces of the actors are planned within it.
        retry_boot: Retry failures before the tree was ever ready too, instead of failing fast.
    """

    def __init__(self, name: str, *, shutdown: float = 30, retry_boot: bool = False) -> None:
        if shutdown <= 0:
            raise TreeError(f"tree {name!r}: shutdown must be positive, not {shutdown!r}")
        self.name = name
        self.shutdown = float(shutdown)
        self.retry_boot = retry_boot
        self._specs: dict[str, ActorSpec] = {}
        self._absent: dict[str, ActorFunction] = {}

    @property
    def specs(self) -> Mapping[str, ActorSpec]:
        """The actors by name, in declaration order, as they were declared."""
        return dict(self._specs)

    def add(self, function: ActorFunction, **options: Unpack[ActorOptions]) -> None:
        """Add an actor.

        Args:
            function: A service or a resource; takes the context and, by name, what it needs and wants.
            **options: See `ActorSpec`. The name is the function's when not given.

        Raises:
            TreeError: The name is taken, a number is out of range, or the function takes no context.
        """
        chosen = options.get("name") or getattr(function, "__name__", "")
        if not chosen or chosen == "<lambda>":
            raise TreeError(f"{function!r} has no name of its own; give it one with name=")
        if chosen in self._specs:
            raise TreeError(f"tree {self.name!r} already has an actor {chosen!r}; names are unique")
        parameters(function)
        values: dict[str, Any] = {key: value for key, value in options.items() if key != "name"}
        for edges in ("needs", "wants"):
            values[edges] = _several(chosen, edges, values.get(edges, ()))
        try:
            self._specs[chosen] = ActorSpec(name=chosen, function=function, declared_by=function, **values)
        except ValueError as error:
            raise TreeError(f"actor {chosen!r}: {error.args[0]}") from error

    @overload
    def actor(self, function: FunctionT, /) -> FunctionT: ...

    @overload
    def actor(self, /, **options: Unpack[ActorOptions]) -> Callable[[FunctionT], FunctionT]: ...

    def actor(
        self, function: FunctionT | None = None, /, **options: Unpack[ActorOptions]
    ) -> FunctionT | Callable[[FunctionT], FunctionT]:
        """Decorate a function as an actor; bare, or with the options of `add`. The function stays as it is."""

        def declare(actor: FunctionT) -> FunctionT:
            self.add(actor, **options)
            return actor

        return declare if function is None else declare(function)

    def override(self, **replacements: ActorFunction) -> "Tree":
        """Return a tree in which these actors run something else, for instance a fake.

        A replacement keeps the place and the policy of the original, and of its dependencies those that it has a
        parameter for.

        Raises:
            TreeError: There is no actor of that name.
        """
        specs = resolve(self._specs, absent=self._absent)
        for name, function in replacements.items():
            if name not in specs:
                raise TreeError(f"cannot override {name!r}; {nearest(name, specs)}")
            kept, taken = specs[name], injectable(function)
            specs[name] = attrs.evolve(
                kept,
                function=function,
                needs=tuple(edge for edge in kept.needs if edge in taken),
                wants=tuple(edge for edge in kept.wants if edge in taken),
            )
        return self._with(specs, self._absent)

    def only(self, *actors: Dependency) -> "Tree":
        """Return a tree of these actors and of all that they need, directly or not.

        What they merely want is left out; its `Ref` stays unavailable.

        Raises:
            TreeError: There is no such actor.
        """
        specs = resolve(self._specs, absent=self._absent)
        chosen = [self.name_of(actor) for actor in actors]
        needs = {name: tuple(map(str, spec.needs)) for name, spec in specs.items()}
        kept = {*chosen, *reach(chosen, needs)}
        absent = {name: spec.declared_by for name, spec in specs.items() if name not in kept}
        return self._with({n: s for n, s in specs.items() if n in kept}, {**self._absent, **absent})

    def name_of(self, actor: Dependency) -> str:
        """Return the name of an actor that is given by name or by function.

        Raises:
            TreeError: There is no such actor.
        """
        for name, spec in self._specs.items():
            if name == actor or spec.declared_by is actor or spec.function is actor:
                return name
        shown = actor if isinstance(actor, str) else getattr(actor, "__name__", repr(actor))
        raise TreeError(f"tree {self.name!r} has no actor {shown!r}; {nearest(shown, self._specs)}")

    def plan(self) -> Plan:
        """Check the declaration and return the orders of starting and stopping; nothing is started.

        Raises:
            TreeError: Unknown names, parameters that match nothing, a cycle; says all of it.
        """
        specs = resolve(self._specs, absent=self._absent)
        return build_plan(name=self.name, shutdown=self.shutdown, retry_boot=self.retry_boot, specs=specs)

    def open(
        self, *, on_event: Callable[[Event], None] | None = None, random: Random | None = None
    ) -> AbstractAsyncContextManager[Live]:
        """Start the actors; entering returns when all are ready, leaving stops them in order.

        Touches no signals and no globals, so several trees can be open at once, and one tree several times.

        Cancellation: when the block is left because a scope around it was cancelled, the ordered stop still runs,
        shielded and bounded by the tree's shutdown budget. When an actor gives up, the block is cancelled.

        Args:
            on_event: Called with each event as it happens; must not block. If it raises, the tree stops and fails.
            random: Draws the jitter of the backoff; for tests.

        Raises:
            TreeError: The declaration is wrong.
            TreeFailed: From entering, when an actor failed before all were ready; from leaving, when one gave up.
            TreeStopped: From entering, when an actor asked the tree to stop before it was ready.
        """
        return open_plan(self.plan(), on_event=on_event, random=random)

    def _with(self, specs: Mapping[str, ActorSpec], absent: Mapping[str, ActorFunction]) -> "Tree":
        tree = Tree(self.name, shutdown=self.shutdown, retry_boot=self.retry_boot)
        tree._specs.update(specs)
        tree._absent.update({name: function for name, function in absent.items() if name not in specs})
        return tree


def constant(value: object) -> ActorFunction:
    """Return an actor that is ready at once with this value: ``tree.override(store=constant(fake))``."""

    async def hold(ctx: Any) -> None:
        ctx.started(value)
        await ctx.stopping.wait()

    return hold


def _several(name: str, edges: str, given: Iterable[Dependency] | Dependency) -> tuple[Dependency, ...]:
    if isinstance(given, str) or callable(given):
        raise TreeError(f"actor {name!r}: {edges}= takes several; write {edges}=(...,)")
    return tuple(given)
