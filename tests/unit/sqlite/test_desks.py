"""Jobs find the thread that is awake, in the order they were asked for."""

import threading
from queue import Empty, SimpleQueue

import pytest
import trio

from compozy.drivers.sqlite.desks import Desks
from compozy.drivers.sqlite.jobs import Job
from compozy.drivers.sqlite.store import READERS


@pytest.fixture
def desks():
    return Desks()


@pytest.fixture
async def a_job():
    """Return a function that makes a job, which only a Trio task may."""

    async def work(_):
        pass

    return lambda: Job(work, writes=False)


async def test_the_desk_that_became_free_last_gets_the_next_job(desks, a_job):
    first, last = SimpleQueue(), SimpleQueue()
    job, another = a_job(), a_job()
    desks.offer(first)
    desks.offer(last)

    desks.put(job)
    desks.put(another)

    assert last.get_nowait() is job
    assert first.get_nowait() is another


async def test_jobs_that_wait_are_taken_in_their_order(desks, a_job):
    jobs = [a_job() for _ in range(3)]
    desk = SimpleQueue()
    for job in jobs:
        desks.put(job)
    assert desks.qsize() == 3

    for _ in jobs:
        desks.offer(desk)

    assert [desk.get_nowait() for _ in jobs] == jobs
    assert desks.qsize() == 0


async def test_closing_ends_the_free_at_once_and_the_others_after_the_last_job(desks, a_job):
    free, busy = SimpleQueue(), SimpleQueue()
    job = a_job()
    desks.put(job)
    desks.offer(busy)
    desks.put(a_job())
    desks.offer(free)
    desks.offer(free)
    free.get_nowait()

    desks.close()
    desks.offer(busy)

    assert free.get_nowait() is None
    assert [busy.get_nowait(), busy.get_nowait()] == [job, None]
    with pytest.raises(Empty):
        free.get_nowait()


async def test_reads_one_after_the_other_find_the_same_thread(store):
    all_read = threading.Barrier(READERS)

    async def meet(_):
        all_read.wait()

    async def tell_thread(_):
        return threading.get_ident()

    async with trio.open_nursery() as nursery:
        for _ in range(READERS):
            nursery.start_soon(store.read, meet)

    assert len({await store.read(tell_thread) for _ in range(20)}) == 1
