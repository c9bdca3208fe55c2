"""What schedules start: executions like any others, of which their overlap policies know whether they still run."""

from datetime import datetime, timedelta

import attrs
import pytest
import trio

from compozy.domain.definitions import OverlapPolicy, ScheduleDefinition
from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

# Never due while a test runs: it is told to run.
YEARLY = ScheduleDefinition(cron="@yearly")
SECOND = timedelta(seconds=1)


async def next_second():
    """Return in the next second of the clock: a schedule starts no two executions within one."""
    now = datetime.now().astimezone()
    await trio.sleep((SECOND - timedelta(microseconds=now.microsecond)).total_seconds() + 0.01)


async def test_what_is_due_every_second_runs_once_for_each_time_that_it_was_due(open_program):
    async with open_program(tick=ScheduleDefinition(cron="@every 1s", input={"n": 7})) as program:
        await program.kept.reconcile()
        ended = []
        for _ in range(2):
            exec_id = await program.next_begun()
            program.doors[exec_id].set()
            ended.append(await program.ended(exec_id))
        await program.schedules.delete("tick")

        triggers = [each.tasks[0].output["trigger"] for each in ended]
        due = [datetime.fromisoformat(trigger["scheduled_at"]) for trigger in triggers]
        assert [each.workflow.status for each in ended] == [Status.SUCCESS] * 2
        assert [each.tasks[0].output["input"] for each in ended] == [{"n": 7}] * 2
        assert [each.workflow.trigger for each in ended] == triggers
        assert [(each["type"], each["name"]) for each in triggers] == [("schedule", "tick")] * 2
        assert due[0] < due[1]
        assert all(not each.microsecond for each in due)


async def test_overlap_policies_look_at_executions(open_program):
    """Every workflow is told to run, and to run again while its execution still does."""
    policies = {policy.value: attrs.evolve(YEARLY, overlap_policy=policy) for policy in OverlapPolicy}
    async with open_program(**policies) as program:
        await program.kept.reconcile()
        for workflow_id in policies:
            await program.kept.run_now(workflow_id)
        first = {await program.next_begun() for _ in policies}
        await next_second()
        for workflow_id in policies:
            await program.kept.run_now(workflow_id)
        # Two begin at once: one beside the first, and one when the first has been stopped.
        at_once = {await program.next_begun() for _ in range(2)}
        stopped = list(program.stopped)
        for exec_id in first:
            program.doors[exec_id].set()
        later = await program.next_begun()
        for exec_id in {*at_once, later}:
            program.doors[exec_id].set()
        for exec_id in {*first, *at_once, later}:
            await program.ended(exec_id)
        statuses = {each: [state.status for state in await program.all_states(each)] for each in policies}

        assert statuses == {
            "skip": [Status.SUCCESS],
            "allow": [Status.SUCCESS, Status.SUCCESS],
            "buffer_one": [Status.SUCCESS, Status.SUCCESS],
            "cancel_other": [Status.CANCELED, Status.SUCCESS],
        }
        assert [each.split(".")[1].split("-")[0] for each in stopped] == ["cancel_other"]
        assert ".buffer_one-" in later
        assert await program.shown("skip", lambda now: now.skipped == 1)


@pytest.mark.parametrize("policy", [OverlapPolicy.SKIP, OverlapPolicy.ALLOW])
async def test_an_execution_that_runs_is_shown_paused_or_not(open_program, policy):
    async with open_program(nightly=attrs.evolve(YEARLY, overlap_policy=policy)) as program:
        await program.kept.reconcile()
        await program.kept.pause("nightly")
        await program.kept.run_now("nightly")
        exec_id = await program.next_begun()
        found = await program.shown("nightly", lambda now: now.running)
        program.doors[exec_id].set()
        await program.ended(exec_id)

        assert (found.is_paused, found.running) == (True, (exec_id,))
        assert [each.exec_id for each in found.recent] == [exec_id]


async def test_an_input_that_does_not_satisfy_the_schema_is_recorded_as_a_failure(open_program):
    schema = {"type": "object", "required": ["city"]}
    async with open_program(nightly=(YEARLY, schema)) as program:
        await program.kept.reconcile()
        await program.kept.run_now("nightly")
        with trio.fail_after(10):
            while not (states := await program.all_states("nightly")):  # noqa: ASYNC110 - nobody tells of it
                await trio.sleep(0.02)

        (state,) = states
        assert (state.status, state.error.code) == (Status.FAILED, "INVALID")
        assert "city" in state.error.message


async def test_what_is_due_is_left_out_when_the_files_have_it_no_more(open_program):
    async with open_program(nightly=YEARLY, weekly=YEARLY) as program:
        await program.kept.reconcile()
        del program.executions.project.workflows["nightly"]
        await program.schedules.run_now("nightly")
        await program.schedules.run_now("weekly")
        exec_id = await program.next_begun()
        program.doors[exec_id].set()
        await program.ended(exec_id)

        assert ".weekly-" in exec_id
        assert await program.all_states("nightly") == ()
