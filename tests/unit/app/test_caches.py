"""From settings to a cache and a limiter, and from the driver's complaints back to settings."""

from datetime import timedelta
from pathlib import Path

import pytest
import trio

from compozy.app.caches import _connecting, open_embedded, open_redis, redis_address
from compozy.config.documents import Document
from compozy.config.resolution import resolve_settings
from compozy.config.sections import Sections
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError


@pytest.fixture
def settings_of(tmp_path):
    """Return a function from environment variables to the settings of a standalone project."""

    def settings_of(**environ):
        document = Document(file="compozy.yaml", data={}, marks={})
        environ = {"COMPOZY_MODE": "standalone"} | environ
        settings, problems = resolve_settings(document, Sections(), root=tmp_path, environ=environ, flags={})
        assert problems == []
        return settings

    return settings_of


async def test_what_is_in_the_embedded_cache_is_there_when_it_is_opened_again(settings_of, tmp_path):
    settings = settings_of().cache
    async with open_embedded(settings) as cache:
        await cache.kv.set("key", "value")
        await cache.kv.set("dispatcher:heartbeat:me", "alive")

    async with open_embedded(settings) as cache:
        assert await cache.kv.get("key") == "value"
        with pytest.raises(NotFoundError):  # who was alive then says nothing about now
            await cache.kv.get("dispatcher:heartbeat:me")
    assert (tmp_path / ".compozy" / "cache").stat().st_mode & 0o777 == 0o700


async def test_a_cache_that_is_not_durable_leaves_nothing_behind(settings_of, tmp_path):
    settings = settings_of(CACHE_DURABLE="false").cache
    async with open_embedded(settings) as cache:
        await cache.kv.set("key", "value")

    async with open_embedded(settings) as cache:
        with pytest.raises(NotFoundError):
            await cache.kv.get("key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("durable", ["true", "false"])
async def test_the_limit_to_memory_reaches_the_embedded_cache(settings_of, durable):
    settings = settings_of(CACHE_MAX_MEMORY="1kib", CACHE_DURABLE=durable).cache

    async with open_embedded(settings) as cache:
        with pytest.raises(ConflictError, match="1024 bytes are its limit"):
            await cache.kv.set("key", "x" * 1024)


async def test_a_folder_is_open_once(settings_of):
    settings = settings_of().cache
    async with open_embedded(settings):
        with pytest.raises(ConflictError, match="is in use"):
            async with open_embedded(settings):
                raise AssertionError


def break_log(folder, text):
    """Damage the one log of a cache, at this text, which is not in its last record; return the file and its content."""
    [log] = folder.glob("*.log")
    data = bytearray(log.read_bytes())
    data[data.index(text)] ^= 0xFF
    log.write_bytes(data)
    return log, bytes(data)


async def test_a_damaged_folder_is_told_and_left_as_it_is(settings_of, tmp_path):
    settings = settings_of(CACHE_FSYNC="always").cache
    async with open_embedded(settings) as cache:
        await cache.kv.set("first", "x")
        await cache.kv.set("second", "x")
    log, data = break_log(Path(settings.path), b"first")

    with pytest.raises(InvalidError, match=log.name):
        async with open_embedded(settings):
            raise AssertionError
    assert log.read_bytes() == data


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"REDIS_URL": "redis://ada:hunter2@db:6380/2"}, "redis://ada:********@db:6380/2"),
        ({"REDIS_URL": "unix:///run/redis.sock"}, "unix:///run/redis.sock"),
        ({"REDIS_HOST": "db"}, "redis://db"),
        (
            {"REDIS_HOST": "db", "REDIS_PORT": "6380", "REDIS_USER": "ada", "REDIS_DATABASE": "2", "REDIS_SSL": "true"},
            "rediss://ada@db:6380/2",
        ),
    ],
)
def test_an_address_shows_no_password(settings_of, environ, address):
    assert redis_address(settings_of(**environ).redis) == address


def test_every_setting_reaches_the_driver(settings_of, tmp_path):
    import compozy.drivers.redis as driver  # noqa: PLC0415 - takes long to import

    settings = settings_of(
        REDIS_HOST="db",
        REDIS_PORT="6380",
        REDIS_USER="ada",
        REDIS_PASSWORD="hunter2",  # noqa: S106 - an example
        REDIS_DATABASE="2",
        REDIS_SSL="true",
        REDIS_SSL_CA="ca.pem",
        REDIS_SSL_CERT="cert.pem",
        REDIS_SSL_KEY="key.pem",
        REDIS_POOL_SIZE="3",
        REDIS_CONNECT_TIMEOUT="2s",
        REDIS_COMMAND_TIMEOUT="7s",
    )

    assert _connecting(driver, settings.redis) == driver.Connecting(
        host="db",
        port=6380,
        username="ada",
        password="hunter2",  # noqa: S106 - an example
        database=2,
        ssl=True,
        ssl_ca=tmp_path / "ca.pem",
        ssl_cert=tmp_path / "cert.pem",
        ssl_key=tmp_path / "key.pem",
        pool_size=3,
        connect_timeout=timedelta(seconds=2),
        command_timeout=timedelta(seconds=7),
    )


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, "redis.url"),
        ({"REDIS_URL": "redis://ada:hunter2@db:x/shop"}, "redis.url"),
        ({"REDIS_HOST": "db", "REDIS_USER": "ada"}, "redis.user"),
        ({"REDIS_HOST": "db", "REDIS_SSL_CA": "ca.pem"}, "redis.ssl_ca"),
        ({"REDIS_HOST": "db", "REDIS_SSL": "true", "REDIS_SSL_CA": "none.pem"}, "redis.ssl_ca"),
        ({"REDIS_HOST": "db", "REDIS_COMMAND_TIMEOUT": "100d"}, "redis.command_timeout"),
    ],
)
async def test_what_the_driver_refuses_is_told_by_the_name_of_the_setting(settings_of, environ, key):
    with pytest.raises(InvalidError) as caught, trio.fail_after(10):
        async with open_redis(settings_of(**environ).redis):
            raise AssertionError

    assert [problem.key for problem in caught.value.problems] == [key]
    assert "hunter2" not in str(caught.value)
