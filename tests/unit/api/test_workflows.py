"""Listing and executing workflows over HTTP."""

import pytest
import trio

from compozy.domain.statuses import Status

URL = "/api/v0/workflows"


async def test_workflows_are_listed_in_the_order_of_the_project(world):
    response = await world.client.get(URL)

    body = await response.get_json()
    assert response.status_code == 200
    assert [workflow["id"] for workflow in body["workflows"]] == ["greet", "count"]
    assert body["workflows"][0]["description"] == "says hello"
    assert body["workflows"][0]["version"] == "1.2"
    assert body["workflows"][0]["input_schema"]["properties"]["name"]["default"] == "you"


async def test_a_workflow_shows_an_outline_of_its_tasks(world):
    body = await (await world.client.get(f"{URL}/greet")).get_json()

    assert [(task["id"], task["type"]) for task in body["tasks"]] == [("greet", "basic"), ("both", "parallel")]
    assert body["tasks"][1]["tasks"] == [{"id": "one", "type": "basic", "tool": "greet", "tasks": []}]


async def test_a_misspelt_workflow_is_a_404_that_names_the_near_one(world):
    response = await world.client.get(f"{URL}/gret")

    assert response.status_code == 404
    assert "did you mean 'greet'" in (await response.get_json())["detail"]


async def test_starting_answers_202_with_where_the_execution_is(world):
    response = await world.client.post(f"{URL}/greet/executions", json={"input": {"name": "ada"}})

    body = await response.get_json()
    path = f"/api/v0/executions/workflows/{body['exec_id']}"
    assert response.status_code == 202
    assert response.headers["Location"] == path
    assert body["exec_url"].startswith("http://")
    assert body["exec_url"].endswith(path)
    assert body["workflow_id"] == "greet"
    assert (await world.client.get(path)).status_code == 200


async def test_input_defaults_are_applied_before_the_execution_is_recorded(world):
    exec_id = await world.start()

    assert world.store.states[exec_id].input == {"name": "you"}


async def test_input_that_does_not_fit_the_schema_is_refused_and_nothing_is_recorded(world):
    response = await world.client.post(f"{URL}/greet/executions", json={"input": {"name": 7}})

    body = await response.get_json()
    assert response.status_code == 422
    assert body["code"] == "INVALID"
    assert "name" in str(body["problems"])
    assert world.store.states == {}


async def test_starting_without_an_orchestrator_is_a_503_and_nothing_is_recorded(world):
    world.theatre.down = True

    response = await world.client.post(f"{URL}/greet/executions", json={})

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert "temporal is restarting" in (await response.get_json())["detail"]
    assert world.store.states == {}


async def test_a_client_that_leaves_while_an_execution_is_accepted_does_not_stop_it(world):
    world.theatre.doors = trio.Event()

    async with trio.open_nursery() as clients:
        clients.start_soon(world.start)
        await world.theatre.started.wait()
        clients.cancel_scope.cancel()
        world.theatre.doors.set()
    await trio.testing.wait_all_tasks_blocked()

    assert [state.status for state in world.store.states.values()] == [Status.SUCCESS]


async def test_an_execution_that_the_orchestrator_does_not_take_in_time_is_accepted_and_stays_pending(
    world, autojump_clock
):
    world.theatre.doors = trio.Event()

    response = await world.client.post(f"{URL}/greet/executions", json={})

    assert response.status_code == 202
    assert [state.status for state in world.store.states.values()] == [Status.PENDING]


@pytest.mark.parametrize(("input_", "status"), [({}, "SUCCESS"), ({"fail": True}, "FAILED")])
async def test_a_synchronous_execution_answers_200_however_it_ended(world, input_, status):
    response = await world.client.post(f"{URL}/greet/executions/sync", json={"input": input_})

    body = await response.get_json()
    assert response.status_code == 200
    assert body["status"] == status
    assert set(body) == {"exec_id", "workflow_id", "status", "output", "error"}
    assert (body["error"] is None) == (status == "SUCCESS")
    assert (body["output"] == {"text": "hello"}) == (status == "SUCCESS")


async def test_a_synchronous_execution_is_woken_by_its_end(world, autojump_clock):
    async with trio.open_nursery() as clients:
        answers = []

        async def run():
            answers.append(await world.client.post(f"{URL}/greet/executions/sync", json={"input": {"hold": True}}))

        clients.start_soon(run)
        await world.theatre.started.wait()
        await trio.sleep(7)
        world.theatre.curtain.set()
        ended_at = trio.current_time()

    assert answers[0].status_code == 200
    assert trio.current_time() == ended_at


async def test_a_synchronous_execution_that_outlasts_its_timeout_is_a_408_and_goes_on(world, autojump_clock):
    body = {"input": {"hold": True}, "timeout": 2.5}

    response = await world.client.post(f"{URL}/greet/executions/sync", json=body)

    shown = await response.get_json()
    assert trio.current_time() == pytest.approx(2.5)
    assert response.status_code == 408
    assert response.content_type == "application/problem+json"
    assert shown["code"] == "STILL_RUNNING"
    assert shown["execution"]["status"] == "RUNNING"
    assert shown["execution"]["tasks"][0]["status"] == "RUNNING"
    world.theatre.curtain.set()
    await trio.testing.wait_all_tasks_blocked()
    assert world.store.states[shown["exec_id"]].status is Status.SUCCESS


async def test_the_default_patience_is_sixty_seconds(world, autojump_clock):
    response = await world.client.post(f"{URL}/greet/executions/sync", json={"input": {"hold": True}})

    assert response.status_code == 408
    assert trio.current_time() == pytest.approx(60)


async def test_an_end_whose_event_was_lost_is_still_told_at_the_timeout(world, autojump_clock):
    world.theatre.silent = True

    response = await world.client.post(f"{URL}/greet/executions/sync", json={"timeout": 1})

    assert response.status_code == 200
    assert (await response.get_json())["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("patience", "said"),
    [(301, "301 seconds is more than the 300"), (0, "greater than 0"), (-1, "greater than 0"), ("5", "not '5'")],
)
async def test_a_timeout_out_of_bounds_is_refused_by_name(world, patience, said):
    response = await world.client.post(f"{URL}/greet/executions/sync", json={"timeout": patience})

    problems = (await response.get_json())["problems"]
    assert response.status_code == 422
    assert problems[0]["key"] == "timeout"
    assert said in problems[0]["message"]


async def test_a_stopping_server_tells_who_waits_that_the_execution_goes_on(world):
    async with trio.open_nursery() as clients:
        answers = []

        async def run():
            answers.append(await world.client.post(f"{URL}/greet/executions/sync", json={"input": {"hold": True}}))

        clients.start_soon(run)
        await world.theatre.started.wait()
        await trio.testing.wait_all_tasks_blocked()
        world.app.drain.overdue.set()

    body = await answers[0].get_json()
    assert answers[0].status_code == 503
    assert answers[0].headers["Retry-After"] == "1"
    assert body["code"] == "STOPPING"
    assert body["exec_id"] in world.store.states
