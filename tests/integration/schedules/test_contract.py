"""What may be assumed of schedules, whatever holds them."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.domain.definitions import OverlapPolicy, Project, ScheduleDefinition, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.engine.schedules.keeping import ProjectSchedules, Reconciled

pytestmark = pytest.mark.slow

# Never due while a test runs.
YEARLY = ScheduleDefinition(cron="0 0 1 1 *")
WHOLE = ScheduleDefinition(
    cron="30 15 9-17/2 1,15 * MON-FRI 2030-2035",
    timezone="America/New_York",
    jitter=timedelta(seconds=1.5),
    overlap_policy=OverlapPolicy.BUFFER_ONE,
    start_at=datetime(2030, 1, 1, tzinfo=UTC),
    end_at=datetime(2035, 1, 1, 12, 30, 0, 250, tzinfo=UTC),
)


def a_project(name="shop", **schedules):
    tasks = (TaskDefinition(id="t", tool="t"),)
    workflows = {each: WorkflowDefinition(id=each, tasks=tasks, schedule=schedules[each]) for each in schedules}
    return Project(name=name, root="/nowhere", workflows=workflows)


def kept(schedules, **wanted):
    return ProjectSchedules(project=a_project(**wanted), schedules=lambda: schedules)


@pytest.mark.parametrize("definition", [YEARLY, WHOLE, ScheduleDefinition(cron="@every 30d")])
async def test_what_was_put_is_found_as_it_was(schedules, definition):
    await schedules.put("nightly", definition)

    found = await schedules.find("nightly")
    assert found.definition == definition
    assert (found.workflow_id, found.is_paused, found.running, found.recent) == ("nightly", False, (), ())


async def test_what_was_never_put_is_not_found_and_cannot_be_acted_on(schedules):
    assert await schedules.find("nightly") is None
    with pytest.raises(NotFoundError, match="'nightly' is not in force"):
        await schedules.run_now("nightly")
    with pytest.raises(NotFoundError, match="'nightly' is not in force"):
        await schedules.pause("nightly", "why")
    with pytest.raises(NotFoundError, match="'nightly' is not in force"):
        await schedules.resume("nightly", "why")
    await schedules.delete("nightly")


async def test_what_cannot_be_scheduled_is_refused(schedules):
    with pytest.raises(InvalidError, match="61 is not in 0-59"):
        await schedules.put("nightly", ScheduleDefinition(cron="61 * * * *"))
    assert await schedules.find("nightly") is None


async def test_putting_again_replaces_it_and_leaves_a_pause(schedules):
    await schedules.put("nightly", YEARLY)
    await schedules.pause("nightly", "the warehouse moves")
    await schedules.put("nightly", WHOLE)

    found = await schedules.find("nightly")
    assert found.definition == WHOLE
    assert (found.is_paused, found.note) == (True, "the warehouse moves")


async def test_putting_says_whether_it_is_paused_when_it_is_told_to(schedules):
    await schedules.put("nightly", YEARLY, is_paused=True)
    first = await schedules.find("nightly")
    await schedules.put("nightly", YEARLY, is_paused=False)

    assert [first.is_paused, (await schedules.find("nightly")).is_paused] == [True, False]


async def test_it_is_paused_until_it_is_resumed(schedules):
    await schedules.put("nightly", YEARLY)
    await schedules.pause("nightly", "why")
    paused = await schedules.find("nightly")
    await schedules.resume("nightly", "why not")

    resumed = await schedules.find("nightly")
    assert [(each.is_paused, each.note) for each in (paused, resumed)] == [(True, "why"), (False, "why not")]


async def test_it_says_since_when_it_is_paused_and_a_second_pause_changes_only_the_reason(schedules):
    await schedules.put("nightly", YEARLY)
    begin = datetime.now(UTC).replace(microsecond=0)
    await schedules.pause("nightly", "why")
    first = await schedules.find("nightly")
    await schedules.pause("nightly", "another reason")
    await schedules.put("nightly", WHOLE)
    second = await schedules.find("nightly")
    await schedules.resume("nightly", "why not")

    assert begin <= first.paused_at <= datetime.now(UTC)
    assert (second.note, second.paused_at) == ("another reason", first.paused_at)
    assert (await schedules.find("nightly")).paused_at is None


async def test_what_was_deleted_is_gone(schedules):
    await schedules.put("nightly", YEARLY)
    await schedules.delete("nightly")

    assert await schedules.find("nightly") is None


async def test_reconciling_puts_and_deletes_what_differs_and_then_nothing(schedules):
    first = await kept(schedules, a=YEARLY, b=WHOLE, c=YEARLY).reconcile()
    # The listing may lag behind on a server, so what is to be deleted is found through the wanted ones' absence later.
    changed = kept(schedules, a=YEARLY, b=attrs.evolve(WHOLE, timezone="UTC"), d=YEARLY)
    second = await changed.reconcile()
    again = await changed.reconcile()

    assert first == Reconciled(put=("a", "b", "c"))
    assert second.put == ("b", "d")
    assert again.put == ()
    assert set(second.deleted + again.deleted) <= {"c"}
    assert (await schedules.find("b")).definition.timezone == "UTC"


async def test_reconciling_leaves_a_pause_and_heeds_what_the_file_turns_off_and_on(schedules):
    is_paused = []
    await kept(schedules, a=YEARLY).reconcile()
    await schedules.pause("a", "why")
    for wanted in (YEARLY, WHOLE, attrs.evolve(WHOLE, enabled=False), WHOLE):
        await kept(schedules, a=wanted).reconcile()
        is_paused.append((await schedules.find("a")).is_paused)

    assert is_paused == [True, True, True, False]


async def test_the_listing_has_what_the_files_say_and_what_is_in_force(schedules):
    project = kept(schedules, a=YEARLY, b=WHOLE)
    await schedules.put("b", YEARLY)

    first, second = await project.list()

    assert (first.workflow_id, first.definition, first.scheduled) == ("a", YEARLY, None)
    assert (second.definition, second.scheduled.definition) == (WHOLE, YEARLY)


async def test_only_what_the_files_have_can_be_acted_on(schedules):
    project = kept(schedules, nightly=attrs.evolve(YEARLY, enabled=False))
    await project.reconcile()

    with pytest.raises(NotFoundError, match="did you mean 'nightly'"):
        await project.pause("nigthly")
    with pytest.raises(ConflictError, match="enabled: false"):
        await project.resume("nightly")
    assert (await schedules.find("nightly")).is_paused
