"""A worker brings schedules in line with its files as soon as that can be done, and not again."""

import logging

import attrs
import pytest
import trio

from compozy.app.schedules import bring_in_line
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.engine.schedules.keeping import ProjectSchedules


@attrs.define
class Troubled:
    """Has no schedules, and cannot be asked at first.

    Attributes:
        troubles: What is raised, one each time.
        asked: When it was asked, by the clock of the run.
    """

    troubles: list[Exception]
    asked: list[float] = attrs.Factory(list)

    async def list_ids(self):
        await trio.lowlevel.checkpoint()
        self.asked.append(trio.current_time())
        if self.troubles:
            raise self.troubles.pop(0)
        return frozenset()


@pytest.fixture
def kept():
    """Return a function from what cannot be asked to the schedules of a project."""

    def make(troubled):
        return ProjectSchedules(project=Project(name="shop", root="/nowhere"), schedules=lambda: troubled)

    return make


async def test_it_is_tried_again_until_the_outage_is_over(kept, autojump_clock):
    troubled = Troubled([UnavailableError("temporal is away"), UnavailableError("temporal is away")])
    begin = trio.current_time()

    await bring_in_line(kept(troubled))

    assert [round(when - begin) for when in troubled.asked] == [0, 5, 15]


async def test_what_temporal_refuses_is_logged_and_left(kept, caplog):
    troubled = Troubled([InvalidError("temporal refused the request")])
    with caplog.at_level(logging.ERROR):
        await bring_in_line(kept(troubled))

    assert len(troubled.asked) == 1
    assert "temporal refuses one" in caplog.text
