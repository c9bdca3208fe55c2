"""What people do to executions takes effect, and what makes no sense is refused."""

import attrs
import pytest

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


def test_a_paused_execution_ends_what_runs_and_begins_nothing_until_it_is_resumed(world, gate):
    exec_id = world.start("gated", port=gate.port)
    with gate.visitor() as let_go:
        for _ in range(2):
            world.post(f"executions/{exec_id}/pause")
        world.reached(exec_id, None, Status.PAUSED)
        let_go()
    world.reached(exec_id, "hold", Status.SUCCESS)
    paused = world.get(exec_id)
    world.post(f"executions/{exec_id}/resume")

    assert paused["status"] == Status.PAUSED
    assert set(paused["by_id"]) == {"hold"}
    assert world.ended(exec_id)["output"] == {"held": "open"}


def test_a_waiting_execution_that_was_paused_and_resumed_still_waits(world):
    exec_id = world.waiting("approval", "approved", order="paused")
    world.post(f"executions/{exec_id}/pause")
    world.post(f"executions/{exec_id}/resume")
    world.post(f"executions/{exec_id}/signals", name="approved-paused", payload={"by": "ada"})

    assert world.ended(exec_id)["output"]["by"] == "ada"


def test_canceling_stops_what_runs_and_may_be_repeated(world, gate):
    exec_id = world.start("gated", port=gate.port)
    with gate.visitor():
        world.post(f"executions/{exec_id}/cancel")

        ended = world.ended(exec_id)

    assert (ended["status"], ended["by_id"]["hold"]["status"]) == (Status.CANCELED, Status.CANCELED)
    assert world.post(f"executions/{exec_id}/cancel")["status"] == Status.CANCELED


@pytest.mark.parametrize("is_paused", [False, True])
def test_an_execution_that_waits_can_be_canceled(world, is_paused):
    exec_id = world.waiting("approval", "approved", order="canceled")
    if is_paused:
        world.post(f"executions/{exec_id}/pause")
    world.post(f"executions/{exec_id}/cancel")

    ended = world.ended(exec_id)

    assert (ended["status"], ended["by_id"]["approved"]["status"]) == (Status.CANCELED, Status.CANCELED)


@pytest.mark.parametrize("what", ["signals", "cancel", "pause", "resume"])
def test_what_an_execution_that_has_ended_cannot_do_is_refused(world, what):
    exec_id = world.start("own")
    world.ended(exec_id)
    body = {"name": "own"} if what == "signals" else {}

    refusal = world.post(f"executions/{exec_id}/{what}", 409, **body)

    assert refusal["code"] == "CONFLICT"
    assert "has ended SUCCESS" in refusal["detail"]
    assert world.post(f"executions/01ABSENT/{what}", 404, **body)["code"] == "NOT_FOUND"


def test_an_execution_that_is_run_again_has_the_same_input_and_names_the_first(world):
    first = world.start("steps", n=1, fails=False)
    world.ended(first)

    again = world.ended(world.post(f"executions/{first}/rerun")["exec_id"])

    assert again["output"] == {"a": 2, "b": 20, "each": 10}
    assert (again["input"], again["parent_exec_id"]) == ({"n": 1, "fails": False}, first)
    assert again["exec_id"] != first


def test_an_execution_is_taken_up_at_a_task_and_sees_what_was_before(world):
    first = world.start("steps", n=1, fails=True)
    assert world.ended(first)["status"] == Status.FAILED

    again = world.ended(world.post(f"executions/{first}/rerun", **{"from": "c"})["exec_id"])
    once_more = world.ended(world.post(f"executions/{again['exec_id']}/rerun", **{"from": "b"})["exec_id"])

    assert (again["status"], set(again["by_id"]), again["first_task"]) == (Status.FAILED, {"c"}, "c")
    assert again["by_id"]["c"]["input"] == {"a": 2, "b": 20, "each": 10, "output": 20}
    assert set(once_more["by_id"]) == {"b", "each-0", "each-1", "c"}
    assert once_more["by_id"]["c"]["input"] == again["by_id"]["c"]["input"]


def test_a_task_that_an_execution_did_not_come_to_is_no_place_to_take_it_up(world):
    first = world.start("prepared")
    world.ended(first)

    unknown = world.post(f"executions/{first}/rerun", 422, **{"from": "lat"})

    assert "no task 'lat'" in unknown["detail"]


def test_running_again_under_a_key_runs_once(world):
    first = world.start("own")
    world.ended(first)
    headers = {"Idempotency-Key": "rerun-1"}
    again = [world.post(f"executions/{first}/rerun", headers=headers)["exec_id"] for _ in range(2)]

    assert again[0] == again[1] != first
    assert world.ended(again[0])["status"] == Status.SUCCESS


def test_an_execution_that_was_canceled_while_it_was_handed_over_ends_when_it_would_wait(world):
    executions = world.runtime.executions
    draft = executions.draft("approval", {"order": "late"})
    world.portal.call(_record_canceled, executions, draft)

    orchestrator = executions.orchestrator()
    world.portal.call(orchestrator.start, draft, executions.get_workflow("approval"), executions.project)
    handle = orchestrator.connection.client.get_workflow_handle(draft.exec_id)

    assert world.portal.call(orchestrator.connection.host.call, handle.result) == Status.CANCELED
    ended = world.get(draft.exec_id)
    assert (ended["status"], ended["by_id"]["approved"]["status"]) == (Status.CANCELED, Status.CANCELED)


async def _record_canceled(executions, draft):
    canceled = attrs.evolve(draft, status=Status.CANCELED)
    await executions.store.transaction(lambda repos: repos.workflows.upsert(canceled))


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("events", {}, "name"),
        ("events", {"name": ""}, "name"),
        ("events", {"name": "x" * 256}, "name"),
        ("events", {"name": "a\0b"}, "name"),
        ("events", {"name": "a", "payload": [1]}, "payload"),
        ("events", {"name": "a", "event_id": ""}, "event_id"),
        ("events", {"name": "a", "id": 1}, "id"),
        ("executions/E/signals", {"payload": {}}, "name"),
        ("executions/E/cancel", {"why": "no"}, "why"),
        ("executions/E/rerun", {"first_task": "a"}, "first_task"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(world, path, body, key):
    refusal = world.post(path, 422, **body)

    assert [problem["key"] for problem in refusal["problems"]] == [key]


def test_an_event_is_named_by_its_id_or_by_a_key_and_not_by_both(world):
    refusal = world.post("events", 422, headers={"Idempotency-Key": "k"}, name="a", event_id="e")

    assert refusal["problems"][0]["key"] == "event_id"
