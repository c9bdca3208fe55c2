"""Executions go on to their ends, and nothing is done twice or left behind, whatever is killed meanwhile."""

from functools import partial
from pathlib import Path

import pytest

from .distributed import Distributed, open_distributed
from .standalone import Standalone, open_standalone
from .storm import Storm, unleash
from .timeline import Timeline

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "recover.md"
SCENES = {
    "standalone": (open_standalone, 4),
    "distributed": (partial(open_distributed, apis=1, workers=2), 6),
}
"""By mode: what it falls upon, and as many strikes as kill everything that can be killed at least once."""


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize("mode", SCENES)
async def test_every_law_holds_after_everything_was_killed_while_executions_ran(mode):
    scene, strikes = SCENES[mode]
    timeline = Timeline(print)
    storm = Storm(name=mode, scene=scene, seed=6, executions=60, at_once=60, strikes=strikes, limit_s=90)

    report = await unleash(storm, timeline)

    assert not report.breaches, "\n".join([report.summary, *timeline.lines, *report.breaches])


def test_the_guide_tells_of_all_that_is_killed_here_and_of_nothing_else():
    rows = [line.split("|")[1].strip() for line in GUIDE.read_text().splitlines() if line.startswith("| ")]

    assert rows == ["What is killed", *Standalone.victims, "What is killed", *Distributed.victims]
