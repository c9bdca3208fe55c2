"""A tree of actors as it is declared: pure data until it is opened, and reusable."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Any, TypedDict, TypeVar, Unpack, overload

import attrs

from supervisors.core.backoff import Backoff
from supervisors.core.budget import plan_shutdown
from supervisors.core.events import Event
from supervisors.core.grouping import enclose
from supervisors.core.health import Check
from supervisors.core.plan import Plan, build_plan, reach
from supervisors.core.resolve import Known, injectable, nearest, resolve
from supervisors.core.specs import ActorFunction, ActorSpec, Dependency, GivesUp, Restart, local_name
from supervisors.errors import TreeError
from supervisors.runtime.blocked import Blocked, log_blocked
from supervisors.runtime.live import Live
from supervisors.runtime.opening import open_plan
from supervisors.runtime.watchdog import LoopWatch

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
    gives_up: GivesUp
    check: Check | None
    watchdog: float | None
    inbox: int


class GroupOptions(TypedDict, total=False):
    """What can be said about a group; `ActorSpec` explains each."""

    needs: Iterable[Dependency]
    wants: Iterable[Dependency]
    retries: int
    backoff: Backoff
    restart: Restart
    fatal: tuple[type[BaseException], ...]
    gives_up: GivesUp


class PoolOptions(GroupOptions, total=False):
    """What can be said about a pool; `ActorSpec` explains each."""

    grace: float
    limit: int | None


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
        name: For messages, and of the group when the tree is included in another.
        shutdown: Seconds that stopping the whole tree may take; the graces of the actors are planned within it.
        retry_boot: Retry failures before the tree was ever ready too, instead of failing fast.
        takes: Names of actors that its own may depend on though they are not in it: whoever includes it gives them.
    """

    def __init__(self, name: str, *, shutdown: float = 30, retry_boot: bool = False, takes: Iterable[str] = ()) -> None:
        if shutdown <= 0:
            raise TreeError(f"tree {name!r}: shutdown must be positive, not {shutdown!r}")
        self.name = name
        self.shutdown = float(shutdown)
        self.retry_boot = retry_boot
        self.takes = tuple(takes)
        self._specs: dict[str, ActorSpec] = {}
        self._absent: dict[str, ActorFunction] = {}

    @property
    def specs(self) -> Mapping[str, ActorSpec]:
        """The actors by name, in declaration order, as they were declared."""
        return dict(self._specs)

    @property
    def absent(self) -> Mapping[str, ActorFunction]:
        """Actors that `only` left out, with what declared them: they may be wanted, and are unavailable then."""
        return dict(self._absent)

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
        accepts = injectable(function)
        self._declare(chosen, options, function=function, accepts=accepts)

    def pool(self, name: str, **options: Unpack[PoolOptions]) -> str:
        """Add a pool: an actor to which children are added while the tree runs; its value is a `Pool`.

        Example::

            sessions = tree.pool("sessions", grace=10)

            @tree.actor(needs=(sessions,))
            async def listener(ctx, sessions):
                await trio.serve_tcp(lambda stream: sessions.spawn(serve_client, stream), 8000, task_status=ctx)

        Args:
            name: Unique in the tree.
            **options: See `ActorSpec`. They concern the pool, which itself cannot fail: its retries count the failures
                of children that were spawned with ``gives_up="escalate"``. ``grace`` is set aside for the children in
                the shutdown budget.

        Returns:
            The name, to be used in ``needs=``.

        Raises:
            TreeError: The name is taken, or a number is out of range.
        """
        self._declare(name, options, function=_marker(name), kind="pool")
        return name

    def include(self, tree: "Tree", *, name: str | None = None, **options: Unpack[GroupOptions]) -> str:
        """Add all actors of another tree, as it is now, as a group: an actor that is ready when they all are.

        The members are called ``group/member``. The value of the group is a mapping of its members' values. Members
        inherit what the group needs. A member that gives up with ``gives_up="escalate"`` makes the group fail: all its
        members are stopped, and after the group's backoff they start again.

        Args:
            tree: What is included; its own shutdown budget and ``retry_boot`` do not matter here.
            name: Of the group; None: the name of the tree.
            **options: See `ActorSpec`; they concern the group. What the tree ``takes`` must be among its needs and
                wants.

        Returns:
            The name of the group, to be used in ``needs=``.

        Raises:
            TreeError: The other tree is wrong, something that it takes is not given, or the name is taken.
        """
        group = name or tree.name
        try:
            members, taken = tree.resolved()
        except TreeError as error:
            raise TreeError([f"group {group!r}: {problem}" for problem in error.problems]) from error
        outer = self._named(_several(group, "needs", options.get("needs", ())))
        wants = self._named(_several(group, "wants", options.get("wants", ())))
        specs = enclose(group, members, taken, needs=outer, wants=wants)
        for key in (group, *specs):
            self._check_free(key)
        self._specs.update(specs)
        self._absent.update({f"{group}/{key}": function for key, function in tree.absent.items()})
        waited = [key for key, s in specs.items() if s.group == group and s.gives_up != "ignore" and not s.main]
        needs = {"needs": tuple(waited) or outer, "wants": ()}
        self._declare(group, {**options, **needs}, function=_marker(group), kind="group")
        return group

    def _named(self, edges: tuple[Dependency, ...]) -> tuple[Dependency, ...]:
        # A function stands for the actor that it declared, which may be called otherwise; it may also come later.
        known = Known({name: spec.declared_by for name, spec in self._specs.items()})
        found = (known.names_of(edge) if callable(edge) else [] for edge in edges)
        return tuple(names[0] if len(names) == 1 else edge for names, edge in zip(found, edges, strict=True))

    def _declare(self, name: str, options: Mapping[str, Any], *, function: ActorFunction, **fixed: Any) -> None:
        self._check_free(name)
        values: dict[str, Any] = {key: value for key, value in options.items() if key != "name"}
        for edges in ("needs", "wants"):
            values[edges] = _several(name, edges, values.get(edges, ()))
        try:
            self._specs[name] = ActorSpec(name=name, function=function, declared_by=function, **fixed, **values)
        except ValueError as error:
            raise TreeError(f"actor {name!r}: {error.args[0]}") from error

    def _check_free(self, name: str) -> None:
        if name in self._specs:
            raise TreeError(f"tree {self.name!r} already has an actor {name!r}; names are unique")

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
        parameter for. What the tree takes from outside can be given here too, to open it alone. The member of a group
        is named like this: ``tree.override(**{"group/member": fake})``.

        Raises:
            TreeError: There is no actor of that name.
        """
        specs, taken = self.resolved()
        for name, function in replacements.items():
            accepts = injectable(function)
            if name in taken:
                specs[name] = ActorSpec(name=name, function=function, declared_by=function, accepts=accepts)
                continue
            if name not in specs or specs[name].is_virtual:
                raise TreeError(f"cannot override {name!r}; {nearest(name, specs)}")
            kept = specs[name]
            specs[name] = attrs.evolve(
                kept,
                function=function,
                accepts=accepts,
                needs=tuple(edge for edge in map(str, kept.needs) if local_name(edge) in accepts),
                wants=tuple(edge for edge in map(str, kept.wants) if local_name(edge) in accepts),
            )
        return self._with(specs, self._absent, [name for name in taken if name not in replacements])

    def only(self, *actors: Dependency) -> "Tree":
        """Return a tree of these actors and of all that they need, directly or not.

        What they merely want is left out; its `Ref` stays unavailable.

        Raises:
            TreeError: There is no such actor.
        """
        specs, taken = self.resolved()
        chosen = [self.name_of(actor) for actor in actors]
        needs = {name: tuple(map(str, spec.needs)) for name, spec in specs.items()} | dict.fromkeys(taken, ())
        kept = {*chosen, *reach(chosen, needs)}
        absent = {name: spec.declared_by for name, spec in specs.items() if name not in kept}
        absent |= {name: _marker(name) for name in taken if name not in kept}
        groups = {s.group for s in specs.values() if s.group not in kept}
        chosen_specs = {
            n: attrs.evolve(s, group=None) if s.group in groups else s for n, s in specs.items() if n in kept
        }
        return self._with(chosen_specs, {**self._absent, **absent}, [name for name in taken if name in kept])

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
        specs, taken = self.resolved()
        if taken:
            way_out = "include the tree in another, or give it one"
            raise TreeError([f"{name!r} is taken from outside; {way_out}: override({name}=...)" for name in taken])
        plan = build_plan(name=self.name, shutdown=self.shutdown, retry_boot=self.retry_boot, specs=specs)
        return attrs.evolve(plan, slots=plan_shutdown(plan))

    def open(
        self,
        *,
        on_event: Callable[[Event], None] | None = None,
        random: Random | None = None,
        blocked_after: float | None = None,
        on_blocked: Callable[[Blocked], None] = log_blocked,
    ) -> AbstractAsyncContextManager[Live]:
        """Start the actors; entering returns when all are ready, leaving stops them in order.

        Touches no signals and no globals, so several trees can be open at once, and one tree several times.

        Cancellation: when the block is left because a scope around it was cancelled, the ordered stop still runs,
        shielded and bounded by the tree's shutdown budget. When an actor gives up, the block is cancelled.

        Args:
            on_event: Called with each event as it happens; must not block. If it raises, the tree stops and fails.
            random: Draws the jitter of the backoff; for tests.
            blocked_after: Report what keeps the event loop from coming back for so many seconds; None: do not watch it.
            on_blocked: Gets such a report, in a thread of its own. The default logs a warning.

        Raises:
            TreeError: The declaration is wrong.
            TreeFailed: From entering, when an actor failed before all were ready; from leaving, when one gave up.
            TreeStopped: From entering, when an actor asked the tree to stop before it was ready.
        """
        watch = LoopWatch(blocked_after, on_blocked)
        return open_plan(self.plan(), on_event=on_event, random=random, watch=watch)

    def resolved(self) -> tuple[dict[str, ActorSpec], list[str]]:
        """Return the actors with every dependency given by name, and the names that the tree takes from outside.

        Raises:
            TreeError: Unknown names, parameters that match nothing, a cycle; says all of it.
        """
        taken = [name for name in self.takes if name not in self._specs]
        markers = {name: _marker(name) for name in taken}
        outside = {name: ActorSpec(name=name, function=m, declared_by=m) for name, m in markers.items()}
        specs = resolve({**outside, **self._specs}, absent=self._absent)
        return {name: spec for name, spec in specs.items() if name not in outside}, taken

    def _with(
        self, specs: Mapping[str, ActorSpec], absent: Mapping[str, ActorFunction], takes: Iterable[str]
    ) -> "Tree":
        tree = Tree(self.name, shutdown=self.shutdown, retry_boot=self.retry_boot, takes=takes)
        tree._specs.update(specs)
        tree._absent.update({name: function for name, function in absent.items() if name not in specs})
        return tree


def _marker(name: str) -> ActorFunction:
    # Stands for the function that declared what no function declares: different for each.
    async def declared(ctx: object) -> None:  # noqa: ASYNC124 - it stands for an actor function, and is never run
        raise AssertionError(f"{name!r} has no function of its own to be run with {ctx!r}")

    return declared


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
