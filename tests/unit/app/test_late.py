"""Backends that are not there yet: whoever uses one is told so, and served when it is there."""

import pytest
import trio

from compozy.app.late import cache_of, limiter_of, store_of
from compozy.domain.errors import UnavailableError
from compozy.drivers.sqlite import open_store
from compozy.drivers.sugardb import SugarLimiter, open_cache
from supervisors import Tree


@pytest.fixture
async def held():
    """Open a tree whose backends come when the test says; yield the references to them, and what lets them come."""
    doors = trio.Event()
    tree = Tree("late")
    refs = {}

    @tree.actor(gives_up="ignore")
    async def store(ctx):
        await doors.wait()
        async with open_store(":memory:") as opened:
            ctx.started(opened)
            await ctx.stopping.wait()

    @tree.actor(gives_up="ignore")
    async def cache(ctx):
        await doors.wait()
        async with open_cache() as opened:
            ctx.started(opened)
            await ctx.stopping.wait()

    @tree.actor(wants=("store", "cache"))
    async def http(ctx, store, cache):
        refs.update(store=store, cache=cache)
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open():
        yield refs, doors


async def test_using_what_is_not_there_says_what_is_missing(held):
    refs, _ = held
    store, cache = store_of(refs["store"]), cache_of(refs["cache"])

    with pytest.raises(UnavailableError, match=r"^store cannot be used now: "):
        await store.ping()
    with pytest.raises(UnavailableError, match=r"^cache cannot be used now: "):
        await cache.kv.get("key")
    with pytest.raises(UnavailableError, match=r"^cache cannot be used now: "):
        async with cache.pubsub.subscribe("news"):
            raise AssertionError


async def test_what_was_held_before_it_was_there_serves_afterwards(held):
    refs, doors = held
    store, cache = store_of(refs["store"]), cache_of(refs["cache"])
    doors.set()
    await refs["store"].ready()
    await refs["cache"].ready()

    await store.ping()
    await cache.kv.set("key", "value")
    await cache.ping()
    assert await cache.kv.get("key") == "value"
    assert cache.statistics().driver == "sugardb"


async def test_what_is_there_is_used_as_it_is():
    limiter = SugarLimiter()
    async with open_store(":memory:") as store, open_cache() as cache:
        assert (store_of(store), cache_of(cache)) == (store, cache)
    assert (limiter_of(limiter), limiter_of(None)) == (limiter, None)
