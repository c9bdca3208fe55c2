"""Which actors a project stands on, and in which order they start and stop."""

from itertools import chain

import pytest

from compozy.app.options import Options, load
from compozy.app.runtime import deployment_of
from compozy.app.tree import build_tree
from compozy.domain.errors import InvalidError
from compozy.telemetry.metrics import Metrics

BACKENDS = ["http", "worker", "temporal", "cache", "store"]


@pytest.fixture
def load_project(tmp_path):
    """Return a function that loads an empty project with these variables set."""
    (tmp_path / "compozy.yaml").write_text("name: test\n")
    return lambda **environ: load(Options(path=tmp_path, environ={"COMPOZY_MODE": "standalone"} | environ))


@pytest.fixture
def plan(load_project):
    """Return a function from variables to the plan of the project's tree."""

    def plan(**environ):
        loaded = load_project(**environ)
        return build_tree(loaded, Metrics(deployment_of(loaded))).plan()

    return plan


@pytest.mark.parametrize("environ", [{}, {"DB_DRIVER": "postgres", "DB_HOST": "db"}], ids=["sqlite", "postgres"])
def test_backends_stop_in_the_reverse_of_their_start(plan, environ):
    order = list(chain(*plan(**environ).stop_order))

    assert [name for name in order if name in BACKENDS] == BACKENDS


def test_the_loop_of_postgresql_is_there_before_the_store_and_after_it(plan):
    with_postgres = plan(DB_DRIVER="postgres", DB_HOST="db")

    assert set(with_postgres.dependencies("store")) == {"state_folder", "asyncio"}
    assert set(plan().dependencies("store")) == {"state_folder"}


def test_there_is_a_janitor_only_when_there_is_a_retention_and_nobody_needs_it(plan):
    with_retention = plan(DB_RETENTION="30d")

    assert "janitor" not in chain(*plan().start_order)
    assert "janitor" in chain(*with_retention.start_order)
    assert with_retention.dependents("janitor") == ()


def test_a_store_on_postgresql_is_part_of_a_standalone_project(load_project):
    deployment = deployment_of(load_project(DB_DRIVER="postgres", DB_URL="postgres://db/shop"))

    assert (deployment.mode, deployment.store_driver) == ("standalone", "postgres")


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({"COMPOZY_MODE": "distributed"}, ["mode", "temporal.mode"]),
        ({"TEMPORAL_MODE": "distributed", "DB_DRIVER": "postgres", "DB_HOST": "db"}, ["temporal.mode"]),
    ],
)
def test_what_needs_a_cluster_is_refused_by_name(load_project, environ, keys):
    with pytest.raises(InvalidError) as caught:
        load_project(**environ)

    assert [problem.key for problem in caught.value.problems] == keys
