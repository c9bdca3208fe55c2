"""The settings of a connection to Redis: what they accept, and what they show."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection

from compozy.domain.errors import InvalidError
from compozy.drivers.redis import Connecting


@pytest.mark.parametrize(
    ("url", "kind", "place"),
    [
        ("redis://localhost", Connection, "localhost:6379/0"),
        ("redis://ada:hunter2@cache.example:7000/3", Connection, "cache.example:7000/3"),
        ("redis://cache.example?db=4", Connection, "cache.example:6379/4"),
        ("rediss://cache.example", SSLConnection, "cache.example:6379/0"),
        ("unix:///run/a%20b/redis.sock?db=2", UnixDomainSocketConnection, "/run/a b/redis.sock?db=2"),
        ("unix:///run/redis.sock", UnixDomainSocketConnection, "/run/redis.sock"),
    ],
)
def test_urls_of_all_schemes_are_understood(url, kind, place):
    connecting = Connecting(url=url)

    assert connecting.place == place
    assert type(connecting.make_connection()) is kind


def test_url_says_who_asks():
    connection = Connecting(url="redis://ada:p%40ss@cache.example").make_connection()

    assert (connection.username, connection.password) == ("ada", "p@ss")


def test_other_settings_take_precedence_over_the_url():
    connecting = Connecting(
        url="redis://ada:one@cache.example:7000/3",
        host="other",
        port=7001,
        username="bob",
        password="two",  # noqa: S106 - nobody's
        database=5,
    )
    connection = connecting.make_connection()

    assert connecting.place == "other:7001/5"
    assert (connection.username, connection.password) == ("bob", "two")


def test_host_alone_is_enough():
    assert Connecting(host="cache.example").place == "cache.example:6379/0"
    assert type(Connecting(host="cache.example", ssl=True).make_connection()) is SSLConnection


def test_password_is_never_shown():
    connecting = Connecting(url="redis://ada:hunter2@cache.example", password="swordfish")  # noqa: S106 - nobody's
    shown = f"{connecting!r} {connecting.place} {connecting.make_connection()!r}"

    assert "hunter2" not in shown
    assert "swordfish" not in shown


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "url"),
        ({"url": "http://cache.example"}, "url"),
        ({"url": "redis://"}, "url"),
        ({"url": "redis://cache.example:seven"}, "url"),
        ({"url": "redis://cache.example/first"}, "url"),
        ({"url": "redis://cache.example?timeout=3"}, "url"),
        ({"url": "unix://"}, "url"),
        ({"host": "x", "port": 0}, "port"),
        ({"host": "x", "port": 65536}, "port"),
        ({"host": "x", "database": -1}, "database"),
        ({"host": "x", "username": "ada"}, "username"),
        ({"host": "x", "ssl_ca": Path("ca.pem")}, "ssl_ca"),
        ({"url": "rediss://x", "ssl_key": Path("key.pem")}, "ssl_key"),
        ({"url": "unix:///redis.sock", "ssl": True}, "ssl"),
        ({"host": "x", "pool_size": 0}, "pool_size"),
        ({"host": "x", "connect_timeout": timedelta()}, "connect_timeout"),
        ({"host": "x", "command_timeout": timedelta(days=2)}, "command_timeout"),
        ({"host": "x", "client_name": "two words"}, "client_name"),
    ],
)
def test_wrong_setting_is_refused_by_name(settings, key):
    with pytest.raises(InvalidError) as caught:
        Connecting(**settings)

    assert key in {problem.key for problem in caught.value.problems}


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidError) as caught:
        Connecting(host="x", port=0, pool_size=0, database=-1)

    assert [problem.key for problem in caught.value.problems] == ["port", "database", "pool_size"]


def test_wrong_url_is_not_repeated_because_of_its_password():
    with pytest.raises(InvalidError) as caught:
        Connecting(url="http://ada:hunter2@cache.example")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["ssl_ca", "ssl_cert", "ssl_key"])
def test_file_that_cannot_be_used_is_refused_by_name(tmp_path, key):
    (tmp_path / "cert.pem").write_text("no certificate")
    files = {"ssl_cert": tmp_path / "cert.pem"} if key == "ssl_key" else {}

    with pytest.raises(InvalidError) as caught:
        Connecting(url="rediss://cache.example", **files, **{key: tmp_path / "none.pem"}).check_files()

    assert caught.value.problems[0].key == key
    assert "none.pem" in str(caught.value)
