"""A tree that was checked: who depends on whom, and the orders of starting and stopping that follow."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

import attrs

from supervisors.specs import ActorSpec

Edges = Mapping[str, tuple[str, ...]]
"""For each actor, in declaration order, the names at the other end of its edges."""


@attrs.frozen(kw_only=True)
class Plan:
    """A tree that was checked; everything about it that does not change while it runs.

    Attributes:
        name: The tree.
        shutdown: Seconds that stopping the whole tree may take.
        retry_boot: Whether failures are retried before the tree was ever ready.
        specs: The actors, in declaration order, with dependencies by name.
        needs: Hard edges.
        wants: Soft edges to actors that are part of the tree.
        needed_by: The hard edges, seen from the other end.
        held_by: Hard and soft edges from the other end: who must have ended before an actor is asked to stop.
    """

    name: str
    shutdown: float
    retry_boot: bool
    specs: Mapping[str, ActorSpec]
    needs: Edges
    wants: Edges
    needed_by: Edges
    held_by: Edges

    @property
    def start_order(self) -> tuple[tuple[str, ...], ...]:
        """Waves of actors: each needs only actors of earlier waves, and those of one wave start together."""
        return waves(self.needs)

    @property
    def stop_order(self) -> tuple[tuple[str, ...], ...]:
        """Waves of actors: each is needed and wanted only by actors of earlier waves."""
        return waves(self.held_by)

    def dependents(self, name: str) -> tuple[str, ...]:
        """Return all who cannot run without this actor, near ones first."""
        return reach([name], self.needed_by)

    def __str__(self) -> str:
        def line(order: tuple[tuple[str, ...], ...]) -> str:
            return " -> ".join(", ".join(wave) for wave in order)

        return f"{self.name}\n  start: {line(self.start_order)}\n  stop:  {line(self.stop_order)}"


def build_plan(*, name: str, shutdown: float, retry_boot: bool, specs: Mapping[str, ActorSpec]) -> Plan:
    """Return the plan of actors whose dependencies are resolved and free of cycles.

    A soft edge to an actor outside ``specs`` is left out: its `Ref` will say so.
    """
    needs = {key: _names(spec.needs) for key, spec in specs.items()}
    wants = {key: tuple(n for n in _names(spec.wants) if n in specs) for key, spec in specs.items()}
    held = {key: needs[key] + wants[key] for key in specs}
    return Plan(
        name=name,
        shutdown=shutdown,
        retry_boot=retry_boot,
        specs=specs,
        needs=needs,
        wants=wants,
        needed_by=reverse(needs),
        held_by=reverse(held),
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
    return {key: tuple(other for other, ends in edges.items() if key in ends) for key in edges}


def _names(dependencies: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, dependencies)))
