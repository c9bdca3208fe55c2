"""Servers that do not want us: the setting that is wrong is named, and no password is shown."""

import pytest

from compozy.domain.errors import InvalidError
from compozy.drivers.postgres import Connecting, migrate, open_store


@pytest.fixture
def guarded(victim):
    """Return a server that wants to hear a password from ``ada``."""
    victim.run_sql("CREATE ROLE ada LOGIN SUPERUSER PASSWORD 'right'")
    rules = "VALUES ('local all ada scram-sha-256'), ('local all all trust')"
    victim.run_sql(f"COPY ({rules}) TO '{victim.run_sql('SHOW hba_file')}'")
    victim.stop()
    victim.start()
    return victim


@pytest.mark.slow
async def test_a_password_is_asked_for(guarded, no_threads):
    settings = {"url": guarded.url("victim"), "user": "ada"}
    async with open_store(Connecting(**settings, password="right")) as store:  # noqa: S106 - of nobody
        await store.ping()

    with pytest.raises(InvalidError) as caught:
        await migrate(Connecting(**settings, password="wr0ng"))  # noqa: S106 - of nobody
    [problem] = caught.value.problems
    assert problem.key == "password"
    assert 'password authentication failed for user "ada"' in problem.message
    assert "wr0ng" not in str(caught.value)


async def test_a_database_that_is_not_there_names_the_setting(server):
    with pytest.raises(InvalidError, match=r'database: the server of .* refuses: database "absent" does not exist'):
        await migrate(Connecting(url=server.url("absent")))


async def test_a_user_who_is_not_there_names_the_setting(url):
    with pytest.raises(InvalidError, match=r'user: the server of .* refuses: role "nobody-at-all" does not exist'):
        await migrate(Connecting(url=url, user="nobody-at-all"))


async def test_a_user_who_may_not_make_tables_names_the_setting(url, sql):
    await sql("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(InvalidError, match=r"user: the server of .* refuses: permission denied"):
            await migrate(Connecting(url=url, user="guest"))
    finally:
        await sql("DROP ROLE guest")
