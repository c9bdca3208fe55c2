"""The client that readers are shown starts what it is asked to, and once."""

import httpx
import pytest
import trio


@pytest.fixture
def shown(guide):
    """Return the function of the page."""
    names = {}
    exec(guide("how-to/call-the-api-safely").blocks("python")[0], names)  # noqa: S102 - our own page
    return names["start"]


def client_of(answers):
    """Return a client whose requests are answered so, in order, and the requests it has sent."""
    requests, waiting = [], iter(answers)

    def handle(request):
        requests.append((request.url.path, request.headers["Idempotency-Key"], request.content))
        answer = next(waiting)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(base_url="http://server", transport=httpx.MockTransport(handle)), requests


async def test_it_sends_one_request_until_it_is_answered_and_waits_as_long_as_it_is_told(shown, autojump_clock):
    client, requests = client_of(
        [
            httpx.ReadError("the connection broke"),
            httpx.Response(429, headers={"Retry-After": "7"}),
            httpx.Response(503, headers={"Retry-After": "2"}),
            httpx.Response(202, json={"exec_id": "E"}),
        ]
    )

    async with client:
        exec_id = await shown(client, "order", {"a": 1})

    assert exec_id == "E"
    assert len(requests) == 4
    assert len(set(requests)) == 1
    assert trio.current_time() == pytest.approx(9.1)


async def test_it_does_not_repeat_what_is_refused(shown):
    client, requests = client_of([httpx.Response(422)])

    async with client:
        with pytest.raises(httpx.HTTPStatusError):
            await shown(client, "order", {})

    assert len(requests) == 1


async def test_it_gives_up(shown, autojump_clock):
    client, _ = client_of([httpx.Response(503)] * 3)

    async with client:
        with pytest.raises(TimeoutError, match="could not be started in 3 attempts"):
            await shown(client, "order", {}, attempts=3)
