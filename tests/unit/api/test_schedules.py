"""Schedules over HTTP where nothing holds them; tests/integration/schedules has the rest."""

import pytest

PATH = "/api/v0/schedules"


async def test_what_cannot_be_reached_is_told_with_when_to_ask_again(world):
    answer = await world.client.get(PATH)

    assert answer.status_code == 503
    assert (await answer.get_json())["detail"] == "schedules cannot be reached here"
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize("verb", ["run", "pause", "resume"])
async def test_a_workflow_without_a_schedule_is_not_found(world, verb):
    answer = await world.client.post(f"{PATH}/greet/{verb}", json={})

    assert answer.status_code == 404
    assert "there is no schedule 'greet'" in (await answer.get_json())["detail"]


@pytest.mark.parametrize(("verb", "body"), [("run", {"note": "x"}), ("pause", {"note": ""}), ("resume", {"note": 5})])
async def test_a_body_of_another_shape_is_refused(world, verb, body):
    answer = await world.client.post(f"{PATH}/greet/{verb}", json=body)

    assert answer.status_code == 422
    assert (await answer.get_json())["problems"][0]["key"] == "note"
