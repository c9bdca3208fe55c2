"""How a server became ready, in one line."""

import pytest

from compozy.cli.booting import boot_line

STORE = {"name": "store", "ready_after_s": 0.2, "ready_in_s": 0.2, "waited_for": None}
CACHE = {"name": "cache", "ready_after_s": 0.3, "ready_in_s": 0.1, "waited_for": "store"}
HTTP = {"name": "http", "ready_after_s": 1.25, "ready_in_s": 0.95, "waited_for": "cache"}


def test_who_had_to_be_ready_one_after_the_other_is_named_with_what_each_took():
    slower = {"name": "janitor", "ready_after_s": 0.9, "ready_in_s": 0.7, "waited_for": "store"}

    assert boot_line([STORE, CACHE, slower, HTTP]) == "ready after 1.25 s: store 0.20 s > cache 0.10 s > http 0.95 s"


@pytest.mark.parametrize(
    "actors",
    [
        [],
        [STORE, {**HTTP, "ready_after_s": None}],  # not ready yet
        [{"name": "store", "state": "ready"}],  # a server of an older version
    ],
)
def test_nothing_is_said_of_a_start_that_is_not_known(actors):
    assert boot_line(actors) is None


def test_a_circle_that_a_server_makes_up_is_walked_once():
    circle = [{**STORE, "waited_for": "cache"}, CACHE]

    assert boot_line(circle) == "ready after 0.30 s: store 0.20 s > cache 0.10 s"
