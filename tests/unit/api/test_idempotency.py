"""Requests that are repeated under an idempotency key."""

from functools import reduce
from itertools import count

import attrs
import pytest
import trio
from typing_extensions import override
from werkzeug.datastructures import Headers

from compozy.api import create_app
from compozy.api.idempotency import parse_key
from compozy.contracts.cache import KV
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Store
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.domain.json import MAX_DEPTH
from compozy.domain.statuses import Status
from compozy.engine.idempotency import IdempotencyKeys, accept_keyed, exec_id_of

URL = "/api/v0/workflows/greet/executions"
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


async def post(world, *, key=KEY, client=None, path="", workflow="greet", **body):
    """Return status, replayed or not, and the body of the answer."""
    response = await (client or world.client).post(
        f"/api/v0/workflows/{workflow}/executions{path}", json=body, headers={"Idempotency-Key": key}
    )
    replayed = response.headers.get("Idempotency-Replayed")
    assert replayed in {None, "true"}
    return response.status_code, replayed is not None, await response.get_json()


async def settled():
    await trio.testing.wait_all_tasks_blocked()


async def test_a_repetition_answers_the_same_execution_and_starts_no_other(world):
    first = await post(world, input={"name": "ada"})
    await settled()
    again = await post(world, input={"name": "ada"})

    assert first[:2] == (202, False)
    assert again[:2] == (202, True)
    assert again[2] == first[2]
    assert world.theatre.offered == [first[2]["exec_id"]]


async def test_a_repetition_of_a_synchronous_execution_answers_its_outcome_at_once(world, autojump_clock):
    first = await post(world, path="/sync", input={"name": "ada"})
    again = await post(world, path="/sync", input={"name": "ada"})

    assert trio.current_time() == 0
    assert first[:2] == (200, False)
    assert again == (200, True, first[2])
    assert len(world.theatre.offered) == 1


async def test_a_synchronous_repetition_waits_for_the_execution_that_is_under_way(world):
    answers = []

    async def ask():
        answers.append(await post(world, path="/sync", input={"hold": True}))

    async with trio.open_nursery() as clients:
        clients.start_soon(ask)
        await world.theatre.started.wait()
        clients.start_soon(ask)
        await settled()
        assert answers == []
        world.theatre.curtain.set()

    assert [answer[0] for answer in answers] == [200, 200]
    assert sorted(answer[1] for answer in answers) == [False, True]
    assert answers[0][2] == answers[1][2]
    assert len(world.theatre.offered) == 1


async def test_a_synchronous_repetition_asks_after_what_was_started_without_waiting(world, autojump_clock):
    started = await post(world, input={"name": "ada"})
    ended = await post(world, path="/sync", input={"name": "ada"}, timeout=5)

    assert ended[:2] == (200, True)
    assert ended[2]["exec_id"] == started[2]["exec_id"]


async def test_an_execution_that_failed_is_not_run_again(world, autojump_clock):
    first = await post(world, path="/sync", input={"fail": True})
    again = await post(world, path="/sync", input={"fail": True})

    assert first[2]["status"] == again[2]["status"] == "FAILED"
    assert len(world.theatre.offered) == 1


async def test_twenty_simultaneous_requests_start_one_execution(world):
    answers = []

    async def ask():
        answers.append(await post(world, input={"name": "ada"}))

    async with trio.open_nursery() as clients:
        for _ in range(20):
            clients.start_soon(ask)

    assert {answer[0] for answer in answers} == {202}
    assert [answer[1] for answer in answers].count(False) == 1
    assert {answer[2]["exec_id"] for answer in answers} == set(world.theatre.offered)
    assert len(world.theatre.offered) == len(world.store.states) == 1


