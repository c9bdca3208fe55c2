"""Puts the actors of a tree into another one, as the members of a group."""

from collections.abc import Collection, Mapping

import attrs

from supervisors.core.resolve import nearest
from supervisors.core.specs import ActorSpec, Dependency, local_name
from supervisors.errors import TreeError


def enclose(
    group: str,
    members: Mapping[str, ActorSpec],
    taken: Collection[str],
    *,
    needs: tuple[Dependency, ...],
    wants: tuple[Dependency, ...],
) -> dict[str, ActorSpec]:
    """Return the members as actors of the outer tree.

    Args:
        group: Its name there.
        members: The actors of the inner tree, with dependencies by name.
        taken: Names that these dependencies mention and that the outer tree has to give.
        needs: What it gives as hard edges; every member gets these.
        wants: What it gives as soft edges, to those who want it.

    Raises:
        TreeError: Something that is taken is not given, or twice, or as a soft edge to a member that needs it.
    """
    hard, soft = {_called(each): each for each in needs}, {_called(each): each for each in wants}
    given = {**soft, **hard}
    problems = [
        f"group {group!r} takes {name!r}, which it is not given; add it to needs= or wants= ({nearest(name, given)})"
        for name in taken
        if name not in given
    ]
    problems += [
        f"group {group!r} only wants {need!r}, which its member {name!r} needs; add it to needs="
        for name, spec in members.items()
        for need in map(str, spec.needs)
        if need in taken and need in soft and need not in hard
    ]
    problems += [
        f"group {group!r} takes {name!r}, which it is given more than once; keep one"
        for name in taken
        if sum(_called(each) == name for each in (*needs, *wants)) > 1
    ]
    if problems:
        raise TreeError(problems)

    def outer(edge: Dependency) -> Dependency:
        return given[str(edge)] if edge in taken else f"{group}/{edge}"

    def enclosed(spec: ActorSpec) -> ActorSpec:
        inner, wanted = tuple(map(outer, spec.needs)), tuple(map(outer, spec.wants))
        inherited = tuple(each for each in needs if each not in inner and each not in wanted)
        return attrs.evolve(
            spec,
            name=f"{group}/{spec.name}",
            needs=inner if spec.kind == "group" and inner else inner + inherited,
            wants=wanted,
            group=f"{group}/{spec.group}" if spec.group else group,
        )

    return {f"{group}/{name}": enclosed(spec) for name, spec in members.items()}


def _called(dependency: Dependency) -> str:
    return local_name(dependency if isinstance(dependency, str) else getattr(dependency, "__name__", ""))
