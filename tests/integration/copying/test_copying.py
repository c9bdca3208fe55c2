"""``compozy data copy`` between real databases."""

import json

import pytest

pytestmark = pytest.mark.slow

PAIRS = [("sqlite", "postgres"), ("postgres", "sqlite"), ("sqlite", "sqlite"), ("postgres", "postgres")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_everything_is_copied_and_verified_in_either_direction(make, fill, copy, contents, one, other):
    source, target = make(one), make(other)
    fill(source, 600)

    result = copy(source, target, "--verify", "-o", "json")

    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)
    kinds = outcome["kinds"]
    assert {kind: (found["source"], found["present"], found["copied"]) for kind, found in kinds.items()} == {
        "executions": (600, 0, 600),
        "tasks": (1200, 0, 1200),
        "users": (2, 0, 2),
        "api_keys": (2, 0, 2),
        "payloads": (60, 0, 60),
    }
    assert outcome["verified"] is True
    assert all(found["sha256"] == found["target_sha256"] for found in kinds.values())
    assert contents(target) == contents(source)
    assert repr(contents(target)) == repr(contents(source))  # 1 is no 1.0, which equality would not see
    assert "copying payloads: 60 of 60" in result.stderr
    assert "checking tasks: 1200 of 1200" in result.stderr
    assert "copying tasks: 1200 of 1200" in result.stderr
    assert "warning: 300 executions have not ended; they are copied as they stand" in result.stderr


def test_there_and_back_again_nothing_has_changed(make, fill, copy):
    first, there, back = make("sqlite"), make("postgres"), make("sqlite")
    fill(first, 20)

    outcomes = [
        json.loads(copy(source, target, "-o", "json").stdout) for source, target in ((first, there), (there, back))
    ]

    seals = [{kind: found["sha256"] for kind, found in outcome["kinds"].items()} for outcome in outcomes]
    assert seals[0] == seals[1]


def test_a_dry_run_says_what_would_be_copied_and_makes_nothing(make, fill, copy, server, tmp_path):
    source, postgres, file = make("sqlite"), make("postgres"), make("sqlite")
    fill(source, 20)

    results = [copy(source, target, "--dry-run", "-o", "table") for target in (postgres, file)]

    for result in results:
        assert result.exit_code == 0, result.stderr
        assert result.stdout.splitlines()[0].split()[:5] == ["in", "the", "source", "there", "before"]
        assert result.stdout.splitlines()[1].split()[:4] == ["executions", "20", "0", "20"]
    assert [path.name for path in tmp_path.glob("*.db")] == ["a.db"]
    name = postgres.partition("///")[2].partition("?")[0]
    assert server.run_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=name) == "0"


def test_copying_again_copies_only_what_is_new_and_names_a_row_that_was_tampered_with(make, fill, copy, server):
    source, target = make("sqlite"), make("postgres")
    fill(source, 20)
    copy(source, target)

    again = json.loads(copy(source, target, "--verify", "-o", "json").stdout)

    assert {(found["present"], found["copied"]) for found in again["kinds"].values()} == {(20, 0), (40, 0), (2, 0)}
    assert again["verified"] is True

    name = target.partition("///")[2].partition("?")[0]
    server.run_sql("UPDATE task_states SET attempt = 7 WHERE task_exec_id = 'e000011-1'", database=name)
    result = copy(source, target, "--dry-run", "--verify")

    assert result.exit_code == 2
    assert f"error: the target {target}: tasks 'e000011-1' is there with another attempt" in result.stderr


def test_a_target_with_something_else_is_refused_and_left_as_it_is(make, fill, copy, server, contents):
    source, target = make("sqlite"), make("postgres")
    fill(source, 20)
    fill(target, 3)
    name = target.partition("///")[2].partition("?")[0]
    server.run_sql("UPDATE workflow_states SET output = '3.0' WHERE exec_id = 'e000001'", database=name)
    server.run_sql("UPDATE task_states SET task_exec_id = 'mine' WHERE task_exec_id = 'e000002-1'", database=name)
    before = contents(target)

    result = copy(source, target)

    assert result.exit_code == 2
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert errors == [
        f"error: the target {target}: executions 'e000001' is there with another output",
        "error: nothing was copied: choose an empty database, or remove from this one what the source does not hold",
    ]
    assert repr(contents(target)) == repr(before)


def test_what_is_not_there_yet_is_no_copy(make, fill, copy):
    source, target = make("sqlite"), make("postgres")
    fill(source, 20)

    result = copy(source, target, "--dry-run", "--verify", "-o", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["verified"] is False
    assert f"error: {target}: 20 of the executions are not there" in result.stderr
