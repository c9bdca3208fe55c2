"""Finding and listing executions over HTTP."""

import re

import pytest

URL = "/api/v0/executions/workflows"


async def ids_of(response):
    return [item["exec_id"] for item in (await response.get_json())["executions"]]


async def test_an_execution_is_shown_with_its_tasks(world):
    sync = await world.client.post("/api/v0/workflows/greet/executions/sync", json={"input": {"name": "ada"}})
    exec_id = (await sync.get_json())["exec_id"]

    body = await (await world.client.get(f"{URL}/{exec_id}")).get_json()

    assert body["exec_id"] == exec_id
    assert body["status"] == "SUCCESS"
    assert body["input"] == {"name": "ada"}
    assert body["output"] == {"text": "hello"}
    assert [(task["task_id"], task["type"], task["status"]) for task in body["tasks"]] == [
        ("greet", "basic", "SUCCESS")
    ]


async def test_instants_are_iso_8601_in_utc_with_a_z(world):
    exec_id = await world.start()

    body = await (await world.client.get(f"{URL}/{exec_id}")).get_json()

    assert re.fullmatch(r"2026-01-01T00:00:00\.\d{6}Z", body["created_at"])


async def test_an_unknown_execution_is_a_404(world):
    response = await world.client.get(f"{URL}/nope")

    assert response.status_code == 404
    assert (await response.get_json())["code"] == "NOT_FOUND"


async def test_executions_are_listed_newest_first_page_by_page(world):
    started = [await world.start() for _ in range(3)]

    first = await world.client.get(URL, query_string={"limit": 2})
    cursor = (await first.get_json())["next_cursor"]
    second = await world.client.get(URL, query_string={"limit": 2, "cursor": cursor})

    assert await ids_of(first) == [started[2], started[1]]
    assert await ids_of(second) == [started[0]]
    assert (await second.get_json())["next_cursor"] is None


async def test_listings_filter_by_workflow_and_by_several_statuses(world):
    held = await world.start(hold=True)
    sync = await world.client.post("/api/v0/workflows/greet/executions/sync", json={"input": {"fail": True}})
    failed = (await sync.get_json())["exec_id"]

    assert await ids_of(await world.client.get(f"{URL}?status=FAILED")) == [failed]
    assert await ids_of(await world.client.get(f"{URL}?status=FAILED&status=RUNNING")) == [failed, held]
    assert await ids_of(await world.client.get(f"{URL}?workflow_id=count")) == []


@pytest.mark.parametrize(
    ("query", "key", "said"),
    [
        ("limit=0", "limit", "greater than or equal to 1"),
        ("limit=501", "limit", "less than or equal to 500"),
        ("limit=ten", "limit", "must be a whole number, not 'ten'"),
        ("status=FAILD", "status", "did you mean 'FAILED'"),
        ("wokflow_id=x", "wokflow_id", "unknown key"),
        ("cursor=1&cursor=2", "cursor", "more than once"),
    ],
)
async def test_a_query_that_is_wrong_is_refused_with_its_key(world, query, key, said):
    response = await world.client.get(f"{URL}?{query}")

    problem = (await response.get_json())["problems"][0]
    assert response.status_code == 422
    assert problem["key"] == key
    assert said in problem["message"]


async def test_a_cursor_that_is_not_ours_is_refused(world):
    response = await world.client.get(f"{URL}?cursor=made-up")

    assert response.status_code == 422


async def test_reads_are_a_503_that_says_when_to_come_back_while_the_store_is_down(world):
    world.store.down = True

    response = await world.client.get(URL)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "3"