@pytest.mark.parametrize("path", ["", "/sync"])
async def test_a_key_with_another_input_is_a_422_and_starts_nothing(world, path):
    await post(world, input={"name": "ada"})

    status, _, body = await post(world, path=path, input={"name": "bob"})

    assert status == 422
    assert body["problems"][0]["key"] == "Idempotency-Key"
    assert "was used with another input" in body["detail"]
    assert len(world.store.states) == 1
    assert (await post(world, input={"name": "ada"}))[:2] == (202, True)


async def test_the_order_of_the_keys_of_the_input_does_not_matter(world):
    await post(world, input={"name": "ada", "fail": True})

    assert (await post(world, input={"fail": True, "name": "ada"}))[:2] == (202, True)


async def test_the_same_key_for_another_workflow_is_another_key(world):
    first = await post(world, input={})
    other = await post(world, workflow="count", input={})

    assert other[:2] == (202, False)
    assert other[2]["exec_id"] != first[2]["exec_id"]


async def test_without_a_key_each_request_starts_one(world):
    assert await world.start() != await world.start()


@pytest.mark.parametrize(
    ("workflow", "body", "status"),
    [("greet", {"input": {"name": 7}}, 422), ("greet", {"imput": {}}, 422), ("gret", {}, 404)],
)
async def test_a_refused_request_leaves_no_claim_behind(world, workflow, body, status):
    assert (await post(world, workflow=workflow, **body))[0] == status

    assert (await post(world, input={"name": "ada"}))[:2] == (202, False)


async def test_an_input_that_the_store_refuses_leaves_no_claim_behind(world):
    executions, keys = world.services.executions, world.services.idempotency
    deep = {"a": reduce(lambda inner, _: [inner], range(MAX_DEPTH), 0)}
    draft = executions.draft("count", deep, exec_id=exec_id_of(executions, "count", KEY))

    with pytest.raises(InvalidError, match="nested deeper"):
        await accept_keyed(executions, keys, KEY, draft=draft, sent=deep)

    assert (await post(world, workflow="count", input={"a": 0}))[:2] == (202, False)


async def test_what_the_orchestrator_refused_is_not_offered_again(world):
    world.theatre.refusal = InvalidError("it is too large")

    first = await post(world, input={})
    again = await post(world, input={})

    assert first[0] == 422
    assert again[:2] == (202, True)
    assert world.store.states[again[2]["exec_id"]].status is Status.FAILED
    assert len(world.theatre.offered) == 1


async def test_while_there_is_no_orchestrator_no_claim_is_made(world):
    world.theatre.down = True
    assert (await post(world, input={"name": "ada"}))[0] == 503
    world.theatre.down = False

    assert (await post(world, input={"name": "bob"}))[:2] == (202, False)


@pytest.mark.parametrize(("path", "status"), [("", 202), ("/sync", 200)])
async def test_while_there_is_no_orchestrator_a_repetition_is_answered_all_the_same(world, path, status):
    first = await post(world, path="/sync", input={"name": "ada"})
    world.theatre.down = True

    again = await post(world, path=path, input={"name": "ada"})

    assert again[:2] == (status, True)
    assert again[2]["exec_id"] == first[2]["exec_id"]
    assert (await post(world, path=path, input={"name": "bob"}))[0] == 422


async def test_a_lost_cache_starts_nothing_twice(world):
    first = await post(world, input={"name": "ada"})
    assert await world.kv.delete(f"idempotency:tests:greet:{KEY}") == 1

    again = await post(world, input={"name": "ada"})

    assert again[:2] == (202, True)
    assert again[2] == first[2]
    assert len(world.theatre.offered) == 1


async def test_a_lost_cache_does_not_let_another_input_take_the_key(world):
    await post(world, input={"name": "ada"})
    await world.kv.delete(f"idempotency:tests:greet:{KEY}")

    assert (await post(world, input={"name": "bob"}))[0] == 422
    assert (await post(world, input={"name": "ada"}))[:2] == (202, True)


