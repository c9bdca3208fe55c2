"""The experiments: which sides, which figures, which aims."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from support.comparison.figures import Aim, Experiment, Figure, Side, Statistic, median, quotient

_MICRO: Final = 1e6
_MILLI: Final = 1e3
_KILO: Final = 1e-3

_AT_ONCE: Final = 64
_BATCH: Final = 1_000
_PAGE: Final = 50
_FLAT: Final = Aim("value", "<=", 1.3)


@attrs.frozen
class Scale:
    """How much of the usual there is to do.

    Attributes:
        part: Of the usual numbers.
    """

    part: float

    def many(self, count: int, *, least: int = 4) -> int:
        """Return this part of a number, and never fewer than the least."""
        return max(least, round(count * self.part))

    def groups(self, count: int) -> int:
        """Return this part of a number, rounded to whole groups of as many as there are at once."""
        return _AT_ONCE * self.many(count // _AT_ONCE)

    @property
    def rows(self) -> Mapping[str, int]:
        """How many executions there are in the small and in the large database."""
        return {"small": self.many(10_000, least=8 * _PAGE), "large": self.many(1_000_000, least=16 * _PAGE)}

    @property
    def tasks(self) -> int:
        """How many tasks the tree has."""
        return self.many(10_000, least=40)


@attrs.frozen(kw_only=True)
class _Database:
    """What is measured on one database, and beside what.

    Attributes:
        name: For people.
        place: What its places' names begin with, and those of its experiments.
        bare: Label and module of the side that the aims are about.
        peers: The others that read and write.
        more: By experiment, what else it is measured beside.
        aims: By experiment.
    """

    name: str
    place: str
    bare: tuple[str, str]
    peers: Sequence[Side]
    more: Mapping[str, Sequence[Side]] = attrs.field(factory=dict)
    aims: Mapping[str, Aim]

    def experiment(
        self,
        name: str,
        figures: Sequence[Figure],
        *,
        on: Mapping[str, str],
        peers: Sequence[Side] = (),
        **arguments: Any,
    ) -> Experiment:
        """Return an experiment whose job on all sides has this name, on databases of these sizes."""
        job = name.replace("-", "_")
        bare = Side(*self.bare, job, has_aim=True)
        return Experiment(
            name=f"{self.place}-{name}",
            ours=Side("ours", "ours", job),
            others=(
                bare,
                *self.more.get(name, ()),
                *(attrs.evolve(peer, job=peer.job or job) for peer in peers),
            ),
            figures=figures,
            arguments=arguments,
            places={argument: f"{self.place}-{size}" for argument, size in on.items()},
        )

    def figure(self, experiment: str, text: str, statistic: Statistic) -> Figure:
        """Return the figure of an experiment that has an aim, if there is one."""
        return Figure(f"{self.name}: {text}", statistic, self.aims.get(experiment))

    def rate(self, experiment: str, text: str) -> Figure:
        """Return how much an experiment does in a second."""
        return self.figure(experiment, f"{text} [thousands per s]", median("per_second", scale=_KILO))


_ABOVE_0_7: Final = Aim("ratio", ">=", 0.7)

_SQLITE: Final = _Database(
    name="SQLite",
    place="sqlite",
    bare=("sqlite3, one thread", "raw"),
    peers=(
        Side("aiosqlite", "aiosqlite", None, package="aiosqlite"),
        Side("SQLAlchemy, aiosqlite", "alchemy", None, package="sqlalchemy"),
    ),
    more={
        "read": (Side("the way to a thread, alone", "way", "read"),),
        "write-at-once": (
            Side("sqlite3, a savepoint for each", "raw", "write_at_once_isolated"),
            Side("the way to a thread, alone", "way", "write_at_once"),
        ),
    },
    aims={"read": Aim("ratio", "<=", 3), "write-at-once": Aim("ratio", ">=", 0.8)},
)
_POSTGRES: Final = _Database(
    name="PostgreSQL",
    place="postgres",
    bare=("asyncpg", "bare_asyncpg"),
    peers=(Side("SQLAlchemy, asyncpg", "alchemy", None, package="sqlalchemy"),),
    aims=dict.fromkeys(("read-rate", "read-at-once", "write", "write-at-once", "write-tasks"), _ABOVE_0_7),
)


def experiments(part: float) -> Sequence[Experiment]:
    """Return all experiments, with this part of the usual numbers."""
    scale = Scale(part)
    return tuple(
        experiment
        for database in (_SQLITE, _POSTGRES)
        for experiment in (
            *_reads(database, scale),
            *_writes(database, scale),
            _listing(database, scale),
            _hierarchy(database, scale),
        )
    )


def _reads(database: _Database, scale: Scale) -> Sequence[Experiment]:
    rows = scale.rows["small"]
    latency = database.figure("read", "read an execution, p50 [us]", median("latency", scale=_MICRO))
    rate = database.rate("read-rate", "reads, one after the other")
    at_once = database.rate("read-at-once", f"reads, {_AT_ONCE} at once")
    on, peers = {"place": "small"}, database.peers
    return (
        database.experiment("read", (latency, rate), on=on, peers=peers, rows=rows, count=scale.many(3_000)),
        database.experiment(
            "read-at-once", (at_once,), on=on, peers=peers, rows=rows, count=scale.groups(6_400), workers=_AT_ONCE
        ),
    )


def _writes(database: _Database, scale: Scale) -> Sequence[Experiment]:
    on, peers = {"place": "empty"}, database.peers
    alone = database.rate("write", "transactions, one after the other")
    at_once = database.rate("write-at-once", f"transactions, {_AT_ONCE} at once")
    tasks = database.rate("write-tasks", f"tasks written, {_BATCH} in a transaction")
    # Each needs as long as it takes ours for ten times as many.
    fewer = [attrs.evolve(peer, arguments={"count": scale.groups(1_280)}) for peer in peers]
    return (
        database.experiment("write", (alone,), on=on, peers=peers, count=scale.many(1_500)),
        database.experiment(
            "write-at-once",
            (at_once,),
            on=on,
            peers=fewer,
            count=scale.groups(12_800),
            workers=_AT_ONCE,
        ),
        database.experiment("write-tasks", (tasks,), on=on, peers=peers, count=_BATCH, batches=scale.many(10, least=1)),
    )


def _listing(database: _Database, scale: Scale) -> Experiment:
    kinds = {"first": "first page", "middle": "page in the middle"}
    times = [
        Figure(f"{database.name}: {text} of {rows} [us]", median(f"{kind}_{size}", scale=_MICRO))
        for kind, text in kinds.items()
        for size, rows in scale.rows.items()
    ]
    growth = [
        Figure(
            f"  {database.name}: {text}, large by small", quotient(f"{kind}_large", f"{kind}_small"), _FLAT, digits=2
        )
        for kind, text in kinds.items()
    ]
    on = {size: size for size in scale.rows}
    return database.experiment(
        "page", (*times, *growth), on=on, rows=dict(scale.rows), count=scale.many(150), limit=_PAGE
    )


def _hierarchy(database: _Database, scale: Scale) -> Experiment:
    time = database.figure("tree", f"hierarchy of {scale.tasks} tasks [ms]", median("elapsed", scale=_MILLI))
    return database.experiment("tree", (time,), on={"place": "small"}, count=scale.tasks, repeat=5)
