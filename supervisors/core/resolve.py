"""Checks a declaration before anything starts: names, parameters and cycles, all problems at once."""

import inspect
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError

import attrs

from supervisors.core.plan import waves
from supervisors.core.specs import ActorFunction, ActorSpec, Dependency, local_name
from supervisors.errors import TreeError


def resolve(specs: Mapping[str, ActorSpec], *, absent: Mapping[str, ActorFunction]) -> dict[str, ActorSpec]:
    """Return the actors with every dependency given by name.

    Args:
        specs: The actors by name, as declared.
        absent: Actors that were left out on purpose: they may be wanted, but not needed.

    Raises:
        TreeError: A name is unknown, a parameter matches nothing, or there is a cycle; says all of it.
    """
    problems: list[str] = []
    known = Known({name: spec.declared_by for name, spec in specs.items()})
    wanted = Known({**absent, **{name: spec.declared_by for name, spec in specs.items()}}) if absent else known
    resolved = dict(specs)
    for name, spec in specs.items():
        if not spec.needs and not spec.wants:
            continue
        needs = [_find(dependency, known, name, problems) for dependency in spec.needs]
        wants = [_find(dependency, wanted, name, problems) for dependency in spec.wants]
        resolved[name] = attrs.evolve(spec, needs=tuple(filter(None, needs)), wants=tuple(filter(None, wants)))
    if not problems:
        problems = [problem for spec in resolved.values() for problem in _edge_problems(spec)]
        problems += _optional_problems(resolved)
    if not problems:
        problems = _cycle_problems(resolved)
    if problems:
        raise TreeError(problems)
    return resolved


class Known:
    """The actors that can be depended on, by name and by function.

    Args:
        functions: For each name the function that declared it.
    """

    def __init__(self, functions: Mapping[str, ActorFunction]) -> None:
        self.names = functions
        self._by_function: dict[int, list[str]] = {}
        for name, function in functions.items():
            self._by_function.setdefault(id(function), []).append(name)

    def names_of(self, function: ActorFunction) -> list[str]:
        """Return the actors that this function declared."""
        return self._by_function.get(id(function), [])


def parameters(function: ActorFunction) -> dict[str, inspect.Parameter]:
    """Return what an actor function takes after ``ctx``, by name.

    Raises:
        TreeError: It takes no ``ctx``.
    """
    signature = list(inspect.signature(function).parameters.values())
    if not signature or signature[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise TreeError(
            f"{_name_of(function)} must take the context as its first parameter: def {_name_of(function)}(ctx)"
        )
    first, *others = signature
    if first.kind is inspect.Parameter.VAR_POSITIONAL:
        others = signature
    return {parameter.name: parameter for parameter in others}


_NO_NAMES: frozenset[str] = frozenset()


def injectable(function: ActorFunction) -> frozenset[str]:
    """Return the names of the parameters that can be filled by name.

    Raises:
        TreeError: It takes no ``ctx``, or demands something by position.
    """
    taken = parameters(function)
    for name, parameter in taken.items():
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and parameter.default is inspect.Parameter.empty:
            raise TreeError(f"{_name_of(function)!r} takes {name!r} by position only; values are given by name")
    fillable = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = [name for name, parameter in taken.items() if parameter.kind in fillable]
    return frozenset(found) if found else _NO_NAMES


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known: the nearest one, else all there are."""
    import difflib  # noqa: PLC0415 - a mistake can wait for it; every program would import it otherwise

    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known actors: {', '.join(names) or 'none'}"


def _find(dependency: Dependency, known: Known, of: str, problems: list[str]) -> str | None:
    if isinstance(dependency, str):
        if dependency in known.names:
            return dependency
        problems.append(
            f"{of!r} depends on {dependency!r}, which is not in the tree; {nearest(dependency, known.names)}"
        )
        return None
    names = known.names_of(dependency)
    if len(names) == 1:
        return names[0]
    shown = _name_of(dependency)
    if names:
        problems.append(f"{of!r} depends on {shown}, which stands for {', '.join(names)}; name one of them")
    else:
        problems.append(f"{of!r} depends on {shown}, which is not in the tree; {nearest(shown, known.names)}")
    return None


def _edge_problems(spec: ActorSpec) -> list[str]:
    edges = [str(edge) for edge in (*spec.needs, *spec.wants)]
    names = [local_name(edge) for edge in edges]
    problems = [f"{spec.name!r} depends on {twice!r} more than once; keep one" for twice in _repeated(edges)]
    if spec.is_virtual:
        return problems
    problems += _parameter_problems(spec, names)
    problems += [
        f"{spec.name!r} takes {twice!r}, which stands for more than one of {', '.join(edges)}; keep one of them"
        for twice in _repeated(names)
        if twice in spec.accepts and not problems
    ]
    return problems


def _optional_problems(specs: Mapping[str, ActorSpec]) -> list[str]:
    if all(spec.gives_up != "ignore" for spec in specs.values()):
        return []
    return [
        f"{spec.name!r} needs {need!r}, which may be missing (gives_up='ignore'); use wants=, or gives_up='park'"
        for spec in specs.values()
        for need in map(str, spec.needs if spec.kind != "group" else ())
        if _may_miss(specs[need], spec, specs) and not _may_miss(spec, specs[need], specs)
    ]


def _may_miss(one: ActorSpec, other: ActorSpec, specs: Mapping[str, ActorSpec]) -> bool:
    # Whether one can be missing while the other is not: for itself, or with a group that the other is not in.
    apart = _with_groups(one, specs).keys() - _with_groups(other, specs).keys()
    return any(specs[name].gives_up == "ignore" for name in apart)


def _with_groups(spec: ActorSpec, specs: Mapping[str, ActorSpec]) -> dict[str, None]:
    names, group = {spec.name: None}, spec.group
    while group is not None:
        names[group] = None
        group = specs[group].group
    return names


def _parameter_problems(spec: ActorSpec, names: Collection[str]) -> list[str]:
    if not names and not spec.accepts:
        return []
    problems = []
    for name, parameter in parameters(spec.function).items():
        several = parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        if not several and name not in names and parameter.default is inspect.Parameter.empty:
            problems.append(
                f"{spec.name!r} takes {name!r}, which it neither needs nor wants; "
                f"add it to needs= or wants=, or give it a default ({nearest(name, names)})"
            )
    return problems


def _repeated(names: Collection[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]  # add() is None


def _cycle_problems(specs: Mapping[str, ActorSpec]) -> list[str]:
    edges = {n: tuple(e for e in map(str, (*s.needs, *s.wants)) if e in specs) for n, s in specs.items()}
    try:
        waves(edges)
    except CycleError as error:
        cycle = list(reversed(error.args[1]))  # graphlib goes from the dependency to its dependent
        return [f"dependencies form a cycle: {' -> '.join(cycle)}; turn one edge around or drop it"]
    return []


def _name_of(function: object) -> str:
    return getattr(function, "__name__", repr(function))
