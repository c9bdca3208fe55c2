"""A real server announces the times that are ours, and keeps the projects on it apart."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from compozy.domain.cron import parse_cron
from compozy.domain.definitions import ScheduleDefinition
from compozy.drivers.clock import utc_now
from compozy.drivers.temporal.schedules import TemporalSchedules
from compozy.engine.schedules.instants import next_times

pytestmark = pytest.mark.slow

# Where a clock goes back, the server leaves moments out in zones east of Greenwich, and where it is by less than an
# hour: there are no such nights here.
CASES = [
    ("*/30 * * * *", "America/New_York", "2027-03-14T05:00"),
    ("30 2 * * *", "America/New_York", "2027-03-13T00:00"),
    ("*/30 0-3 * * *", "America/New_York", "2027-11-07T04:00"),
    ("*/30 * * * *", "Europe/Lisbon", "2027-03-28T00:00"),
    ("30 1 * * *", "Europe/Lisbon", "2027-03-26T00:00"),
    ("0 0 * * *", "America/Santiago", "2027-09-03T00:00"),
    ("0 0 13 * FRI", "UTC", "2027-01-01T00:00"),
    ("0 0 */10 * FRI-SUN", "Asia/Kathmandu", "2027-01-01T00:00"),
    ("0 12 29 2 ?", "UTC", "2027-01-01T00:00"),
    ("10/20 59 23 31 DEC * 2029-2031", "Asia/Tokyo", "2027-01-01T00:00"),
    ("0 9 * * 1-5 2028", "Europe/Berlin", "2027-01-01T00:00"),
    ("@weekly", "America/Sao_Paulo", "2027-01-01T00:00"),
    ("@every 7m", "UTC", "2027-01-01T00:00:30"),
    ("@every 36h", "Europe/Berlin", "2027-03-27T12:00"),
]


async def test_a_server_announces_the_times_that_are_ours(on_temporal):
    for number, (cron, timezone, start) in enumerate(CASES):
        start_at = datetime.fromisoformat(start).replace(tzinfo=UTC)
        await on_temporal.put(f"w{number}", ScheduleDefinition(cron=cron, timezone=timezone, start_at=start_at))

        announced = (await on_temporal.find(f"w{number}")).next_times
        ours = next_times(
            parse_cron(cron),
            after=datetime.now(UTC),
            timezone=ZoneInfo(timezone),
            count=len(announced),
            start_at=start_at,
        )
        assert len(announced) >= 6, cron
        assert announced == ours, cron


async def test_projects_on_one_server_neither_see_nor_touch_each_other(connection, on_temporal, project_name):
    one, longer = (
        TemporalSchedules(connection=connection, project=name, task_queue="none", clock=utc_now)
        for name in (project_name, f"{project_name}:east")
    )
    await one.put("nightly", ScheduleDefinition(cron="@yearly"))
    await longer.put("nightly", ScheduleDefinition(cron="@monthly"))
    await longer.put("hourly", ScheduleDefinition(cron="@yearly"))

    await one.delete("hourly")

    assert (await one.find("nightly")).definition.cron == "@yearly"
    assert (await longer.find("nightly")).definition.cron == "@monthly"
    assert await longer.find("hourly") is not None
    assert await one.list_ids() <= {"nightly"}
    await longer.delete("nightly")
    await longer.delete("hourly")
