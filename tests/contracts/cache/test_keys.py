"""The names of what is in the cache, as every driver tells them."""

import gc
from datetime import timedelta

import pytest

from compozy.domain.errors import InvalidError


@pytest.fixture
async def many(kv):
    names = [f"user:{number}" for number in range(25)] + ["other", "user"]
    for name in names:
        await kv.set(name, "x")
    return names


async def test_scan_sees_every_key(many, scanned):
    assert await scanned() == sorted(many)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("user:1?", [f"user:{number}" for number in range(10, 20)]),
        ("user:[13]", ["user:1", "user:3"]),
        ("user:[^2-9]", ["user:0", "user:1"]),
        ("u*r", ["user"]),
        ("other", ["other"]),
        ("user:\\*", []),
        ("nobody*", []),
    ],
)
async def test_scan_keeps_what_matches(many, scanned, pattern, expected):
    assert await scanned(pattern) == expected


async def test_pages_have_about_the_size_asked_for_and_no_key_twice(many, cache):
    pages = [page async for page in cache.keys.scan("user:*", page_size=10)]

    assert len(pages) >= 2
    assert all(len(page) == len(set(page)) <= 20 for page in pages)


async def test_key_that_exists_for_the_whole_scan_is_seen_whatever_changes(many, cache, kv):
    seen = []
    async for page in cache.keys.scan(page_size=3):
        seen.extend(page)
        await kv.set(f"new:{len(seen)}", "x")
        await kv.delete(*(name for name in many[:20] if name not in seen))

    assert set(many[20:]) <= set(seen)


async def test_key_that_was_deleted_before_its_page_is_not_seen(many, cache, kv):
    scan = cache.keys.scan(page_size=1)
    first = await anext(scan)
    await kv.delete(*many)

    rest = [name async for page in scan for name in page]

    assert set(rest).isdisjoint(set(many) - set(first))


async def test_expired_keys_are_not_seen(kv, advance, scanned):
    await kv.set("short", "x", ttl=timedelta(seconds=1))
    await kv.set("long", "x", ttl=timedelta(seconds=9))
    await advance(timedelta(seconds=2))

    assert await scanned() == ["long"]


async def test_page_size_below_one_is_refused(cache):
    with pytest.raises(InvalidError, match="page_size=0"):
        async for _ in cache.keys.scan(page_size=0):
            pass


async def test_scan_may_be_left_half_way(many, cache):
    async for _ in cache.keys.scan(page_size=1):
        break

    gc.collect()  # a generator left open would be reported here, and warnings are errors
