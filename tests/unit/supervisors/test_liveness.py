"""Questions to a child that is ready: how often, and what is reported."""

import math
from types import SimpleNamespace

import pytest
import trio

from supervisors.errors import ProbeError
from supervisors.processes.liveness import Liveness, watch
from supervisors.processes.probes import Polling, log_line


class Actor:
    """Stands in for a context."""

    def __init__(self) -> None:
        self.name = "actor"
        self.stopping = trio.Event()
        self.reports = []

    def report_health(self, problem, *, fails) -> None:
        self.reports.append((round(trio.current_time(), 3), problem, fails))


@pytest.fixture
def actor():
    return Actor()


@pytest.fixture
def child():
    return SimpleNamespace(why_not_ready="")


async def test_each_attempt_is_reported_with_what_is_wrong(actor, child, autojump_clock, nursery):
    answers = iter(["fine", ProbeError("no leader"), "fine"])

    async def ask(_):
        answer = next(answers, None)
        if answer is None:
            actor.stopping.set()
            await trio.sleep_forever()
        if isinstance(answer, Exception):
            raise answer
        return answer

    start = trio.current_time()
    await watch(actor, child, Liveness(probe=Polling(what="it", ask=ask), every=10, fails=3))

    assert [(at - start, problem, fails) for at, problem, fails in actor.reports] == [
        (pytest.approx(10, abs=0.01), None, 3),
        (pytest.approx(20, abs=0.01), "no leader", 3),
        (pytest.approx(30, abs=0.01), None, 3),
    ]


async def test_attempt_under_way_when_the_stop_is_requested_is_not_reported(actor, child, autojump_clock, nursery):
    broken_off = trio.Event()

    async def ask(_):
        actor.stopping.set()
        try:
            await trio.sleep_forever()
        finally:
            broken_off.set()

    await watch(actor, child, Liveness(probe=Polling(what="it", ask=ask), every=1, fails=1))

    assert broken_off.is_set()
    assert actor.reports == []


async def test_attempt_that_hangs_is_a_failure(actor, child, autojump_clock, nursery):
    asked = []

    async def ask(_):
        asked.append(trio.current_time())
        if len(asked) == 2:
            actor.stopping.set()
        await trio.sleep_forever()

    await watch(actor, child, Liveness(probe=Polling(what="it", ask=ask, timeout=5), every=1, fails=1))

    assert [problem for _, problem, _ in actor.reports] == ["it: no answer within 5 s"]


def test_probe_that_cannot_ask_again_is_refused():
    with pytest.raises(TypeError, match="cannot ask again"):
        Liveness(probe=log_line("ready"), every=1, fails=1)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": math.nan}, {"fails": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    async def ask(_):
        await trio.lowlevel.checkpoint()

    with pytest.raises(ValueError, match=next(iter(wrong))):
        Liveness(**{"probe": Polling(what="it", ask=ask), "every": 1, "fails": 1, **wrong})
