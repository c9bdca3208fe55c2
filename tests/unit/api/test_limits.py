"""How many requests a client may make."""

import logging
import math
from datetime import timedelta

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from compozy.api import ApiServices, create_app
from compozy.api.limits import Rate
from compozy.contracts.limiter import Decision, Limiter
from compozy.domain.definitions import Project
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.drivers.sugardb.limiter import SugarLimiter
from compozy.telemetry.metrics import Deployment, Metrics

URL = "/api/v0/workflows"
LIMIT = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@attrs.define
class Unsteady(Limiter):
    """Passes on to another limiter, unless it is told to fail or to say nothing."""

    limiter: Limiter
    error: Exception | None = None
    is_silent: bool = False

    @override
    async def hit(self, key, limit, window):
        if self.is_silent:
            await trio.sleep_forever()
        if self.error is not None:
            raise self.error
        return await self.limiter.hit(key, limit, window)


@pytest.fixture
def open_client(world):
    """Return a function that makes a client of the same world with this limit."""

    def open_client(rate, limiter=None):
        return create_app(attrs.evolve(world.services, limiter=limiter or SugarLimiter(), rate=rate)).test_client()

    return open_client


def told(response):
    """Return limit, what remains, and the seconds until all is allowed again."""
    return tuple(int(response.headers[name]) for name in sorted(LIMIT))


async def test_each_answer_says_what_is_left(open_client, mock_clock):
    client = open_client(Rate(3, timedelta(seconds=10)))
    said = []

    for _ in range(3):
        said.append(told(await client.get(URL)))
        mock_clock.jump(2.5)

    assert said == [(3, 2, 10), (3, 1, 10), (3, 0, 10)]


async def test_one_too_many_is_a_429_that_says_when_to_come_back(open_client, mock_clock):
    client = open_client(Rate(2, timedelta(seconds=10)))
    await client.get(URL)
    mock_clock.jump(2.5)
    await client.get(URL)

    refused = await client.get(URL)

    body = await refused.get_json()
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    assert body["code"] == "RATE_LIMITED"
    assert "may make 2 requests in 10 s; try again in 8 s" in body["detail"]
    assert refused.headers["Retry-After"] == "8"
    assert told(refused) == (2, 0, 10)
    mock_clock.jump(8)
    assert (await client.get(URL)).status_code == 200


async def test_a_wait_of_less_than_a_second_is_told_as_one(open_client, mock_clock):
    client = open_client(Rate(1, timedelta(milliseconds=100)))
    await client.get(URL)

    assert (await client.get(URL)).headers["Retry-After"] == "1"


async def test_a_wait_that_is_just_over_is_told_as_a_second_too(open_client):
    class Hasty(Limiter):
        @override
        async def hit(self, key, limit, window):
            return Decision(allowed=False, limit=limit, remaining=0, retry_after=timedelta(), reset_after=window)

    client = open_client(Rate(1, timedelta(seconds=1)), Hasty())

    assert (await client.get(URL)).headers["Retry-After"] == "1"


async def test_a_refused_request_starts_nothing(world, open_client, mock_clock):
    client = open_client(Rate(1, timedelta(seconds=1)))
    await client.get(URL)

    response = await client.post(f"{URL}/greet/executions", json={})

    assert response.status_code == 429
    assert world.store.states == {}


async def test_each_address_has_a_limit_of_its_own(open_client, mock_clock):
    client = open_client(Rate(1, timedelta(seconds=1)))
    addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.1", "::1"]

    answers = [await client.get(URL, scope_base={"client": (address, 1)}) for address in addresses]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("not:an:address", "not:one:either", False),
    ],
)
async def test_a_network_of_ipv6_is_one_client(open_client, mock_clock, one, other, together):
    client = open_client(Rate(1, timedelta(seconds=1)))

    answers = [await client.get(URL, scope_base={"client": (address, 1)}) for address in (one, other)]

    assert [answer.status_code for answer in answers] == [200, 429 if together else 200]


