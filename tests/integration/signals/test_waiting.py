"""Waits take the events that are meant for them, once each, whenever they come."""

import pytest

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


def tell(world, name, event_id=None, **payload):
    """Tell an event to whom it concerns; return what became of it."""
    named = {} if event_id is None else {"event_id": event_id}
    return world.post("events", name=name, payload=payload, **named)


def send(world, exec_id, name, event_id=None, **payload):
    """Tell an event to one execution."""
    named = {} if event_id is None else {"event_id": event_id}
    return world.post(f"executions/{exec_id}/signals", name=name, payload=payload, **named)


def test_a_wait_takes_the_event_that_a_signal_task_of_another_execution_tells(world):
    exec_id = world.waiting("approval", "approved", order=1)
    waiting = world.get(exec_id)
    teller = world.ended(world.start("tell", name="approved-1", by="ada"))

    ended = world.ended(exec_id)

    assert waiting["status"] == Status.PAUSED
    assert waiting["by_id"]["approved"]["awaits"] == "approved-1"
    assert ended["output"] == {"by": "ada", "from": teller["exec_id"]}
    assert ended["by_id"]["approved"]["awaits"] is None
    assert teller["output"]["told"]["delivered"] == 1


def test_an_execution_is_running_again_after_its_wait(world, gate):
    exec_id = world.start("in-turn", port=gate.port)
    with gate.visitor() as let_go:
        assert world.get(exec_id)["status"] == Status.RUNNING
        let_go()
    world.reached(exec_id, "first", Status.WAITING)
    send(world, exec_id, "turn", n=1)
    world.reached(exec_id, "second", Status.WAITING)
    assert world.get(exec_id)["status"] == Status.PAUSED
    send(world, exec_id, "turn", n=2)

    assert world.ended(exec_id)["output"] == {"first": 1, "second": 2}


def test_signals_that_come_before_their_waits_are_kept_for_them_in_order(world, gate):
    exec_id = world.start("in-turn", port=gate.port)
    with gate.visitor() as let_go:
        for n in (1, 2):
            send(world, exec_id, "turn", n=n)
        let_go()

        assert world.ended(exec_id)["output"] == {"first": 1, "second": 2}


def test_signals_that_race_with_the_beginning_of_the_wait_are_not_lost(world):
    exec_ids = [world.start("approval", order=f"race-{number}") for number in range(10)]
    for number, exec_id in enumerate(exec_ids):
        send(world, exec_id, f"approved-race-{number}", by=f"by-{number}")

    assert [world.ended(exec_id)["output"]["by"] for exec_id in exec_ids] == [f"by-{number}" for number in range(10)]


def test_a_signal_for_which_the_condition_is_false_or_fails_is_passed_over(world):
    exec_id = world.waiting("approval", "approved", order=2)
    tell(world, "approved-2", by="nobody")
    tell(world, "approved-2")
    tell(world, "approved-2", by="bob")

    assert world.ended(exec_id)["output"]["by"] == "bob"


def test_a_processor_looks_at_each_signal_before_the_condition_is_asked(world):
    exec_id = world.waiting("processed", "checked", order=1)
    tell(world, "checked-1", a=1, b=2)
    tell(world, "checked-1", a=5, b=6)

    ended = world.ended(exec_id)

    assert ended["output"] == {"sum": 11, "a": 5}
    wait = ended["by_id"]["checked"]
    processed = [task for task in ended["tasks"] if task["parent_id"] == wait["task_exec_id"]]
    assert {task["task_id"] for task in processed} == {"add-up"}
    assert [task["output"] for task in processed] == [{"sum": 3}, {"sum": 11}]


def test_a_processor_that_fails_fails_the_wait(world):
    exec_id = world.waiting("broken-processor", "checked")
    tell(world, "broken")

    ended = world.ended(exec_id)

    assert (ended["status"], ended["error"]["code"]) == (Status.FAILED, "PROCESSOR_FAILED")


def test_a_wait_that_takes_nothing_in_time_fails(world):
    ended = world.ended(world.start("impatient"))

    assert (ended["status"], ended["error"]["code"]) == (Status.FAILED, "WAIT_TIMEOUT")
    assert ended["by_id"]["never"]["output"]["wait_status"] == "timed_out"


def test_after_its_time_a_wait_leads_to_the_task_that_is_named_for_that(world):
    ended = world.ended(world.start("prepared"))

    assert (ended["status"], ended["output"]) == (Status.SUCCESS, {"status": "timed_out"})


def test_every_wait_of_an_execution_looks_at_the_event(world):
    exec_id = world.waiting("both", "one", "two", key=1)
    assert tell(world, "both-1", n=1)["delivered"] == 1
    world.reached(exec_id, "one", Status.SUCCESS)
    assert world.get(exec_id)["status"] == Status.PAUSED
    tell(world, "both-1", n=2)

    assert world.ended(exec_id)["output"] == {"one": 1, "two": 2}


def test_a_wait_that_is_not_wanted_any_more_ends_and_the_execution_runs_on(world, gate):
    exec_id = world.waiting("either", "one", "two", port=gate.port)
    tell(world, "either-one")
    with gate.visitor() as let_go:
        running = world.get(exec_id)
        assert tell(world, "either-two")["delivered"] == 0
        let_go()

    assert world.ended(exec_id)["status"] == Status.SUCCESS
    assert running["status"] == Status.RUNNING
    assert running["by_id"]["two"]["status"] == Status.CANCELED


def test_an_event_that_is_told_again_is_taken_once(world, gate):
    exec_id = world.start("in-turn", port=gate.port)
    with gate.visitor() as let_go:
        for n, event_id in ((1, "once"), (9, "once"), (2, "twice")):
            send(world, exec_id, "turn", event_id, n=n)
        let_go()

        assert world.ended(exec_id)["output"] == {"first": 1, "second": 2}


def test_an_event_reaches_every_execution_that_waits_for_it_and_no_other(world):
    waiting = [world.waiting("approval", "approved", order="many") for _ in range(3)]
    other = world.waiting("approval", "approved", order="other")

    assert tell(world, "approved-many", by="ada")["delivered"] == 3
    assert [world.ended(exec_id)["status"] for exec_id in waiting] == [Status.SUCCESS] * 3
    assert world.get(other)["status"] == Status.PAUSED
    world.post(f"executions/{other}/cancel")


def test_an_execution_hears_what_it_tells_itself(world):
    assert world.ended(world.start("own"))["output"] == {"n": 7}


def test_the_waits_of_a_large_collection_hear_the_event_also_those_that_begin_after_it(world):
    exec_id = world.waiting("many", "wait-249", key="large")  # the last of the first part
    told = tell(world, "many-large", n=3)

    ended = world.ended(exec_id)

    assert (told["delivered"], ended["output"]) == (1, {"last": 3})
