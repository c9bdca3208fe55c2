from datetime import UTC, datetime, timedelta, timezone

import pytest

from compozy.domain.errors import InvalidError
from compozy.drivers.postgres.dialect import POSTGRES

FAR_EAST = timezone(timedelta(hours=14))
FAR_WEST = timezone(timedelta(hours=-12))


@pytest.mark.parametrize("zone", [UTC, FAR_EAST, FAR_WEST])
def test_a_moment_is_written_in_utc(zone):
    moment = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=zone)

    written = POSTGRES.moment_in(moment, "at")

    assert written == moment
    assert written.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 23), "no time zone"),  # noqa: DTZ001 - that is the point
        (datetime.max.replace(tzinfo=FAR_WEST), "out of range"),
        (datetime.min.replace(tzinfo=FAR_EAST), "out of range"),
    ],
)
def test_a_moment_that_cannot_be_written_is_named(moment, said):
    with pytest.raises(InvalidError, match=f"^at: .*{said}"):
        POSTGRES.moment_in(moment, "at")


def test_parameters_are_numbered_with_dollars():
    assert POSTGRES.text("SELECT ?1, ?12") == "SELECT $1, $12"


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])  # noqa: DTZ901 - as asyncpg reads infinity
def test_the_ends_of_time_are_read_in_utc(moment):
    assert POSTGRES.moment_out(moment) == moment.replace(tzinfo=UTC)
