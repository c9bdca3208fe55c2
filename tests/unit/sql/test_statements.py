"""The statements say what the domain says, in the words of each dialect."""

import re
from itertools import product

import pytest

from compozy.contracts.store import Kind
from compozy.domain.statuses import TERMINAL, Status, may_follow
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.statements import Statements
from compozy.drivers.sql.tables import API_KEY_COLUMNS, PAYLOAD_COLUMNS, TASK_COLUMNS, USER_COLUMNS, WORKFLOW_COLUMNS


def a_dialect(**changes):
    values = {
        "mark": "$",
        "greatest": "greatest",
        "sorts_arms": False,
        "look_up": "JOIN {table} AS {name} ON {condition}",
        "lock_referred": " FOR KEY SHARE",
        "moment_in": lambda moment, _: moment,
        "moment_out": lambda moment: moment,
    }
    return Dialect(**(values | changes))


def all_of(statements):
    """Return every statement by name."""
    found = {}
    for name, value in vars(statements).items():
        if isinstance(value, str):
            found[name] = value
        elif isinstance(value, dict):
            found |= {f"{name} {key}": text for key, text in value.items()}
    found["listing"] = statements.listing([Status.RUNNING, Status.FAILED], ["workflow_id = ?1"], 2)
    found["listing_of_parent"] = statements.listing_of_parent([Status.RUNNING], ["parent_exec_id = ?1"], 2)
    return found


@pytest.fixture(params=["?", "$", ":p"])
def mark(request):
    return request.param


def test_parameters_carry_the_dialects_mark_and_are_numbered_without_gaps(mark):
    for name, text in all_of(Statements(a_dialect(mark=mark))).items():
        numbers = {int(number) for number in re.findall(re.escape(mark) + r"(\d+)", text)}
        assert numbers == set(range(1, len(numbers) + 1)), name
        assert mark == "?" or "?" not in text, name


def test_no_value_is_spliced_into_a_statement_but_statuses():
    for name, text in all_of(Statements(a_dialect())).items():
        constants = {constant for constant in re.findall(r"'([^']*)'", text) if constant}
        assert constants <= set(Status), name


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("upsert_workflow", WORKFLOW_COLUMNS),
        ("upsert_task", TASK_COLUMNS),
        ("insert_payload", PAYLOAD_COLUMNS),
        (Kind.EXECUTIONS, WORKFLOW_COLUMNS),
        (Kind.TASKS, TASK_COLUMNS),
        (Kind.USERS, USER_COLUMNS),
        (Kind.API_KEYS, API_KEY_COLUMNS),
        (Kind.PAYLOADS, PAYLOAD_COLUMNS),
    ],
)
def test_an_insert_names_its_columns_in_the_order_of_the_row(name, columns):
    statements = Statements(a_dialect())
    text = statements.insert[name] if isinstance(name, Kind) else getattr(statements, name)

    assert f"({', '.join(columns)}) VALUES ({', '.join(f'${n}' for n in range(1, len(columns) + 1))})" in text


def allowed_by(condition, name):
    """Return the pairs of statuses that the guard of an upsert lets through."""
    moves = re.findall(rf"{name}\.status = '(\w+)' AND excluded\.status IN \(([^)]*)\)", condition)
    return {(current, following) for current, list_ in moves for following in re.findall(r"\w+", list_)}


def test_the_guard_of_an_upsert_is_the_table_of_the_domain():
    expected = {pair for pair in product(Status, repeat=2) if may_follow(*pair)}

    for text, table in [
        (Statements(a_dialect()).upsert_workflow, "workflow_states"),
        (Statements(a_dialect()).upsert_task, "task_states"),
    ]:
        assert allowed_by(text, table) == expected


def test_the_guard_of_a_new_status_is_the_table_of_the_domain():
    statements = Statements(a_dialect())

    for following in Status:
        [list_] = re.findall(r"AND status IN \(([^)]*)\)", statements.update_workflow[following])
        assert set(re.findall(r"\w+", list_)) == {current for current in Status if may_follow(current, following)}


@pytest.mark.parametrize("column", ["exec_id", "workflow_id", "input", "created_at", "parent_exec_id"])
def test_an_upsert_never_changes_what_the_first_write_decided(column):
    statements = Statements(a_dialect())

    for text in (statements.upsert_workflow, statements.upsert_task, statements.upsert_owned_task):
        changes = text.partition("DO UPDATE SET")[2].partition("WHERE")[0]
        assert not re.search(rf"\b{column} =", changes)


def test_only_what_has_ended_is_forgotten_by_age():
    text = Statements(a_dialect()).delete_older

    assert set(re.findall(r"'(\w+)'", text)) == TERMINAL


def test_a_dialects_own_words_are_used():
    statements = Statements(a_dialect(greatest="the_greater", lock_referred=" KEEP IT"))

    assert "attempt = the_greater(task_states.attempt, excluded.attempt)" in statements.upsert_task
    assert " KEEP IT ON CONFLICT" in statements.upsert_owned_task
    assert statements.refer_to_workflow.endswith(" KEEP IT")
    assert statements.refer_to_user.endswith(" KEEP IT")


CONDITIONS = ["workflow_id = ?1", "created_at < ?2"]
ENDING = "ORDER BY created_at DESC, exec_id DESC LIMIT 51"


@pytest.mark.parametrize("count", range(1, len(Status) + 1))
def test_a_listing_has_an_arm_for_each_status_with_all_conditions(count):
    statuses = list(Status)[:count]

    text = Statements(a_dialect()).listing(statuses, CONDITIONS, 51)

    arms = text.removesuffix(ENDING).strip().split(" UNION ALL ")
    assert [re.search(r"status = '(\w+)'", arm)[1] for arm in arms] == statuses
    assert all(arm.endswith("AND workflow_id = $1 AND created_at < $2") for arm in arms)


def test_arms_are_sorted_and_bounded_by_themselves_where_the_dialect_needs_it():
    statements = Statements(a_dialect(sorts_arms=True))

    two = statements.listing([Status.RUNNING, Status.FAILED], CONDITIONS, 51)
    one = statements.listing([Status.RUNNING], CONDITIONS, 51)

    assert two.count(ENDING) == 3
    assert two.count(f"{ENDING})") == 2
    assert one.count(ENDING) == 1


def test_a_listing_by_parent_is_one_walk_whatever_the_statuses():
    text = Statements(a_dialect(sorts_arms=True)).listing_of_parent(list(Status)[:3], CONDITIONS, 51)

    assert "UNION" not in text
    assert text.endswith(ENDING)
    assert set(re.findall(r"'(\w+)'", text)) == set(list(Status)[:3])
