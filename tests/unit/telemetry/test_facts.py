"""Facts of a task, on its lines and on those of whoever it starts."""

import logging
import threading

import structlog
import trio

from compozy.bridge import open_asyncio_host
from compozy.telemetry.facts import bind_facts, bound_facts, facts_bound
from compozy.telemetry.logger import get_logger
from compozy.telemetry.logs import configure_logs


def test_facts_hold_within_their_block_and_none_takes_one_away():
    with facts_bound(exec_id="e1", task_id="t1"):
        with facts_bound(task_id=None, workflow_id="w1"):
            inner = bound_facts()
        outer = bound_facts()

    assert inner == {"exec_id": "e1", "workflow_id": "w1"}
    assert outer == {"exec_id": "e1", "task_id": "t1"}
    assert bound_facts() == {}


async def test_what_a_task_binds_ends_with_it_and_is_not_its_siblings(nursery):
    seen = {}

    async def work(name, *, task_status):
        bind_facts(task_id=name)
        task_status.started()
        await trio.lowlevel.checkpoint()
        seen[name] = bound_facts()["task_id"]

    await nursery.start(work, "a")
    await nursery.start(work, "b")
    await trio.testing.wait_all_tasks_blocked()

    assert seen == {"a": "a", "b": "b"}
    assert bound_facts() == {}


async def test_they_are_on_lines_of_children_threads_and_the_asyncio_loop_whoever_logs(stream, lines):
    configure_logs(format="json", stream=stream)

    async def child():
        logging.getLogger("library").warning("in a child task")

    async def on_the_loop():
        logging.getLogger("library").warning("on the asyncio loop")

    async with open_asyncio_host("test-facts") as host, trio.open_nursery() as nursery:
        with facts_bound(exec_id="e1"):
            get_logger("ours").warning("in the task")
            nursery.start_soon(child)
            await trio.to_thread.run_sync(lambda: logging.getLogger("library").warning("on a thread"))
            await host.call(on_the_loop)
            structlog.get_logger("theirs").warning("by structlog")
    logging.getLogger("library").warning("outside")

    assert {line["event"]: line.get("exec_id") for line in lines()} == {
        "in the task": "e1",
        "in a child task": "e1",
        "on a thread": "e1",
        "on the asyncio loop": "e1",
        "by structlog": "e1",
        "outside": None,
    }


def test_what_a_line_says_itself_holds_against_what_is_bound(stream, lines):
    configure_logs(format="json", stream=stream)

    with facts_bound(exec_id="e1"):
        get_logger("ours").warning("another", exec_id="e2")

    assert lines()[0]["exec_id"] == "e2"


def test_a_bare_thread_begins_without_facts():
    seen = []
    with facts_bound(exec_id="e1"):
        thread = threading.Thread(target=lambda: seen.append(dict(bound_facts())))
        thread.start()
        thread.join()

    assert seen == [{}]
