"""Following an execution by server-sent events."""

import json

import pytest
import trio

URL = "/api/v0/executions/workflows"


def parsed(data: bytes):
    """Return (event, data) of each frame; a comment is (None, its text)."""
    frames = []
    for block in data.decode().split("\n\n")[:-1]:
        if block.startswith(":"):
            frames.append((None, block[1:].strip()))
            continue
        event, payload = block.split("\n")
        frames.append((event.removeprefix("event: "), json.loads(payload.removeprefix("data: "))))
    return frames


async def leave(connection):
    """Go away as a client does; the test client would wait for the end of an answer that has none."""
    await connection.disconnect()
    await trio.testing.wait_all_tasks_blocked()
    await connection._client_send.aclose()


async def test_an_execution_is_told_from_how_it_stands_to_its_end(world):
    exec_id = await world.start(hold=True)
    await trio.testing.wait_all_tasks_blocked()

    async with world.client.request(f"{URL}/{exec_id}/events") as connection:
        await connection.send_complete()
        data = await connection.receive() + await connection.receive()
        world.theatre.curtain.set()
        while part := await connection.receive():
            data += part

    frames = parsed(data)
    assert connection.status_code == 200
    assert connection.headers["Content-Type"] == "text/event-stream"
    assert [(event, told["status"]) for event, told in frames] == [
        ("task", "RUNNING"),
        ("execution", "RUNNING"),
        ("task", "SUCCESS"),
        ("execution", "SUCCESS"),
    ]
    assert frames[0][1]["task_id"] == "greet"
    assert "task_id" not in frames[1][1]


async def test_an_execution_that_has_ended_gives_its_final_event_at_once(world):
    exec_id = await world.start()
    await trio.testing.wait_all_tasks_blocked()

    response = await world.client.get(f"{URL}/{exec_id}/events")

    frames = parsed(await response.get_data(as_text=False))
    assert frames[-1][0] == "execution"
    assert frames[-1][1]["status"] == "SUCCESS"
    assert [event for event, _ in frames].count("execution") == 1


async def test_what_did_not_succeed_says_why_and_everything_since_when(world):
    exec_id = await world.start(fail=True)
    await trio.testing.wait_all_tasks_blocked()

    response = await world.client.get(f"{URL}/{exec_id}/events")

    (_, task), (_, execution) = parsed(await response.get_data(as_text=False))
    assert (execution["status"], execution["reason"]) == ("FAILED", "it broke")
    assert (task["status"], task["type"], "reason" in task) == ("SUCCESS", "basic", False)
    assert task["started_at"] < task["at"]
    assert execution["started_at"] < task["started_at"]


async def test_an_unknown_execution_is_a_404_and_no_stream(world):
    response = await world.client.get(f"{URL}/nope/events")

    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


async def test_silence_is_filled_with_comments(world, autojump_clock):
    exec_id = await world.start(hold=True)
    await trio.testing.wait_all_tasks_blocked()

    async with world.client.request(f"{URL}/{exec_id}/events") as connection:
        await connection.send_complete()
        known = [await connection.receive() for _ in range(2)]
        began = trio.current_time()
        comment = await connection.receive()
        assert trio.current_time() - began == pytest.approx(15)
        world.theatre.curtain.set()
        after = await connection.receive()
        await leave(connection)

    assert len(known) == 2
    assert parsed(comment) == [(None, "still here")]
    assert parsed(after)[0][0] == "task"


async def test_a_client_that_leaves_frees_the_subscription(world):
    exec_id = await world.start(hold=True)

    async with world.client.request(f"{URL}/{exec_id}/events") as connection:
        await connection.send_complete()
        await connection.receive()
        await leave(connection)

    assert await world.watchers(exec_id) == 0


async def test_a_stopping_server_ends_the_stream(world):
    exec_id = await world.start(hold=True)

    async with world.client.request(f"{URL}/{exec_id}/events") as connection:
        await connection.send_complete()
        await connection.receive()
        world.app.drain.stopping.set()

    assert await world.watchers(exec_id) == 0


async def test_a_head_request_opens_no_stream(world):
    exec_id = await world.start(hold=True)

    response = await world.client.head(f"{URL}/{exec_id}/events")

    assert response.status_code == 200
    assert response.content_type == "text/event-stream"
    assert await world.watchers(exec_id) == 0


async def test_a_store_that_goes_away_ends_the_stream_with_one_warning(world, caplog):
    exec_id = await world.start(hold=True)
    await trio.testing.wait_all_tasks_blocked()
    world.store.answers_left = 1

    response = await world.client.get(f"{URL}/{exec_id}/events")

    assert response.status_code == 200
    assert await response.get_data() == b""
    assert caplog.messages == ["event stream ended early"]
