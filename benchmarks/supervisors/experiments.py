"""The experiments: which sides, which figures, which aims."""

from collections.abc import Sequence
from typing import Final

from support.comparison.figures import Aim, Experiment, Figure, Side, each, growth, median, nth, p99

_MICRO: Final = 1e6
_MILLI: Final = 1e3
_KILO: Final = 1e-3

_THREADS: Final = 1_000
_CHECK_DELAY_S: Final = 0.1


def experiments(scale: float) -> Sequence[Experiment]:
    """Return all experiments, with this part of the usual number of actors, questions and crashes."""

    def many(count: int) -> int:
        return max(4, round(count * scale))

    return (
        _lifecycle(many(10_000)),
        _restart(many(500)),
        _ask(many(20_000)),
        _growth("chain", many(1_000)),
        _growth("star", many(10_000)),
        _idle(),
        _import(),
        _memory(many(2_000)),
        _process(many(10)),
    )


def _lifecycle(count: int) -> Experiment:
    threads = min(count, _THREADS)
    return Experiment(
        name="lifecycle",
        ours=_ours("lifecycle"),
        others=(
            _bare("lifecycle"),
            _peer("triotp", "lifecycle"),
            _peer("tricycle", "lifecycle"),
            Side(f"pykka, {threads} threads", "pykka", "lifecycle", arguments={"count": threads}, package="pykka"),
            _peer("mode-streaming", "lifecycle"),
        ),
        figures=(
            Figure(f"{count} actors, start to stopped [us each]", each("total", scale=_MICRO), Aim("ratio", "<=", 1.5)),
            Figure("  of it until all are ready [us each]", each("start", scale=_MICRO)),
            Figure("  of it until all are stopped [us each]", each("stop", scale=_MICRO)),
            Figure("  before it: declare and plan [us each]", each("build", scale=_MICRO)),
        ),
        arguments={"count": count},
    )


def _restart(count: int) -> Experiment:
    return Experiment(
        name="restart",
        ours=_ours("restart"),
        others=(
            _bare("restart", "bare loop"),
            _peer("triotp", "restart"),
            _peer("tricycle", why_not="restarts nothing"),
            _peer("pykka", why_not="restarts nothing"),
            _peer("mode-streaming", "restart"),
        ),
        figures=(
            Figure("crash to ready again, p50 [us]", median("latency", scale=_MICRO), Aim("value", "<=", 150)),
            Figure("crash to ready again, p99 [us]", p99("latency", scale=_MICRO)),
        ),
        arguments={"count": count},
    )


def _ask(count: int) -> Experiment:
    return Experiment(
        name="ask",
        ours=_ours("ask"),
        others=(
            _bare("ask_fresh", "channels, a new one per reply"),
            _bare("ask_reused", "channels, one for all replies"),
            _peer("triotp", "ask"),
            _peer("tricycle", why_not="has no inboxes"),
            _peer("pykka", "ask"),
            _peer("mode-streaming", why_not="has no inboxes"),
        ),
        figures=(Figure("ask [thousands per s]", median("per_second", scale=_KILO), Aim("ratio", ">=", 0.8)),),
        arguments={"count": count},
    )


def _growth(shape: str, count: int) -> Experiment:
    return Experiment(
        name=shape,
        ours=_ours("growth"),
        others=(_bare("growth"),),
        figures=(
            *(
                Figure(f"{shape} of {factor * count}, start to stopped [ms]", nth("totals", place, scale=_MILLI))
                for place, factor in enumerate((1, 2, 4))
            ),
            Figure(f"  {shape}: exponent of growth", growth("totals"), Aim("ratio", "<=", 1.1), digits=2),
        ),
        arguments={"count": count, "shape": shape},
    )


def _idle() -> Experiment:
    return Experiment(
        name="idle",
        ours=_ours("idle"),
        others=(_bare("idle"),),
        figures=(
            Figure("100 idle actors, wake-ups of Trio [per s]", median("turns_per_second"), Aim("value", "<=", 0)),
            Figure(
                "100 idle actors, switches of the process [per s]",
                median("switches_per_second"),
                Aim("value", "<=", 0),
            ),
        ),
        arguments={"count": 100, "seconds": 2.0},
    )


def _import() -> Experiment:
    return Experiment(
        name="import",
        ours=_ours("import_"),
        others=(_bare("import_", "import trio"),),
        figures=(
            Figure("import supervisors [ms]", median("import", scale=_MILLI)),
            Figure("  of it beyond Trio's [ms]", median("beyond", scale=_MILLI), Aim("value", "<=", 30)),
        ),
    )


def _memory(count: int) -> Experiment:
    return Experiment(
        name="memory",
        ours=_ours("memory"),
        others=(_bare("memory"),),
        figures=(Figure(f"memory of {count} actors [KiB each]", median("bytes_each", scale=1 / 1024)),),
        arguments={"count": count},
    )


def _process(count: int) -> Experiment:
    return Experiment(
        name="process",
        ours=_ours("process"),
        others=(
            _bare("process", "bare loop of run_process"),
            Side(
                f"circus, looking every {_CHECK_DELAY_S} s (its default: 5)",
                "circus",
                "process",
                arguments={"check_delay": _CHECK_DELAY_S},
                package="circus",
            ),
            Side("supervisor", "supervisord", "process", package="supervisor"),
        ),
        figures=(Figure("kill of a process to its replacement [ms]", median("latency", scale=_MILLI)),),
        arguments={"count": count},
    )


def _ours(job: str) -> Side:
    return Side("ours", "ours", job)


def _bare(job: str, label: str = "bare tasks") -> Side:
    return Side(label, "bare", job, has_aim=True)


_MODULES: Final = {"mode-streaming": "mode"}


def _peer(package: str, job: str | None = None, *, why_not: str = "") -> Side:
    return Side(package, _MODULES.get(package, package), job, why_not=why_not, package=package)
