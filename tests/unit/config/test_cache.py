"""The settings of the cache, of Redis and of the rate limit: who follows whom, and what is never shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from compozy.config.project_file import ProjectFile
from compozy.config.resolution import resolve_settings
from compozy.config.settings import CacheDriver, Mode, RateLimitBackend
from compozy.config.validation import check_shape
from compozy.domain.secrets import Secret

URL = "redis://ada:hunter2@db:6380/2"


@pytest.fixture
def resolve(document_of):
    """Return a function from the lines of a standalone project and the environment to settings and problems."""

    def resolve(text="", **environ):
        document = document_of(f"name: test\nmode: standalone\n{text}\n")
        file, problems = check_shape(document, ProjectFile)
        assert problems == []
        return resolve_settings(document, file, root=Path("/project"), environ=environ, flags={})

    return resolve


@pytest.fixture
def refusals_of(resolve):
    """Return a function from the same to the lines that are shown."""

    def refusals(text="", **environ):
        settings, problems = resolve(text, **environ)
        assert settings is None
        return [str(problem) for problem in problems]

    return refusals


@pytest.fixture
def misshapen(document_of):
    """Return a function from the lines of a project to the one line that is shown."""

    def misshapen(text):
        file, [problem] = check_shape(document_of(f"name: test\n{text}\n"), ProjectFile)
        assert file is None
        return str(problem)

    return misshapen


def test_what_nobody_says_is_an_embedded_cache_that_is_kept(resolve):
    settings, _ = resolve()
    cache, redis, rate = settings.cache, settings.redis, settings.rate_limit

    assert settings.cache_driver is CacheDriver.SUGARDB
    assert (cache.durable, cache.path, cache.fsync, cache.max_memory) == (
        True,
        "/project/.compozy/cache",
        "everysec",
        None,
    )
    assert {redis.url, redis.host, redis.port, redis.user, redis.password, redis.database, redis.ssl} == {None}
    assert (redis.pool_size, redis.connect_timeout, redis.command_timeout) == (4, *2 * [timedelta(seconds=5)])
    assert (rate.enabled, rate.limit, rate.window) == (True, 1000, timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "driver", "backend"),
    [
        ("", CacheDriver.SUGARDB, RateLimitBackend.MEMORY),
        ("redis: {mode: distributed}", CacheDriver.REDIS, RateLimitBackend.REDIS),
        ("ratelimit: {backend: redis}", CacheDriver.SUGARDB, RateLimitBackend.REDIS),
        ("redis: {mode: distributed}\nratelimit: {backend: memory}", CacheDriver.REDIS, RateLimitBackend.MEMORY),
    ],
)
def test_who_counts_follows_the_cache_unless_it_is_said(resolve, text, driver, backend):
    settings, _ = resolve(text)

    assert settings.mode is Mode.STANDALONE
    assert (settings.cache_driver, settings.rate_limit.backend) == (driver, backend)


def test_what_is_followed_is_told(resolve):
    settings, _ = resolve(REDIS_MODE="distributed")
    told = {origin.key: (origin.shown, origin.source) for origin in settings.origins}

    assert told["redis.mode"] == ("distributed", "environment REDIS_MODE")
    assert told["ratelimit.backend"] == ("redis", "default for redis.mode distributed")


def test_each_part_has_a_variable_of_its_own(resolve):
    settings, _ = resolve(
        REDIS_HOST="db",
        REDIS_PORT="6380",
        REDIS_USER="ada",
        REDIS_PASSWORD="1234",  # noqa: S106 - an example
        REDIS_DATABASE="2",
        REDIS_SSL="true",
        REDIS_SSL_CA="tls/ca.pem",
        REDIS_POOL_SIZE="3",
        REDIS_COMMAND_TIMEOUT="2s",
        CACHE_DURABLE="false",
        CACHE_PATH="/var/cache",
        CACHE_FSYNC="ALWAYS",
        CACHE_MAX_MEMORY="256mib",
        RATELIMIT_ENABLED="false",
        RATELIMIT_LIMIT="5",
        RATELIMIT_WINDOW="1m",
    )
    cache, redis, rate = settings.cache, settings.redis, settings.rate_limit

    assert (redis.host, redis.port, redis.user, redis.password, redis.database) == (
        "db",
        6380,
        "ada",
        Secret("1234"),
        2,
    )
    assert (redis.ssl, redis.ssl_ca, redis.pool_size) == (True, "/project/tls/ca.pem", 3)
    assert redis.command_timeout == timedelta(seconds=2)
    assert (cache.durable, cache.path, cache.fsync, cache.max_memory) == (False, "/var/cache", "always", 256 * 2**20)
    assert (rate.enabled, rate.limit, rate.window) == (False, 5, timedelta(minutes=1))


def test_no_fsync_is_a_word_and_not_a_boolean(resolve):
    assert resolve("cache: {fsync: no}")[0].cache.fsync == "no"


def test_a_url_stands_alone(refusals_of):
    lines = refusals_of("redis: {host: db, ssl: false}", REDIS_URL=URL, REDIS_DATABASE="0")

    message = "is set beside redis.url (from environment REDIS_URL), which says it already"
    assert lines == [
        f"test.yaml:3: redis.host: {message} (keep one of the two)",
        f"redis.database: {message} (set by environment REDIS_DATABASE; keep one of the two)",
        f"test.yaml:3: redis.ssl: {message} (keep one of the two)",
    ]


def test_a_key_needs_its_certificate(refusals_of):
    [line] = refusals_of("redis: {ssl_key: k.pem}")

    assert "redis.ssl_key: is of no use without redis.ssl_cert (set both, or neither)" in line


def test_an_address_that_nobody_uses_does_no_harm(resolve):
    settings, problems = resolve(REDIS_URL=URL)

    assert problems == []
    assert settings.cache_driver is CacheDriver.SUGARDB


@pytest.mark.parametrize("url", ["redis://db", "rediss://db:6380/1", "unix:///run/redis.sock?db=1"])
def test_redis_is_reached_by_tcp_tls_and_socket(resolve, url):
    assert resolve(REDIS_URL=url)[0].redis.url.reveal() == url


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "redis: {url: 'http://u:hunter2@h'}",
            (
                "redis.url: 'http://u:********@h' is not the address of a Redis server "
                "(write redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss://… for TLS, or unix:///PATH)"
            ),
        ),
        ("redis: {password: 1234}", "redis.password: must be text, not '********'"),
        ("redis: {database: -1}", "redis.database: -1 is too small (at least 0)"),
        ("cache: {fsync: often}", "cache.fsync: 'often' is not allowed (allowed: always, everysec, no)"),
        (
            "cache: {max_memory: 256}",
            'cache.max_memory: 256 is a number without a unit (write "256mb" for megabytes)',
        ),
        (
            "cache: {max_memory: 0b}",
            "cache.max_memory: '0b' is no room at all (write for example \"256mb\", or leave the key out)",
        ),
        ("ratelimit: {limit: 0}", "ratelimit.limit: 0 is too small (at least 1)"),
        ("ratelimit: {backend: disk}", "ratelimit.backend: 'disk' is not allowed (allowed: memory, redis)"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(misshapen, text, line):
    assert misshapen(text) == f"test.yaml:2: {line}"


def test_a_wrong_size_from_the_environment_is_named(refusals_of):
    assert refusals_of(CACHE_MAX_MEMORY="1,000mb") == [
        (
            "cache.max_memory: '1,000mb' is not a size "
            '(set by environment CACHE_MAX_MEMORY; write for example "256mb" or "1gib")'
        )
    ]


def test_values_are_shown_as_people_write_them_and_without_secrets(resolve):
    settings, _ = resolve("cache: {max_memory: 256MB}", REDIS_URL=URL)
    shown = {origin.key: origin.shown for origin in settings.origins}

    assert shown["redis.url"] == "redis://ada:********@db:6380/2"
    assert shown["cache.max_memory"] == "256mb"
