"""What a database can hold, told without asking it."""

import pytest

from compozy.app.databases import PostgresDatabase, SqliteDatabase
from compozy.app.transfer import check_row
from compozy.domain.errors import InvalidError


@pytest.fixture(params=["sqlite", "postgres"])
async def dialect(request, tmp_path):
    databases = {"sqlite": SqliteDatabase(tmp_path / "a.db"), "postgres": PostgresDatabase("postgres://db", {})}
    return await databases[request.param].dialect()


async def test_records_of_every_kind_can_be_held(dialect, an_execution, a_task, a_user, a_key):
    for record in (an_execution(output={"text": "\0\ud800"}), a_task(), a_user(), a_key()):
        check_row(dialect, record)


async def test_what_no_column_takes_is_refused_by_name(dialect, an_execution, a_task, a_user, a_key, noon):
    wrong = [
        (an_execution("e\0"), "exec_id: 'e\\x00' holds a NUL character"),
        (a_task(task_exec_id="\ud800"), "task_exec_id: '\\ud800' holds half a character"),
        (a_task(output=float("nan")), "output: not storable as JSON"),
        (an_execution(created_at=noon.replace(tzinfo=None)), "created_at: 2026-11-23 12:00:00.123456 has no time zone"),
        (a_user("u\0"), "user_id: 'u\\x00' holds a NUL character"),
        (a_key("k\0"), "key_id: 'k\\x00' holds a NUL character"),
    ]

    for record, message in wrong:
        with pytest.raises(InvalidError) as caught:
            check_row(dialect, record)
        assert str(caught.value).startswith(message)
