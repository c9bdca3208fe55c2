"""How a start went, read off the events: who waited for whom, and which chain of actors made it as long as it was."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from supervisors.core.events import Event
from supervisors.core.plan import Edges
from supervisors.core.states import State
from supervisors.inspection.tables import arrows, seconds, table

_WIDTH = 40  # characters of the chart


class Launch(NamedTuple):
    """How one actor got ready, retries included; times in seconds from the beginning of the timeline.

    Attributes:
        name: The actor.
        generation: The one that got ready, or the latest that did not; 0 when it was never started.
        waiting: When it began to wait for what it needs.
        started: When it was first started; None when it was not.
        ready: When it was ready; None when it was not.
        ended: When the latest start ended that did not get ready; None when it got ready, or is still starting.
        last: The dependency that it waited for longest; None when it did not wait.
    """

    name: str
    generation: int
    waiting: float
    started: float | None = None
    ready: float | None = None
    ended: float | None = None
    last: str | None = None

    @property
    def waited(self) -> float | None:
        """Seconds for which it waited for what it needs; None when that never came."""
        return None if self.started is None else self.started - self.waiting

    @property
    def took(self) -> float | None:
        """Seconds from its first start to its readiness; None when it was not ready."""
        return None if self.started is None or self.ready is None else self.ready - self.started


class Timeline:
    """A start of a tree; iterates over the actors, and ``print`` shows a chart.

    Attributes:
        launches: One for each actor, in the order in which they began to wait.
        total: Seconds from the beginning until the last of them was ready.
        critical_path: Who had to be ready one after the other for that: the actors whose start is worth making faster.
    """

    __slots__ = ("critical_path", "launches", "total")

    def __init__(self, *, launches: tuple[Launch, ...], total: float, critical_path: tuple[str, ...]) -> None:
        self.launches = launches
        self.total = total
        self.critical_path = critical_path

    def __repr__(self) -> str:
        return f"<Timeline, actors: {len(self.launches)}, ready after {seconds(self.total)}>"

    def __iter__(self) -> Iterator[Launch]:
        return iter(self.launches)

    def __getitem__(self, name: str) -> Launch:
        """Return how this actor got ready.

        Raises:
            KeyError: There is none.
        """
        for launch in self.launches:
            if launch.name == name:
                return launch
        raise KeyError(name)

    def __str__(self) -> str:
        return render_timeline(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the timeline as plain values that JSON has."""
        launches = [{**launch._asdict(), "waited": launch.waited, "took": launch.took} for launch in self.launches]
        return {"total": self.total, "critical_path": list(self.critical_path), "actors": launches}


def timeline(events: Iterable[Event], *, needs: Edges | None = None, since: float | None = None) -> Timeline:
    """Return how a start went: of each actor, how it got ready for the first time in these events.

    Args:
        events: As `Live.events` returns them, or from a log; the head may be missing.
        needs: Who needs whom, as `Plan.needs` has it. Without it, an actor is taken to have waited for whoever was
            ready last before it started, which is nearly always so.
        since: Leave out all that happened before this time, on Trio's clock, to see a restart instead of the first
            start; whoever did not start again is then not in it.
    """
    log = [event for event in events if since is None or event.at >= since]
    if not log:
        return Timeline(launches=(), total=0.0, critical_path=())
    launches = _Launches(origin=log[0].at, needs=needs)
    for position, event in enumerate(log):
        launches.note(position, event)
    found = tuple(launches.found.values())
    last = max((each for each in found if each.ready is not None), key=lambda each: each.ready or 0.0, default=None)
    path = _critical_path(launches.found, last)
    return Timeline(launches=found, total=last.ready or 0.0 if last else 0.0, critical_path=path)


class _Launches:
    """Collects how each actor got ready for the first time, event by event."""

    def __init__(self, origin: float, needs: Edges | None) -> None:
        self.found: dict[str, Launch] = {}
        self._origin = origin
        self._needs = needs
        self._waiting_at: dict[str, int] = {}  # positions in the log tell the order of what has the same time
        self._ready_at: dict[str, int] = {}

    def note(self, position: int, event: Event) -> None:
        """Take note of one event."""
        name, at = event.name, event.at - self._origin
        launch = self.found.get(name)
        if event.to_state is State.WAITING and (launch is None or launch.started is None):
            self._waiting_at[name] = position
            self.found.setdefault(name, Launch(name=name, generation=event.generation, waiting=at))
        elif event.to_state is State.STARTING and (launch is None or launch.started is None):
            begun = launch.waiting if launch else at  # the head of the log is missing
            self.found[name] = Launch(
                name=name, generation=event.generation, waiting=begun, started=at, last=self._last_need(name)
            )
        elif event.from_state is State.STARTING and launch is not None and launch.ready is None:
            latest = launch._replace(generation=event.generation)
            is_ready = event.to_state is State.READY
            self.found[name] = latest._replace(ready=at, ended=None) if is_ready else latest._replace(ended=at)
        if event.to_state is State.READY:
            self._ready_at[name] = position

    def _last_need(self, name: str) -> str | None:
        # What was ready before the actor began to wait, it did not wait for.
        begun = self._waiting_at.get(name, -1)
        candidates = self._ready_at if self._needs is None else self._needs.get(name, ())
        awaited = [other for other in candidates if self._ready_at.get(other, -1) > begun]
        return max(awaited, key=self._ready_at.__getitem__, default=None)


def _critical_path(launches: dict[str, Launch], last: Launch | None) -> tuple[str, ...]:
    path: list[str] = []
    while last is not None and last.name not in path:  # a log with a missing head may lead in a circle
        path.append(last.name)
        last = launches.get(last.last) if last.last is not None else None
    return tuple(reversed(path))


def render_timeline(shown: Timeline) -> str:
    """Return a chart: dots while an actor waits, equals signs while it starts, a bar where it is ready."""
    end = max((moment for each in shown for moment in _moments(each)), default=0.0)
    scale = _WIDTH / end if end else 0.0
    header = ("actor", "waited", "took", f"0 s{seconds(end):>{_WIDTH - 2}}", "after")
    rows = [
        (each.name, seconds(each.waited), _took(each), _bar(each, end, scale), each.last or "")
        for each in shown.launches
    ]
    head = f"ready after {seconds(shown.total)}: {arrows(shown.critical_path) or 'nobody was'}"
    return f"{head}\n{table(header, rows, right=('waited', 'took'))}"


def _moments(launch: Launch) -> Iterator[float]:
    yield launch.waiting
    yield from (moment for moment in (launch.started, launch.ready, launch.ended) if moment is not None)


def _took(launch: Launch) -> str:
    if launch.ended is not None:
        return "failed"
    return seconds(launch.took)


def _bar(launch: Launch, end: float, scale: float) -> str:
    waiting = round(launch.waiting * scale)
    started = round((end if launch.started is None else launch.started) * scale)
    over = launch.ready if launch.ready is not None else launch.ended
    stopped = round((end if over is None else over) * scale)
    mark = "|" if launch.ready is not None else "x" if launch.ended is not None else ">"
    return " " * waiting + "." * (started - waiting) + "=" * (stopped - started) + mark
