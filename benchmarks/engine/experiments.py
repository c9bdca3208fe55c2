"""The experiments: which sides, which figures, which aims."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from support.comparison.figures import Aim, Experiment, Figure, Side, median, p95, quotient

_MICRO: Final = 1e6
_MILLI: Final = 1e3

_FOLDER: Final[Mapping[str, str]] = {"folder": "folder"}
_SERVERS: Final[Mapping[str, str]] = {**_FOLDER, "temporal": "temporal"}

_LENGTH: Final = 10
_WIDTH: Final = 100
_ITEMS: Final = (100, 1_000, 10_000)
_AT_ONCE: Final = 300
_WARM_UP: Final = 10
_TEMPLATES: Final = {
    "path": "{{ .tasks.a.output.b }}",
    "text": "a text with a function and a number",
    "condition": "if eq … else",
    "loop": "range over 10 items",
}


def experiments(part: float) -> Sequence[Experiment]:
    """Return all experiments, with this part of the usual numbers."""
    return (
        _sequence(part),
        _parallel(part),
        _collection(part),
        *(_template(case, part) for case in _TEMPLATES),
        _three_steps(part),
    )


def _many(count: int, part: float, *, least: int = 1) -> int:
    return max(least, round(count * part))


def _sequence(part: float) -> Experiment:
    return Experiment(
        name="sequence",
        ours=Side("ours", "ours", "sequence"),
        others=(Side("plain SDK", "plain", "sequence", has_aim=True),),
        figures=(
            Figure("one task, p50 [ms]", median("small", scale=_MILLI)),
            Figure(f"{_LENGTH} tasks in a row, p50 [ms]", median("large", scale=_MILLI)),
            Figure(f"  {_LENGTH} tasks by one", quotient("large", "small"), Aim("value", "<=", 2), digits=2),
        ),
        arguments={"count": _many(30, part, least=2), "length": _LENGTH, "warm_up": _many(_WARM_UP, part)},
        places=_SERVERS,
    )


def _parallel(part: float) -> Experiment:
    return Experiment(
        name="parallel",
        ours=Side("ours", "ours", "parallel"),
        others=(Side("plain SDK", "plain", "parallel", has_aim=True),),
        figures=(
            Figure("one task, p50 [ms]", median("small", scale=_MILLI)),
            Figure(f"{_WIDTH} tasks at once, p50 [ms]", median("large", scale=_MILLI)),
            Figure(f"  {_WIDTH} at once by one", quotient("large", "small"), Aim("value", "<=", 10), digits=2),
        ),
        arguments={"count": _many(15, part, least=2), "width": _WIDTH, "warm_up": _many(_WARM_UP, part)},
        places=_SERVERS,
    )


def _collection(part: float) -> Experiment:
    sizes = [_many(size, part, least=number) for number, size in enumerate(_ITEMS, 2)]
    return Experiment(
        name="collection",
        ours=Side("ours", "ours", "items"),
        others=(),
        figures=(
            *(Figure(f"{size} items, each [ms]", median(f"of_{size}", scale=_MILLI), digits=2) for size in sizes),
            *(
                Figure(
                    f"  an item of {large} by one of {small}",
                    quotient(f"of_{large}", f"of_{small}"),
                    Aim("value", "<=", 1.3),
                    digits=2,
                )
                for small, large in pairwise(sizes)
            ),
            *(
                Figure(f"  processor time, {size} items, each [ms]", median(f"cpu_of_{size}", scale=_MILLI), digits=2)
                for size in sizes
            ),
        ),
        arguments={"sizes": sizes, "warm_up": _many(_WARM_UP, part)},
        places=_FOLDER,
    )


def _template(case: str, part: float) -> Experiment:
    limit = Aim("value", "<=", 2)
    return Experiment(
        name=f"template-{case}",
        ours=Side("ours", "rendering", "templates"),
        others=(
            Side("Jinja2, sandboxed, native", "jinja", "templates", package="jinja2", has_aim=True),
            Side("Python, written out", "lookup", "templates", has_aim=case == "path", aim=limit),
        ),
        figures=(
            Figure(
                f"template: {_TEMPLATES[case]}, p50 [us]",
                median("elapsed", scale=_MICRO),
                Aim("ratio", "<=", 1),
                digits=2,
            ),
        ),
        arguments={"case": case, "count": _many(1_000, part, least=10)},
    )


def _three_steps(part: float) -> Experiment:
    # Prefect needs seconds for what takes the others some dozen milliseconds.
    fewer = {"count": _many(5, part, least=2), "at_once": _many(20, part, least=2), "warm_up": 2}
    return Experiment(
        name="three-steps",
        ours=Side("ours", "ours", "three_steps"),
        others=(
            Side("DBOS, SQLite", "dbos", "three_steps", package="dbos"),
            Side(
                f"Prefect, SQLite, {fewer['at_once']} at once",
                "prefect",
                "three_steps",
                arguments=fewer,
                package="prefect",
            ),
        ),
        figures=(
            Figure("three tasks in a row, p50 [ms]", median("latency", scale=_MILLI)),
            Figure("  the same, p95 [ms]", p95("latency", scale=_MILLI)),
            Figure(f"  {_many(_AT_ONCE, part, least=2)} at once [per s]", median("per_second")),
            Figure("  of these, failed", median("failures"), digits=0),
        ),
        arguments={
            "count": _many(30, part, least=2),
            "at_once": _many(_AT_ONCE, part, least=2),
            "warm_up": _many(_WARM_UP, part),
        },
        places=_FOLDER,
    )