async def test_a_lost_cache_does_not_let_another_type_pass_for_the_same_value(world):
    await post(world, workflow="count", input={"n": 1})
    await world.kv.delete(f"idempotency:tests:count:{KEY}")

    assert (await post(world, workflow="count", input={"n": True}))[0] == 422


async def test_what_was_sent_is_forgotten_after_a_day_and_the_execution_is_not(world, mock_clock):
    await post(world, input={"name": "ada"})
    mock_clock.jump(24 * 3600)

    assert await world.kv.get_many(f"idempotency:tests:greet:{KEY}") == [None]
    assert (await post(world, input={"name": "ada"}))[:2] == (202, True)


async def test_a_start_that_was_recorded_by_a_process_that_died_is_begun_once(world):
    """By whoever looks for what is pending, and not by the repetition as well."""
    executions = world.services.executions
    draft = executions.draft("greet", {}, exec_id=exec_id_of(executions, "greet", KEY))
    await world.store.transaction(lambda repos: repos.workflows.upsert(draft))

    assert (await post(world, input={}))[:2] == (202, True)
    assert world.theatre.offered == []
    assert await executions.resume_pending() == 1


async def test_a_start_under_an_identifier_that_was_used_changes_nothing(world):
    executions = world.services.executions
    exec_id = await world.start()
    await settled()
    ended = world.store.states[exec_id]

    assert await executions.start("greet", {"name": "bob"}, exec_id=exec_id) == ended
    assert world.store.states[exec_id] == ended
    assert world.theatre.offered == [exec_id]


@attrs.define
class Faults:
    """Breaks one call among all that pass through it.

    Attributes:
        breaks: Which call, from 0.
        is_done: Whether that call is carried out before its answer is lost.
        calls: How many there have been.
    """

    breaks: int
    is_done: bool
    calls: int = 0

    async def passing(self, call, *arguments, **options):
        number, self.calls = self.calls, self.calls + 1
        answer = await call(*arguments, **options) if number != self.breaks or self.is_done else None
        if number == self.breaks:
            raise UnavailableError("the connection was lost")
        return answer


@attrs.define
class FaultyKV(KV):
    """A KV of which single calls can be broken."""

    kv: KV
    faults: Faults

    @override
    async def set(self, *arguments, **options):
        return await self.faults.passing(self.kv.set, *arguments, **options)

    @override
    async def get(self, key):
        return await self.faults.passing(self.kv.get, key)

    @override
    async def delete(self, *keys):
        return await self.faults.passing(self.kv.delete, *keys)

    get_many = expire = ttl = increment = None


@attrs.define
class FaultyStore(Store):
    """A store of which single calls can be broken."""

    store: Store
    faults: Faults

    @override
    async def transaction(self, work):
        return await self.faults.passing(self.store.transaction, work)

    @override
    async def read(self, work):
        return await self.faults.passing(self.store.read, work)

    ping = statistics = None


@attrs.define
class FaultyOrchestrator(Orchestrator):
    """An orchestrator of which single calls can be broken; one that has begun does not begin again, as it promises."""

    orchestrator: Orchestrator
    faults: Faults
    begun: set[str]

    @override
    async def start(self, state, definition, project, *, earlier=None):
        await self.faults.passing(self.begin, state, definition, project)

    @override
    async def signal(self, exec_id, signal):
        raise NotImplementedError

    @override
    async def cancel(self, exec_id):
        raise NotImplementedError

    @override
    async def pause(self, exec_id):
        raise NotImplementedError

    @override
    async def resume(self, exec_id):
        raise NotImplementedError

    async def begin(self, state, definition, project):
        if state.exec_id not in self.begun:
            self.begun.add(state.exec_id)
            await self.orchestrator.start(state, definition, project)


