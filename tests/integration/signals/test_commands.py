"""``compozy executions`` and ``compozy events`` against a running server."""

import json

import pytest
from click.testing import CliRunner

from compozy.cli.main import cli
from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


@pytest.fixture
def invoke(world):
    """Run ``compozy`` with these arguments against the server."""

    def invoke(*arguments, code=0, stdin=None):
        command = [*map(str, arguments), "--server", str(world.api.base_url).rstrip("/")]
        result = CliRunner().invoke(cli, command, input=stdin, prog_name="compozy")
        assert result.exit_code == code, result.output
        return result

    return invoke


def answer(result):
    return json.loads(result.stdout)


def test_an_execution_is_listed_shown_told_and_watched_to_its_end(world, invoke):
    exec_id = world.waiting("approval", "approved", order="cli")

    listed = answer(invoke("executions", "list", "--workflow", "approval", "--status", "paused", "--limit", 1))
    shown = invoke("executions", "show", exec_id, "-o", "table").stdout
    told = answer(invoke("executions", "signal", exec_id, "approved-cli", "--payload", "by=ada"))
    output = answer(invoke("executions", "watch", exec_id, "-o", "json"))

    assert [row["exec_id"] for row in listed["executions"]] == [exec_id]
    assert "approved  WAITING" in shown
    assert "for approved-cli" in shown
    assert (told["exec_id"], told["status"]) == (exec_id, Status.PAUSED)
    assert output == {"by": "ada", "from": None}
    assert answer(invoke("executions", "show", exec_id))["status"] == Status.SUCCESS


def test_an_event_is_sent_with_a_payload_from_a_file_and_from_arguments(world, invoke):
    send = ["events", "send", "paid", "--payload-file", "-", "-p", "amount=2", "-p", '{"by": {"name": "ada"}}']
    told = answer(invoke(*send, "--event-id", "cli-1", stdin='{"amount": 1, "for": "tea"}'))

    [exec_id] = told["started"]
    assert told["event_id"] == "cli-1"
    assert world.ended(exec_id)["trigger"]["payload"] == {"amount": 2, "for": "tea", "by": {"name": "ada"}}


def test_an_execution_is_paused_resumed_and_canceled(world, invoke):
    exec_id = world.waiting("approval", "approved", order="cli-2")
    for what in ("pause", "resume", "cancel"):
        assert answer(invoke("executions", what, exec_id))["exec_id"] == exec_id

    assert world.ended(exec_id)["status"] == Status.CANCELED
    watched = invoke("executions", "watch", exec_id, code=1)
    assert "ended CANCELED" in watched.stderr
    refused = invoke("executions", "pause", exec_id, code=3)
    assert "has ended CANCELED, so it cannot be paused" in refused.stderr


def test_an_execution_is_run_again_from_a_task(world, invoke):
    first = world.start("steps", n=1, fails=False)
    world.ended(first)

    again = answer(invoke("executions", "rerun", first, "--from", "c"))["exec_id"]
    refused = invoke("executions", "rerun", first, "--from", "d", code=2)

    assert set(world.ended(again)["by_id"]) == {"c"}
    assert "workflow 'steps' has no task 'd' at the top" in refused.stderr
    listed = answer(invoke("executions", "list", "--parent", first))
    assert [row["exec_id"] for row in listed["executions"]] == [again]


@pytest.mark.parametrize("command", [("show",), ("cancel",), ("watch",), ("signal", "paid"), ("rerun",)])
def test_an_execution_that_is_not_there_is_named(invoke, command):
    what, *rest = command
    result = invoke("executions", what, "01ABSENT", *rest, code=2)

    assert "there is no execution '01ABSENT'" in result.stderr
