"""A record becomes a row and a row the same record."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from compozy.domain.accounts import ApiKey, Role, User
from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import (
    Rows,
    failure_value,
    json_value,
    key_value,
    optional_json_value,
    optional_text_value,
    require_aware,
    text_value,
)
from compozy.drivers.sql.tables import API_KEY_COLUMNS, TASK_COLUMNS, USER_COLUMNS, WORKFLOW_COLUMNS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(microseconds=1)

# Moments as microseconds, so that a moment that is not handed to the dialect is found out.
DIALECT = Dialect(
    mark="$",
    greatest="max",
    sorts_arms=False,
    look_up="",
    lock_referred="",
    moment_in=lambda moment, _: (moment - NOON) // timedelta(microseconds=1),
    moment_out=lambda microseconds: NOON + timedelta(microseconds=microseconds),
)
ROWS = Rows(DIALECT)

FAILURE = Failure(code="X", message="y", details={"z": [1, None]})

EXECUTION = WorkflowState(
    exec_id="e",
    workflow_id="w",
    status=Status.FAILED,
    input={"b": 1, "a": 2},
    output=[1e23],
    error=FAILURE,
    parent_exec_id="p",
    trigger={"type": "signal"},
    first_task="b",
    created_at=NOON,
    updated_at=LATER,
)
TASK = TaskState(
    task_exec_id="t",
    task_id="say",
    type=TaskType.PARALLEL,
    exec_id="e",
    workflow_id="w",
    parent_id="c",
    status=Status.PAUSED,
    input={},
    output="",
    error=FAILURE,
    attempt=3,
    awaits="paid",
    created_at=NOON,
    updated_at=LATER,
)
USER = User(user_id="u", email="a@x", role=Role.ADMIN, created_at=LATER)
KEY = ApiKey(
    key_id="k",
    user_id="u",
    name="n",
    fingerprint="f",
    prefix="p",
    created_at=NOON,
    last_used_at=LATER,
    revoked_at=LATER,
)
BARE = [
    (
        attrs.evolve(EXECUTION, output=None, error=None, parent_exec_id=None, trigger=None, first_task=None),
        WORKFLOW_COLUMNS,
    ),
    (attrs.evolve(TASK, output=None, error=None, parent_id=None, awaits=None), TASK_COLUMNS),
    (attrs.evolve(KEY, last_used_at=None, revoked_at=None), API_KEY_COLUMNS),
]
RECORDS = [
    (EXECUTION, WORKFLOW_COLUMNS),
    (TASK, TASK_COLUMNS),
    (USER, USER_COLUMNS),
    (KEY, API_KEY_COLUMNS),
    *BARE,
]
MAKERS = {
    WorkflowState: (ROWS.of_workflow, ROWS.workflow),
    TaskState: (ROWS.of_task, ROWS.task),
    User: (ROWS.of_user, ROWS.user),
    ApiKey: (ROWS.of_api_key, ROWS.api_key),
}


@pytest.mark.parametrize(("record", "columns"), RECORDS)
def test_a_record_comes_back_from_its_row(record, columns):
    to_row, to_record = MAKERS[type(record)]

    assert to_record(to_row(record)) == record


@pytest.mark.parametrize(("record", "columns"), RECORDS)
def test_a_row_is_in_the_order_of_the_columns(record, columns):
    row = dict(zip(columns, MAKERS[type(record)][0](record), strict=True))

    for name, value in attrs.asdict(record, recurse=False).items():
        if isinstance(value, datetime):
            assert row[name] == DIALECT.moment_in(value, name)
        elif name in ("input", "output", "error", "trigger") and value is not None:
            assert isinstance(row[name], str)
        else:
            assert row[name] == value


@pytest.mark.parametrize(("record", "columns"), RECORDS)
def test_a_row_holds_nothing_but_what_every_database_takes(record, columns):
    row = MAKERS[type(record)][0](record)

    assert {type(value) for value in row} <= {str, int, type(None)}


@pytest.mark.parametrize(("record", "columns"), BARE)
def test_what_is_absent_is_null_and_not_the_null_of_json(record, columns):
    assert None in MAKERS[type(record)][0](record)
    assert "null" not in MAKERS[type(record)][0](record)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"b": 1, "a": [True, None]}, '{"b":1,"a":[true,null]}'),
        ("ü\0\ud800😀", '"\\u00fc\\u0000\\ud800\\ud83d\\ude00"'),
        (-0.0, "-0.0"),
        (1e23, "1e+23"),
        (10**23, "1" + "0" * 23),
    ],
)
def test_json_is_short_and_in_ascii(value, text):
    assert json_value(value, "input") == text


def test_values_that_may_be_absent_are_null_when_they_are():
    assert (optional_json_value(None, "x"), optional_text_value(None, "x"), failure_value(None)) == (None, None, None)
    assert (optional_json_value(0, "x"), optional_text_value("", "x")) == ("0", "")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ü\udfff"])
@pytest.mark.parametrize("check", [text_value, key_value, optional_text_value])
def test_a_text_that_some_database_cannot_hold_is_refused_by_name(check, text):
    with pytest.raises(InvalidError, match=r"^name: .*\(leave it out\)"):
        check(text, "name")


def test_a_key_may_not_be_empty_but_another_text_may():
    assert text_value("", "name") == ""
    with pytest.raises(InvalidError, match=r"^exec_id: is empty \(pass an id"):
        key_value("", "exec_id")


@pytest.mark.parametrize("text", ["", "a", "ü", "😀", "\uffff", "\x7f", "\n"])
def test_any_other_text_is_taken_as_it_is(text):
    assert text_value(text, "name") is text


def test_a_moment_needs_a_time_zone():
    require_aware(NOON.astimezone(timezone(timedelta(hours=3))), "at")

    with pytest.raises(InvalidError, match=r"^at: 2026-11-23 12:00:00 has no time zone \(pass an aware datetime\)"):
        require_aware(NOON.replace(tzinfo=None), "at")


@pytest.mark.parametrize(("record", "columns"), RECORDS)
def test_a_row_of_something_else_is_no_record(record, columns):
    row = MAKERS[type(record)][0](record)

    with pytest.raises(ValueError, match="unpack"):
        MAKERS[type(record)][1](row[:-1])


def test_a_status_that_nobody_knows_is_no_record():
    row = list(ROWS.of_workflow(EXECUTION))
    row[WORKFLOW_COLUMNS.index("status")] = "RESTING"

    with pytest.raises(ValueError, match="RESTING"):
        ROWS.workflow(row)
