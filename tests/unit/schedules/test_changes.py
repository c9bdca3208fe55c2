"""What is changed so that the schedules in force are those of the files."""

import attrs
import pytest

from compozy.contracts.schedules import Scheduled
from compozy.domain.definitions import OverlapPolicy, ScheduleDefinition
from compozy.engine.schedules.changes import Delete, Put, changes_between

DAILY = ScheduleDefinition(cron="@daily")
OFF = attrs.evolve(DAILY, enabled=False)
HOURLY = ScheduleDefinition(cron="@hourly")


def changes(wanted, **present):
    return list(changes_between(wanted, present))


def in_force(definition, *, is_paused=False):
    return Scheduled(workflow_id="a", definition=definition, is_paused=is_paused)


def test_a_new_one_is_put_in_force_as_its_file_has_it():
    assert changes({"a": DAILY, "b": OFF}) == [
        Put(workflow_id="a", definition=DAILY, is_paused=False),
        Put(workflow_id="b", definition=OFF, is_paused=True),
    ]


def test_one_that_is_as_it_should_be_is_left_alone_paused_or_not():
    assert changes({"a": DAILY}, a=in_force(DAILY)) == []
    assert changes({"a": DAILY}, a=in_force(DAILY, is_paused=True)) == []


def test_another_input_is_no_change():
    assert changes({"a": attrs.evolve(DAILY, input={"n": 1})}, a=in_force(DAILY)) == []


def test_one_that_the_files_no_longer_have_is_deleted():
    assert changes({}, a=in_force(DAILY)) == [Delete(workflow_id="a")]


@pytest.mark.parametrize(
    ("was", "now", "is_paused"),
    [(DAILY, HOURLY, None), (DAILY, OFF, True), (OFF, DAILY, False), (OFF, attrs.evolve(OFF, cron="@hourly"), None)],
    ids=["changed", "turned off", "turned on", "changed while off"],
)
def test_a_pause_stays_unless_the_file_has_turned_it_off_or_on(was, now, is_paused):
    change = Put(workflow_id="a", definition=now, is_paused=is_paused)

    assert changes({"a": now}, a=in_force(was, is_paused=True)) == [change]


@pytest.mark.parametrize(
    "change", [{"timezone": "Europe/Lisbon"}, {"overlap_policy": OverlapPolicy.ALLOW}, {"cron": "@weekly"}]
)
def test_every_part_of_it_counts(change):
    now = attrs.evolve(DAILY, **change)

    assert changes({"a": now}, a=in_force(DAILY)) == [Put(workflow_id="a", definition=now, is_paused=None)]


def test_one_that_cannot_be_read_is_made_anew():
    assert changes({"a": DAILY}, a=in_force(None)) == [Put(workflow_id="a", definition=DAILY, is_paused=False)]
