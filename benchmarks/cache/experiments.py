"""The experiments: which sides, which figures, which aims."""

from collections.abc import Mapping, Sequence
from typing import Final

from support.comparison.figures import Aim, Experiment, Figure, Side, median, p99

_MICRO: Final = 1e6
_MILLI: Final = 1e3
_KILO: Final = 1e-3

_AT_ONCE: Final = 64

_OPERATIONS: Final[Mapping[str, str]] = {
    "set": "set",
    "get": "get",
    "push": "push",
    "append-trim": "append and trim",
    "publish": "publish",
}
_WRITING: Final = ("set", "push", "append-trim")

_FIVE_TIMES: Final = Aim("ratio", "<=", 5)
_A_FIFTIETH: Final = Aim("ratio", "<=", 0.02)
_A_HUNDREDTH: Final = Aim("ratio", "<=", 0.01)
_TWICE: Final = Aim("ratio", "<=", 2)
_TEN_SEVENTHS: Final = Aim("ratio", "<=", 1 / 0.7)
_PAUSE: Final = Aim("value", "<=", 5)


def experiments(part: float) -> Sequence[Experiment]:
    """Return all experiments, with this part of the usual numbers."""
    return (
        *(_embedded(name, part) for name in _OPERATIONS),
        *(_everysec(name, part) for name in _WRITING),
        *(_redis(name, part) for name in _OPERATIONS),
        *(_redis_at_once(name, part) for name in _OPERATIONS),
        _million(part),
    )


def _embedded(name: str, part: float) -> Experiment:
    """Return the experiment with one operation of the embedded cache beside all that is not as good, or does less."""

    def side(label: str, module: str, job: str, *, aim: Aim, count: int, package: str | None = None) -> Side:
        arguments = {"count": _many(count, part)}
        return Side(label, module, job, arguments=arguments, package=package, has_aim=True, aim=aim)

    fake = "fakeredis"
    return Experiment(
        name=name,
        ours=Side("ours", "ours", "repeat"),
        others=(
            side("dict, bare", "plain", "bare", aim=_FIVE_TIMES, count=500_000),
            side("dict, cancel point", "plain", "cancel_point", aim=_FIVE_TIMES, count=200_000),
            side("dict, checkpoint", "plain", "checkpoint", aim=_FIVE_TIMES, count=50_000),
            side("fakeredis, blocking", "clients", "fake_blocking", aim=_A_FIFTIETH, count=5_000, package=fake),
            side("fakeredis, asyncio", "clients", "fake", aim=_A_FIFTIETH, count=5_000, package=fake),
            side("redis-server, blocking", "clients", "server_blocking", aim=_A_HUNDREDTH, count=3_000),
            side("redis-server, asyncio", "clients", "server", aim=_A_HUNDREDTH, count=3_000),
        ),
        figures=(_time(_OPERATIONS[name]),),
        arguments={"operation": _method(name), "count": _many(100_000, part)},
        places={"place": "redis"},
    )


def _everysec(name: str, part: float) -> Experiment:
    return Experiment(
        name=f"{name}-everysec",
        ours=Side("ours", "ours", "repeat_on_disk"),
        others=(Side("ours, in memory", "ours", "repeat", has_aim=True),),
        figures=(_time(f"{_OPERATIONS[name]}, everysec", _TWICE),),
        arguments={"operation": _method(name), "count": _many(200_000, part)},
        places={"place": "folder"},
    )


def _redis(name: str, part: float) -> Experiment:
    return Experiment(
        name=f"redis-{name}",
        ours=Side("ours", "ours", "repeat_in_redis"),
        others=(Side("redis-py", "clients", "server", has_aim=True),),
        figures=(_time(f"redis: {_OPERATIONS[name]}", _TEN_SEVENTHS),),
        arguments={"operation": _method(name), "count": _many(3_000, part)},
        places={"place": "redis"},
    )


def _redis_at_once(name: str, part: float) -> Experiment:
    return Experiment(
        name=f"redis-{name}-at-once",
        ours=Side("ours", "ours", "at_once_in_redis"),
        others=(Side("redis-py", "clients", "server_at_once", has_aim=True),),
        figures=(_time(f"redis: {_OPERATIONS[name]}, {_AT_ONCE} at once", _TEN_SEVENTHS),),
        arguments={"operation": _method(name), "count": _many(12_800, part, least=_AT_ONCE), "workers": _AT_ONCE},
        places={"place": "redis"},
    )


def _million(part: float) -> Experiment:
    count = _many(1_000_000, part)
    return Experiment(
        name="million-keys",
        ours=Side("ours", "million", "ours"),
        others=(Side("redis-server", "million", "server", has_aim=True),),
        figures=(
            Figure(f"{count} keys: memory per key [bytes]", median("bytes")),
            Figure("  the same with a time to live [bytes]", median("bytes_with_ttl")),
            Figure("  longest pause while filling [ms]", median("pause_filling", scale=_MILLI), _PAUSE),
            Figure("  longest pause while scanning [ms]", median("pause_scanning", scale=_MILLI), _PAUSE),
            Figure("  longest pause while expiring [ms]", median("pause_expiring", scale=_MILLI), _PAUSE),
            Figure("  99 of 100 pauses while scanning [ms]", p99("scanning", scale=_MILLI), digits=2),
            Figure("  99 of 100 pauses while expiring [ms]", p99("expiring", scale=_MILLI), digits=2),
            Figure("  keys scanned [thousands per s]", median("scanned_per_second", scale=_KILO)),
        ),
        arguments={"count": count},
        places={"place": "redis"},
    )


def _time(text: str, aim: Aim | None = None) -> Figure:
    return Figure(f"{text} [us]", _fastest, aim, digits=2)


def _fastest(samples: Mapping[str, Sequence[float]]) -> float:
    """Return the time of the fastest lap, which is the one that other programs have disturbed least."""
    return _MICRO * min(samples["time"])


def _method(name: str) -> str:
    return name.replace("-", "_")


def _many(count: int, part: float, *, least: int = 10) -> int:
    return max(least, round(count * part))