async def test_forwarded_for_is_not_believed(open_client, mock_clock):
    client = open_client(Rate(1, timedelta(seconds=1)))

    answers = [await client.get(URL, headers={"X-Forwarded-For": address}) for address in ("1.1.1.1", "2.2.2.2")]

    assert [answer.status_code for answer in answers] == [200, 429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nothing", "/apian"])
async def test_what_is_not_the_api_is_never_limited(open_client, mock_clock, path):
    client = open_client(Rate(1, timedelta(seconds=1)))
    await client.get(URL)

    answers = [await client.get(path) for _ in range(3)]

    assert {answer.status_code for answer in answers} <= {200, 404}
    assert not LIMIT & set(answers[0].headers.keys())


async def test_paths_of_the_api_that_do_not_exist_count_too(open_client, mock_clock):
    client = open_client(Rate(1, timedelta(seconds=1)))

    assert (await client.get("/api/v9")).status_code == 404
    assert (await client.get(URL)).status_code == 429


async def test_an_event_stream_counts_as_one_request(world, open_client, mock_clock):
    client = open_client(Rate(2, timedelta(seconds=1)))
    exec_id = await world.start()
    await trio.testing.wait_all_tasks_blocked()

    stream = await client.get(f"/api/v0/executions/workflows/{exec_id}/events")

    assert len((await stream.get_data()).split(b"\n\n")) > 2
    assert told(await client.get(URL)) == (2, 0, 1)


async def test_without_a_limiter_nothing_is_said_of_limits(world):
    assert not LIMIT & set((await world.client.get(URL)).headers.keys())


async def test_without_a_limiter_that_answers_everything_gets_through_and_is_counted(world, open_client, caplog):
    caplog.set_level(logging.INFO, "compozy.api.limits")
    limiter = Unsteady(SugarLimiter())
    client = open_client(Rate(1, timedelta(hours=1)), limiter)
    statuses = []

    for error in (UnavailableError("redis is away"), ConflictError("full"), InvalidError("may not ask"), None, None):
        limiter.error = error
        statuses.append((await client.get(URL)).status_code)

    assert statuses == [200, 200, 200, 200, 429]
    assert [record.message for record in caplog.records] == [
        "requests are not limited: the rate limiter is away",
        "requests are limited again",
    ]
    lines = world.services.metrics.render().decode().splitlines()
    counted = [line for line in lines if line.startswith("compozy_http_rate_limit_total{")]
    assert [('outcome="unchecked"' in line, line.split()[-1]) for line in counted] == [(True, "3.0"), (False, "1.0")]


async def test_a_limiter_that_says_nothing_holds_a_request_up_for_a_second_only(open_client, autojump_clock):
    client = open_client(Rate(), Unsteady(SugarLimiter(), is_silent=True))

    response = await client.get(URL)

    assert response.status_code == 200
    assert trio.current_time() == pytest.approx(1)


@pytest.mark.parametrize(("limit", "seconds"), [(0, 1), (1, 0), (1, -1)])
def test_a_rate_that_would_let_nothing_through_cannot_be_made(limit, seconds):
    with pytest.raises(ValueError, match=r"limit|window"):
        Rate(limit, timedelta(seconds=seconds))


LIMITED_TO = 3
WINDOW_US = 1_500_000
PAUSES_US = st.lists(st.sampled_from([0, 1, 250_000, 499_999, 500_000, 1_000_000, 1_499_999, WINDOW_US]), max_size=25)


def oracle(allowed, now):
    """Return whether a request at ``now`` is allowed after those, and what its answer says, from the definition."""
    live = [when for when in allowed if now - when < WINDOW_US]
    is_allowed = len(live) < LIMITED_TO
    if is_allowed:
        live.append(now)
    reset_s = math.ceil((live[-1] + WINDOW_US - now) / 1_000_000)
    wait_s = None if is_allowed else math.ceil((live[0] + WINDOW_US - now) / 1_000_000)
    return is_allowed, {
        "X-RateLimit-Limit": str(LIMITED_TO),
        "X-RateLimit-Remaining": str(LIMITED_TO - len(live)),
        "X-RateLimit-Reset": str(reset_s),
        "Retry-After": None if wait_s is None else str(max(1, wait_s)),
    }


@attrs.define
class Clock:
    """A clock that somebody else moves."""

    now_us: int = 0

    def __call__(self):
        return self.now_us / 1_000_000


@pytest.fixture(scope="module")
def clocked():
    """Return a client of a server that can do no more than list the workflows of a project, and the limiter's clock."""
    clock, nothing = Clock(), object()
    services = ApiServices(
        executions=nothing,
        project=Project(name="tests", root="/nowhere"),
        idempotency=nothing,
        metrics=Metrics(Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb")),
        actors=list,
        workers=nothing,
        schedules=nothing,
        limiter=SugarLimiter(clock=clock),
        rate=Rate(LIMITED_TO, timedelta(microseconds=WINDOW_US)),
    )
    return create_app(services).test_client(), clock


@pytest.mark.slow
@settings(max_examples=40)
@given(PAUSES_US)
def test_status_and_headers_are_those_of_a_sliding_window(clocked, pauses_us):
    client, clock = clocked
    clock.now_us += WINDOW_US  # what was before does not count any more

    async def ask():
        allowed = []
        for pause_us in pauses_us:
            clock.now_us += pause_us
            is_allowed, headers = oracle(allowed, clock.now_us)
            if is_allowed:
                allowed.append(clock.now_us)
            response = await client.get(URL)
            assert response.status_code == (200 if is_allowed else 429)
            assert {name: response.headers.get(name) for name in headers} == headers

    trio.run(ask)
