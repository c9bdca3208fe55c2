"""The experiments: which sides, which figures, which aims."""

from collections.abc import Mapping, Sequence
from typing import Final

from support.comparison.figures import Aim, Experiment, Figure, Side, median, p95

_MILLI: Final = 1e3

_WORKERS: Final = (1, 2, 4)
_WORKFLOWS_AT_ONCE: Final = 64
_READS_AT_ONCE: Final = 16

_STANDALONE: Final[Mapping[str, str]] = {"folder": "folder"}
_DISTRIBUTED: Final[Mapping[str, str]] = {
    "folder": "folder",
    "postgres": "postgres",
    "redis": "redis",
    "temporal": "temporal",
}

_THROUGHPUT: Final = Aim("ratio", ">=", 0.9)
_READS: Final = Aim("ratio", ">=", 0.5)
_SECONDS: Final = Aim("value", "<=", 1.5)


def experiments(part: float) -> Sequence[Experiment]:
    """Return all experiments, with this part of the usual numbers."""
    return (
        *(_workers(number, part) for number in _WORKERS),
        *(_backlog(number, part) for number in _WORKERS),
        _events("standalone", _STANDALONE, Aim("value", "<=", 5), part),
        _events("distributed", _DISTRIBUTED, Aim("value", "<=", 15), part),
        _get("standalone", _STANDALONE, part),
        _get("distributed", _DISTRIBUTED, part),
        _seconds("stop-standalone", "SIGTERM to exit, standalone", "shutdown", _STANDALONE),
        _seconds("stop-distributed", "SIGTERM to exit, distributed", "shutdown", _DISTRIBUTED),
        _seconds("stop-worker", "SIGTERM to exit, worker", "worker_shutdown", _DISTRIBUTED, is_plain=True),
        _seconds("kill-standalone", "kill -9 to running again, standalone", "restart", _STANDALONE),
        _seconds("kill-distributed", "kill -9 to running again, distributed", "restart", _DISTRIBUTED),
        _seconds("kill-worker", "kill -9 to running again, worker", "worker_restart", _DISTRIBUTED, is_plain=True),
        _seconds("kill-temporal", "kill -9 to running again, embedded Temporal", "temporal_restart", _STANDALONE),
    )


def _workers(number: int, part: float) -> Experiment:
    """Return the experiment with so many worker processes, and one that starts the workflows."""
    return Experiment(
        name=f"workers-{number}",
        ours=Side("ours", "ours", "throughput"),
        others=(
            Side("plain SDK", "plain", "throughput", has_aim=True),
            Side("plain SDK, same record", "plain", "recorded_throughput", has_aim=True),
        ),
        figures=(
            Figure(f"workflows, {_counted(number)} [per s]", median("per_second"), _THROUGHPUT),
            Figure("  processor time of each workflow [ms]", median("cpu", scale=_MILLI), digits=2),
        ),
        arguments={
            "count": max(_WORKFLOWS_AT_ONCE, round(600 * part)),
            "at_once": _WORKFLOWS_AT_ONCE,
            "workers": number,
        },
        places=_DISTRIBUTED,
    )


def _backlog(number: int, part: float) -> Experiment:
    """Return the experiment with so many worker processes, and nothing else to do."""
    return Experiment(
        name=f"backlog-{number}",
        ours=Side("ours", "ours", "backlog"),
        others=(Side("plain SDK, same record", "plain", "recorded_backlog", has_aim=True),),
        figures=(Figure(f"workflows that waited, {_counted(number)} [per s]", median("per_second"), _THROUGHPUT),),
        arguments={"count": max(50, round(600 * part)), "at_once": _READS_AT_ONCE, "workers": number},
        places=_DISTRIBUTED,
    )


def _counted(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def _events(mode: str, places: Mapping[str, str], aim: Aim, part: float) -> Experiment:
    return Experiment(
        name=f"events-{mode}",
        ours=Side("ours", "ours", "events"),
        others=(),
        figures=(
            Figure(f"end of a task to its event at the client, {mode}, p50 [ms]", median("delay", scale=_MILLI), aim),
            Figure("  the same, p95 [ms]", p95("delay", scale=_MILLI)),
        ),
        arguments={"count": max(5, round(40 * part))},
        places=places,
    )


def _get(mode: str, places: Mapping[str, str], part: float) -> Experiment:
    return Experiment(
        name=f"get-{mode}",
        ours=Side("ours", "ours", "reads"),
        others=(Side("hello, bare", "hello", "reads", has_aim=True),),
        figures=(
            Figure(f"GET of an execution, {mode} [per s]", median("per_second"), _READS),
            Figure("  processor time of each answer [ms]", median("cpu", scale=_MILLI), digits=2),
        ),
        arguments={"count": _READS_AT_ONCE * max(1, round(200 * part)), "at_once": _READS_AT_ONCE},
        places=places,
    )


def _seconds(name: str, text: str, job: str, places: Mapping[str, str], *, is_plain: bool = False) -> Experiment:
    return Experiment(
        name=name,
        ours=Side("ours", "ours", job),
        others=(Side("plain SDK", "plain", job, has_aim=True),) if is_plain else (),
        figures=(Figure(f"{text} [s]", median("elapsed"), _SECONDS, digits=2),),
        places=places,
    )
