"""A tree that was checked: who depends on whom, and the orders of starting and stopping that follow."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs

from supervisors.core.specs import ActorSpec
from supervisors.core.versions import Versioned

Edges = Mapping[str, Collection[str]]
"""For each actor, in declaration order, the names at the other end of its edges."""


_NO_CHANGES: Mapping[str, Any] = MappingProxyType({})


class Slot(NamedTuple):
    """The share of one actor in the shutdown budget.

    Attributes:
        cancel_by: Seconds after the stop request at which it is cancelled at the latest.
        patience: Seconds it then has to end before it is abandoned.
    """

    cancel_by: float
    patience: float


class Chain(NamedTuple):
    """Actors that wait for one another, and how long that takes.

    Attributes:
        actors: In the order in which they start, or stop.
        seconds: At most; infinite when one of them has no limit.
    """

    actors: tuple[str, ...]
    seconds: float


# With a dict instead of slots, `cached_property` works as it is, and with what is left out here making this class takes
# half the time; every program that imports the library waits for that.
@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)
class Plan:
    """A tree that was checked; all about it that changes only when children of pools come and go.

    Attributes:
        name: The tree.
        shutdown: Seconds that stopping the whole tree may take.
        retry_boot: Whether failures are retried before the tree was ever ready.
        specs: The actors, in declaration order, with dependencies by name.
        needs: Hard edges.
        wants: Soft edges to actors that are part of the tree.
        holds: Hard and soft edges: who is not asked to stop before this one has ended.
        needed_by: The hard edges, seen from the other end.
        held_by: Hard and soft edges from the other end: who must have ended before an actor is asked to stop.
        in_group: For each group its members, for each pool its children; those of groups in it are not repeated.
        slots: Each actor's share of the shutdown budget.
    """

    name: str
    shutdown: float
    retry_boot: bool
    specs: Mapping[str, ActorSpec]
    needs: Edges
    wants: Edges
    holds: Edges
    needed_by: Edges
    held_by: Edges
    in_group: Edges
    slots: Mapping[str, Slot] = attrs.field(factory=dict)

    @cached_property
    def start_order(self) -> tuple[tuple[str, ...], ...]:
        """Waves of actors: each needs only actors of earlier waves, and those of one wave start together."""
        return waves(self.needs)

    @cached_property
    def stop_order(self) -> tuple[tuple[str, ...], ...]:
        """Waves of actors: each is needed and wanted only by actors of earlier waves."""
        return waves(self.held_by)

    def dependents(self, name: str) -> tuple[str, ...]:
        """Return all who cannot run without this actor, near ones first."""
        return reach([name], self.needed_by)

    def dependencies(self, name: str) -> tuple[str, ...]:
        """Return all without whom this actor cannot run, near ones first."""
        return reach([name], self.needs)

    def members(self, group: str) -> tuple[str, ...]:
        """Return all that is in a group or pool, directly or not; nothing for any other actor."""
        found = list(self.in_group[group]) if group in self.in_group else []
        for name in found:  # it grows meanwhile: what is in an inner group comes after it
            if name in self.in_group:
                found.extend(self.in_group[name])
        return tuple(found)

    def lost_with(self, name: str) -> tuple[str, ...]:
        """Return all who cannot run when this one is down: its members, and all who need it or one of them."""
        members = self.members(name)
        return (*members, *reach([name, *members], self.needed_by)) if members else self.dependents(name)

    def enclosing(self, name: str) -> tuple[str, ...]:
        """Return the groups around an actor, the innermost first."""
        found: list[str] = []
        group = self.specs[name].group
        while group is not None:
            found.append(group)
            group = self.specs[group].group
        return tuple(found)

    def with_child(self, spec: ActorSpec) -> "Plan":
        """Return the plan with a child added to its pool."""
        name, pool = spec.name, spec.group or ""
        return attrs.evolve(
            self,
            specs=_plus(self.specs, {name: spec}),
            needs=_plus(self.needs, {name: (pool,)}),
            wants=_plus(self.wants, {name: ()}),
            holds=_plus(self.holds, {name: (pool,)}),
            needed_by=_plus(self.needed_by, {name: (), pool: _plus(self.needed_by[pool], {name: None})}),
            held_by=_plus(self.held_by, {name: (), pool: _plus(self.held_by[pool], {name: None})}),
            in_group=_plus(self.in_group, {pool: _plus(self.in_group[pool], {name: None})}),
        )

    def without_child(self, name: str) -> "Plan":
        """Return the plan without this child of a pool."""
        pool = self.specs[name].group or ""
        return attrs.evolve(
            self,
            specs=_minus(self.specs, name),
            needs=_minus(self.needs, name),
            wants=_minus(self.wants, name),
            holds=_minus(self.holds, name),
            needed_by=_minus(self.needed_by, name, {pool: _minus(self.needed_by[pool], name)}),
            held_by=_minus(self.held_by, name, {pool: _minus(self.held_by[pool], name)}),
            in_group=_plus(self.in_group, {pool: _minus(self.in_group[pool], name)}),
        )

    @property
    def critical_path(self) -> Chain:
        """The chain that decides how long the start may take: each may use up its start timeout after the other."""
        from supervisors.inspection.forecast import longest_start  # noqa: PLC0415 - what reports on plans imports them

        return longest_start(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be looked at though it is legal, a sentence each, such as graces that exceed the budget."""
        from supervisors.inspection.advice import warnings  # noqa: PLC0415 - same

        return warnings(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report as plain values that JSON has; null is a time without a limit."""
        from supervisors.inspection.outline import outline_as_dict  # noqa: PLC0415 - same

        return outline_as_dict(self)

    def __repr__(self) -> str:
        return f"<Plan of {self.name!r}, actors: {len(self.specs)}>"

    def __str__(self) -> str:
        from supervisors.inspection.outline import outline  # noqa: PLC0415 - same

        return outline(self)


def build_plan(*, name: str, shutdown: float, retry_boot: bool, specs: Mapping[str, ActorSpec]) -> Plan:
    """Return the plan of actors whose dependencies are resolved and free of cycles.

    A soft edge to an actor outside ``specs`` is left out: its `Ref` will say so.
    """
    needs: Edges = {key: _names(spec.needs) for key, spec in specs.items()}
    wants: Edges = {key: tuple(n for n in _names(spec.wants) if n in specs) for key, spec in specs.items()}
    holds: Edges = {key: (*needs[key], *wants[key]) for key in specs}
    in_group: dict[str, list[str]] = {key: [] for key, spec in specs.items() if spec.is_virtual}
    for key, spec in specs.items():
        if spec.group is not None:
            in_group[spec.group].append(key)
    pools = [key for key, spec in specs.items() if spec.kind == "pool"]
    if pools:  # without them nothing will change, and a dict is read faster
        specs, needs, wants, holds = Versioned(specs), Versioned(needs), Versioned(wants), Versioned(holds)
    return Plan(
        name=name,
        shutdown=shutdown,
        retry_boot=retry_boot,
        specs=specs,
        needs=needs,
        wants=wants,
        holds=holds,
        needed_by=_growing(reverse(needs), pools),
        held_by=_growing(reverse(holds), pools),
        in_group=_growing({key: tuple(members) for key, members in in_group.items()}, pools),
    )


def waves(edges: Edges) -> tuple[tuple[str, ...], ...]:
    """Return the nodes so that each comes in a later wave than all it points to.

    Raises:
        graphlib.CycleError: There is no such order; its second argument is the cycle.
    """
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    position = {key: index for index, key in enumerate(edges)}
    result = []
    while sorter.is_active():
        wave = tuple(sorted(sorter.get_ready(), key=position.__getitem__))
        sorter.done(*wave)
        result.append(wave)
    return tuple(result)


def reach(origins: Iterable[str], edges: Edges) -> tuple[str, ...]:
    """Return all nodes that can be reached from the origins, without the origins, breadth first."""
    seen = dict.fromkeys(origins)
    frontier = list(seen)
    found: list[str] = []
    while frontier:
        following = dict.fromkeys(n for key in frontier for n in edges[key] if n not in seen)
        seen.update(following)
        found.extend(following)
        frontier = list(following)
    return tuple(found)


def reverse(edges: Edges) -> dict[str, tuple[str, ...]]:
    """Return the same edges, seen from the other end."""
    ends: dict[str, list[str]] = {}
    for key, others in edges.items():
        for other in others:
            ends.setdefault(other, []).append(key)
    return {key: tuple(ends.get(key, ())) for key in edges}


def _names(dependencies: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, dependencies)))


def _growing(edges: Edges, pools: Collection[str]) -> Edges:
    if not pools:
        return edges
    # A pool can have very many children: with a tuple of them, adding one would cost as much as there are already.
    return Versioned({**edges, **{pool: Versioned(dict.fromkeys(edges[pool])) for pool in pools}})


def _plus(mapping: Any, changes: Mapping[str, Any]) -> Any:
    return mapping.changed(changes)


def _minus(mapping: Any, name: str, changes: Mapping[str, Any] = _NO_CHANGES) -> Any:
    return mapping.changed(changes, (name,))  # in one go: between two changes, what is read of the old one is copied
