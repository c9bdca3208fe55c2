"""pykka: actors in threads. It restarts nothing."""

from typing import Any

import pykka
from support.comparison.job import Job, Samples, Stopwatch

from sides.lives import whole_life


class _Echo(pykka.ThreadingActor):
    def on_receive(self, message: Any) -> Any:
        return message


def lifecycle(count: int) -> Samples:
    """Start actors, each with a thread, until each has answered; and stop them."""
    clock = Stopwatch()
    actors = [_Echo.start() for _ in range(count)]
    for answer in [actor.ask(0, block=False) for actor in actors]:
        answer.get()
    start = clock.lap()
    pykka.ActorRegistry.stop_all()
    stop = clock.lap()
    return whole_life(count, start=start, stop=stop)


def ask(count: int) -> Samples:
    """Ask an actor from the main thread, one question after the other."""
    actor = _Echo.start()
    clock = Stopwatch()
    for number in range(count):
        assert actor.ask(number) == number
    elapsed = clock.lap()
    actor.stop()
    return {"per_second": [count / elapsed]}


JOBS: dict[str, Job] = {"lifecycle": lifecycle, "ask": ask}