def open_faulty(world, faults):
    """Return executions and a client of the same world, with every call to a backend passing through the faults."""
    orchestrator = FaultyOrchestrator(world.theatre, faults, set())
    executions = attrs.evolve(
        world.services.executions, store=FaultyStore(world.store, faults), orchestrator=lambda: orchestrator
    )
    keys = IdempotencyKeys(FaultyKV(world.kv, faults))
    services = attrs.evolve(world.services, executions=executions, idempotency=keys)
    return executions, create_app(services).test_client()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "/sync"])
@pytest.mark.parametrize("is_done", [False, True], ids=["not carried out", "carried out and the answer lost"])
async def test_whichever_call_is_lost_a_repetition_ends_with_one_execution(world, autojump_clock, path, is_done):
    request = {"path": path, "input": {"name": "ada"}} | ({"timeout": 1} if path else {})
    for number in count():
        faults = Faults(number, is_done)
        executions, client = open_faulty(world, faults)
        await post(world, client=client, key=f"key-{number}", **request)
        if faults.calls <= number:
            break  # there were not so many calls: each has been lost once

        faults.breaks = -1
        status, _, body = await post(world, client=client, key=f"key-{number}", **request)
        await executions.resume_pending()
        await settled()

        assert status in {200, 202, 408}  # 408: it is recorded, and what is pending is begun later
        assert world.store.states[body["exec_id"]].status is Status.SUCCESS
        assert world.theatre.offered.count(body["exec_id"]) == 1
        assert len(world.store.states) == len(world.theatre.offered) == number + 1
    assert number >= 3  # the claim, the record and the start at least


async def test_while_the_cache_is_away_a_keyed_start_is_a_503_and_nothing_is_started(world):
    keys = IdempotencyKeys(FaultyKV(world.kv, Faults(0, is_done=False)))
    client = create_app(attrs.evolve(world.services, idempotency=keys)).test_client()

    response = await client.post(URL, json={}, headers={"Idempotency-Key": KEY})

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert world.store.states == {}


async def test_a_cache_that_is_full_is_no_conflict_of_the_client(world):
    class Full(FaultyKV):
        async def set(self, *_, **__):
            raise ConflictError("the cache is full")

    keys = IdempotencyKeys(Full(world.kv, Faults(0, is_done=False)))
    client = create_app(attrs.evolve(world.services, idempotency=keys)).test_client()

    assert (await post(world, client=client, input={}))[0] == 503
    assert world.store.states == {}


async def test_a_claim_that_ends_while_it_is_compared_is_made_again(world):
    class Ending(FaultyKV):
        async def get(self, key):
            await self.kv.delete(key)
            return await self.kv.get(key)

    keys = IdempotencyKeys(Ending(world.kv, Faults(-1, is_done=False)))
    await keys.claim("here", KEY, {"a": 1})

    claim = await keys.claim("here", KEY, {"b": 2})

    assert claim.is_new


@pytest.mark.parametrize("key", ["x" * 256, "two words", "tab\there", "å", '"open', '"a" ;b', '""', "\x7f"])
@pytest.mark.parametrize("path", ["", "/sync"])
async def test_what_is_no_key_is_a_400(world, key, path):
    status, _, body = await post(world, key=key, path=path)

    assert status == 400
    assert "1 to 255 visible ASCII characters" in body["detail"]
    assert world.store.states == {}


async def test_an_empty_key_is_a_400_and_not_no_key(world):
    assert (await post(world, key=""))[0] == 400


async def test_two_keys_are_a_400(world):
    headers = Headers([("Idempotency-Key", "a"), ("Idempotency-Key", "b")])

    response = await world.client.post(URL, json={}, headers=headers)

    assert response.status_code == 400
    assert "several" in (await response.get_json())["detail"]


@pytest.mark.parametrize(
    ("value", "key"),
    [("a", "a"), ('"a"', "a"), (r'"a\"b\\c"', r'a"b\c'), (r'"a\b"', None), ('a"b', 'a"b'), ("~" * 255, "~" * 255)],
)
def test_a_quoted_key_is_the_same_key(value, key):
    assert parse_key(value) == key
