"""The settings of the database: who may say what, and what is never shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from compozy.config.project_file import ProjectFile
from compozy.config.resolution import resolve_settings
from compozy.config.urls import hide_password, says_ssl_mode, without_secrets
from compozy.config.validation import check_shape
from compozy.domain.secrets import Secret

URL = "postgresql://ada:hunter2@db:5432/shop"


@pytest.fixture
def resolve(document_of):
    """Return a function from the ``database`` section and the environment to settings and problems."""

    def resolve(section="{}", **environ):
        document = document_of(f"name: test\nmode: standalone\ndatabase: {section}\n")
        file, problems = check_shape(document, ProjectFile)
        assert problems == []
        return resolve_settings(document, file, root=Path("/project"), environ=environ, flags={})

    return resolve


@pytest.fixture
def refusals_of(resolve):
    """Return a function from the same to the lines that are shown."""

    def refusals(section="{}", **environ):
        settings, problems = resolve(section, **environ)
        assert settings is None
        return [str(problem) for problem in problems]

    return refusals


def test_what_nobody_says_is_left_to_the_driver(resolve):
    database = resolve()[0].database

    assert database.auto_migrate
    assert database.retention is None
    assert {database.url, database.host, database.port, database.user, database.password, database.name} == {None}
    assert {database.ssl_mode, database.ssl_ca, database.ssl_cert, database.ssl_key} == {None}
    assert (database.pool_size, database.connect_timeout) == (10, timedelta(seconds=10))
    assert database.statement_timeout == timedelta(seconds=30)


def test_each_part_has_a_variable_of_its_own(resolve):
    database = resolve(
        DB_DRIVER="postgres",
        DB_HOST="db",
        DB_PORT="6543",
        DB_USER="ada",
        DB_PASSWORD="1234",  # noqa: S106 - an example
        DB_NAME="shop",
        DB_SSL_MODE="verify-full",
        DB_SSL_CA="tls/ca.pem",
        DB_POOL_SIZE="3",
        DB_CONNECT_TIMEOUT="2s",
        DB_STATEMENT_TIMEOUT="1m",
        DB_AUTO_MIGRATE="false",
        DB_RETENTION="30d",
    )[0].database

    assert (database.driver, database.host, database.port, database.user) == ("postgres", "db", 6543, "ada")
    assert (database.password, database.name, database.ssl_mode) == (Secret("1234"), "shop", "verify-full")
    assert database.ssl_ca == "/project/tls/ca.pem"
    assert (database.pool_size, database.auto_migrate, database.retention) == (3, False, timedelta(days=30))
    assert (database.connect_timeout, database.statement_timeout) == (timedelta(seconds=2), timedelta(minutes=1))


def test_never_takes_a_retention_back(resolve):
    settings, _ = resolve("{retention: 30d}", DB_RETENTION="Never")

    assert settings.database.retention is None
    [origin] = [origin for origin in settings.origins if origin.key == "database.retention"]
    assert (origin.shown, origin.source) == ("never", "environment DB_RETENTION")


def test_a_url_stands_alone(refusals_of):
    lines = refusals_of("{host: db, name: shop}", DB_URL=URL, DB_PASSWORD="x")  # noqa: S106 - an example

    message = "is set beside database.url (from environment DB_URL), which says it already"
    assert lines == [
        f"test.yaml:3: database.host: {message} (keep one of the two)",
        f"database.password: {message} (set by environment DB_PASSWORD; keep one of the two)",
        f"test.yaml:3: database.name: {message} (keep one of the two)",
    ]


def test_tls_is_said_by_the_url_or_by_the_setting(refusals_of, resolve):
    [line] = refusals_of(f"{{url: '{URL}?sslmode=require', ssl_mode: disable}}")

    assert "database.ssl_mode: is set beside database.url" in line
    assert resolve(f"{{url: '{URL}', ssl_mode: require}}")[1] == []


def test_a_key_needs_its_certificate(refusals_of, resolve):
    [line] = refusals_of("{ssl_key: k.pem}")

    assert "database.ssl_key: is of no use without database.ssl_cert (set both, or neither)" in line
    assert resolve("{ssl_cert: both.pem}")[1] == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, "postgresql://ada:********@db:5432/shop"),
        ("postgresql://ada@db/shop", "postgresql://ada@db/shop"),
        ("postgres://db:5432/shop?sslmode=require", "postgres://db:5432/shop?sslmode=require"),
        ("postgres://:hunter2@db", "postgres://:********@db"),
        ("postgres://ada:p@ss:w/o?rd@db/shop", "postgres://ada:********@db/shop"),
        ("postgres:///shop?user=a&password=hunter2&host=/tmp", "postgres:///shop?user=a&password=********&host=/tmp"),
        ("postgres:///shop?pass%77ord=hunter2#x", "postgres:///shop?pass%77ord=********#x"),
        ("postgres:///shop?sslpassword=hunter2", "postgres:///shop?sslpassword=********"),
    ],
)
def test_passwords_in_a_url_are_hidden_wherever_they_are(url, shown):
    assert without_secrets(url) == shown
    assert str(hide_password(url)) == shown


@pytest.mark.parametrize(
    ("url", "says"),
    [(f"{URL}?sslmode=require", True), (f"{URL}?a=b&ssl%6dode=x", True), (URL, False), (f"{URL}?x=sslmode", False)],
)
def test_a_url_that_says_how_far_tls_goes_is_known(url, says):
    assert says_ssl_mode(url) is says
