"""What the readiness page of a real run says of its start."""

import pytest

from compozy.cli.booting import boot_line

pytestmark = pytest.mark.slow


def test_each_actor_says_how_long_its_start_took_and_whom_it_waited_for(seen):
    actors = {actor["name"]: actor for actor in seen.readiness["actors"]}

    assert seen.readiness["ready"] is True
    for actor in actors.values():
        assert actor["ready_after_s"] >= actor["ready_in_s"] >= 0
    assert actors["store"]["waited_for"] == "state_folder"
    assert actors["worker"]["waited_for"] == "temporal"
    assert boot_line(seen.readiness["actors"]).startswith("ready after ")
