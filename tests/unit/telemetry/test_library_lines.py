"""Real lines of the libraries come out of our one handler, with our facts instead of their dictionaries."""

import asyncio
import logging
from types import SimpleNamespace

import asyncpg
import hypercorn.config
import pytest
import redis.asyncio
import temporalio.activity
import trio
from hypercorn.trio import serve
from redis.asyncio.lock import Lock
from temporalio.testing import ActivityEnvironment

from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.connection import make_metered_runtime
from compozy.telemetry.facts import facts_bound
from compozy.telemetry.logs import configure_logs
from compozy.telemetry.sdk_lines import in_our_words


@pytest.fixture
def written(stream, lines):
    """Return a function that gives the lines of a logger, as our handler wrote them."""
    configure_logs(level="debug", format="json", stream=stream)
    return lambda logger: [line for line in lines() if line["logger"] == logger]


async def test_a_line_of_hypercorn(written):
    async def application_without_lifespan(scope, receive, send):
        raise NotImplementedError

    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = logging.getLogger("hypercorn.error")
    await serve(application_without_lifespan, config, shutdown_trigger=trio.lowlevel.checkpoint)

    (warning, *_) = written("hypercorn.error")
    assert warning["level"] == "warning"
    assert "continuing without Lifespan support" in warning["event"]


def test_a_line_of_asyncpg(written):
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        pool = asyncpg.create_pool("postgresql://127.0.0.1:1/nobody", loop=runner.get_loop())
        pool._warn_on_long_close()

    (line,) = written("asyncpg.pool")
    assert line["level"] == "warning"
    assert line["event"].startswith("Pool.close() is taking over 60 seconds")


def test_a_line_of_redis(written):
    async def leave_a_lock_that_was_lost():
        lock = Lock(redis.asyncio.Redis(), "name", raise_on_release_error=False)
        await lock.__aexit__(None, None, None)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(leave_a_lock_that_was_lost())

    (line,) = written("redis.asyncio.lock")
    assert line["event"] == "Lock was unlocked or no longer owned when exiting context manager."


def test_a_line_of_temporalio_says_the_execution_in_our_words_and_not_in_a_dictionary(written):
    def activity():
        temporalio.activity.logger.warning("the activity %s", "complains")

    environment = ActivityEnvironment()
    with facts_bound(workflow_id="greet", task_id="hello"):
        environment.run(activity)

    (line,) = written("temporalio.activity")
    assert line["event"] == "the activity complains"
    assert (line["exec_id"], line["workflow_id"], line["task_id"]) == (environment.info.workflow_id, "greet", "hello")
    assert "temporal_activity" not in line


@pytest.mark.parametrize(
    ("error", "written_lines"),
    [(UnavailableError("redis is away"), 0), (asyncio.CancelledError(), 0), (ValueError("nobody expected this"), 1)],
)
def test_an_activity_that_was_cut_off_is_not_told_again_with_a_traceback(written, error, written_lines):
    def activity():
        # As the SDK writes it when an activity raises (temporalio.worker._activity).
        facts = {"__temporal_error_identifier": "ActivityFailure"}
        temporalio.activity.logger.warning("Completing activity as failed", exc_info=error, extra=facts)

    ActivityEnvironment().run(activity)

    assert len(written("temporalio.activity")) == written_lines


async def test_a_line_of_its_native_part_has_its_place_and_fields_apart_from_its_text(stream, lines):
    written, token = trio.Event(), trio.lowlevel.current_trio_token()

    class Bell(logging.Handler):
        def emit(self, record):
            if record.name == "temporalio.core":
                token.run_sync_soon(written.set)

    configure_logs(format="json", stream=stream)
    logging.getLogger().addHandler(Bell())  # after ours, so it rings when the line is there
    runtime, _ = make_metered_runtime(1)
    counter = runtime.metric_meter.create_counter("tries")
    for _ in range(3):  # the second finds the buffer full
        counter.add(1)
    with trio.fail_after(5):
        await written.wait()

    line = next(line for line in lines() if line["logger"] == "temporalio.core")
    assert line["event"].startswith("Core's metrics buffer is full!")
    assert line["target"] == "temporalio_sdk_core::telemetry::metrics"
    assert line["level"] == "error"


def test_what_the_native_part_calls_a_workflow_is_our_execution():
    record = logging.makeLogRecord({})
    record.temporal_log = SimpleNamespace(target="core", fields={"workflow_id": "e1", "run_id": "r1"})

    line = in_our_words(None, "error", {"event": "lost", "_record": record})

    assert line == {"event": "lost", "_record": record, "target": "core", "exec_id": "e1", "run_id": "r1"}
