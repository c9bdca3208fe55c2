"""Payloads come back as they were, belong to an execution, and go with it."""

from datetime import UTC, datetime, timedelta

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError
from compozy.domain.payloads import payload_key
from compozy.domain.statuses import Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
EVERY_BYTE = bytes(range(256))


@pytest.fixture
def put_payload(store):
    """Return a function that keeps a content for an execution and returns its key."""

    async def put_payload(exec_id, content, *, at=NOON):
        key = payload_key(exec_id, content)
        await store.transaction(lambda repositories: repositories.payloads.put(key, content, exec_id=exec_id, at=at))
        return key

    return put_payload


@pytest.fixture
def find_payload(store):
    """Return a function that looks for the content of a key."""

    async def find_payload(key):
        return await store.read(lambda repositories: repositories.payloads.find(key))

    return find_payload


@pytest.mark.parametrize("content", [b"", EVERY_BYTE, EVERY_BYTE * 32_000], ids=["empty", "every byte", "8 MB"])
async def test_a_payload_comes_back_as_it_was(put, put_payload, find_payload, an_execution, content):
    await put(an_execution(exec_id="E"))

    key = await put_payload("E", content)

    found = await find_payload(key)
    assert type(found) is bytes
    assert found == content


async def test_nothing_is_found_under_an_unknown_key(find_payload):
    assert await find_payload("unknown") is None


async def test_keeping_a_payload_twice_changes_nothing(put, put_payload, find_payload, an_execution):
    await put(an_execution(exec_id="E"))
    key = await put_payload("E", b"x")

    again = await put_payload("E", b"x", at=NOON + timedelta(hours=1))

    assert again == key
    assert await find_payload(key) == b"x"


async def test_many_may_keep_the_same_payload_at_once(put, put_payload, find_payload, an_execution):
    await put(an_execution(exec_id="E"))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(put_payload, "E", EVERY_BYTE)

    assert await find_payload(payload_key("E", EVERY_BYTE)) == EVERY_BYTE


async def test_a_payload_goes_with_its_execution_and_no_other(store, put, put_payload, find_payload, an_execution):
    await put(an_execution(exec_id="gone"), an_execution(exec_id="kept"))
    gone, kept = await put_payload("gone", b"x"), await put_payload("kept", b"x")

    await store.transaction(lambda repositories: repositories.workflows.delete("gone"))

    assert await find_payload(gone) is None
    assert await find_payload(kept) == b"x"


async def test_retention_takes_payloads_with_their_executions(store, put, put_payload, find_payload, an_execution):
    await put(an_execution(exec_id="E", status=Status.SUCCESS))
    key = await put_payload("E", b"x")

    later = NOON + timedelta(days=1)
    await store.transaction(lambda repositories: repositories.workflows.delete_older(later))

    assert await find_payload(key) is None


async def test_a_payload_without_a_recorded_execution_is_refused(put_payload, find_payload):
    with pytest.raises(ConflictError, match="'absent' is not recorded"):
        await put_payload("absent", b"x")

    assert await find_payload(payload_key("absent", b"x")) is None


async def test_values_that_no_store_can_hold_are_refused(store, put, an_execution):
    await put(an_execution(exec_id="E"))

    async def work(repositories):
        for key, exec_id, at in [
            ("", "E", NOON),
            ("a\0b", "E", NOON),
            ("\ud800", "E", NOON),
            ("k", "E\0", NOON),
            ("k", "E", NOON.replace(tzinfo=None)),
        ]:
            with pytest.raises(InvalidError):
                await repositories.payloads.put(key, b"x", exec_id=exec_id, at=at)
        with pytest.raises(InvalidError):
            await repositories.payloads.find("a\0b")

    await store.transaction(work)


async def test_a_payload_is_not_written_while_reading(store, put, an_execution):
    await put(an_execution(exec_id="E"))

    with pytest.raises(RuntimeError, match="only reads"):
        await store.read(lambda repositories: repositories.payloads.put("k", b"x", exec_id="E", at=NOON))
