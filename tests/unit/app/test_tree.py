"""Which actors a project stands on, and in which order they start and stop."""

from itertools import chain

import pytest

from compozy.app.options import Options, load
from compozy.app.runtime import deployment_of
from compozy.app.tree import build_tree
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


POSTGRES = {"DB_DRIVER": "postgres", "DB_HOST": "db"}
REDIS = {"REDIS_MODE": "distributed", "REDIS_HOST": "db"}


@pytest.mark.parametrize(
    "environ", [{}, POSTGRES, REDIS, POSTGRES | REDIS], ids=["embedded", "postgres", "redis", "postgres and redis"]
)
def test_backends_stop_in_the_reverse_of_their_start(plan, environ):
    order = list(chain(*plan(**environ).stop_order))

    assert [name for name in order if name in BACKENDS] == BACKENDS


def test_the_loop_of_postgresql_is_there_before_the_store_and_after_it(plan):
    with_postgres = plan(DB_DRIVER="postgres", DB_HOST="db")

    assert set(with_postgres.dependencies("store")) == {"state_folder", "asyncio"}
    assert set(plan().dependencies("store")) == {"state_folder"}


def test_the_loop_of_redis_is_there_before_the_cache_and_after_it(plan):
    with_redis = plan(**REDIS)

    assert set(with_redis.needs["cache"]) == {"store", "asyncio"}
    assert set(plan().needs["cache"]) == {"store"}


@pytest.mark.parametrize(
    ("environ", "needs"),
    [
        ({}, set()),
        (REDIS, {"cache"}),
        (REDIS | {"RATELIMIT_BACKEND": "memory"}, set()),
        ({"RATELIMIT_BACKEND": "redis", "REDIS_HOST": "db"}, {"asyncio"}),
    ],
    ids=["memory", "the cache's", "memory beside redis", "its own"],
)
def test_the_limiter_stands_on_what_it_counts_in(plan, environ, needs):
    planned = plan(**environ)

    assert set(planned.needs["limiter"]) == needs
    assert "http" in planned.dependents("limiter")
    assert (planned.specs["limiter"].check is not None) == (needs == {"asyncio"})  # nobody else looks at that server


def test_without_limits_there_is_no_limiter(plan):
    assert "limiter" not in chain(*plan(RATELIMIT_ENABLED="false").start_order)


def test_there_is_a_janitor_only_when_there_is_a_retention_and_nobody_needs_it(plan):
    with_retention = plan(DB_RETENTION="30d")

    assert "janitor" not in chain(*plan().start_order)
    assert "janitor" in chain(*with_retention.start_order)
    assert with_retention.dependents("janitor") == ()


def test_a_store_on_postgresql_is_part_of_a_standalone_project(load_project):
    deployment = deployment_of(load_project(DB_DRIVER="postgres", DB_URL="postgres://db/shop"))

    assert (deployment.mode, deployment.store_driver) == ("standalone", "postgres")


def test_a_cache_in_redis_is_part_of_a_standalone_project(load_project):
    deployment = deployment_of(load_project(**REDIS))

    assert (deployment.mode, deployment.cache_driver) == ("standalone", "redis")


def test_what_is_kept_goes_along_into_another_state_folder(tmp_path):
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")
    state = tmp_path / "state"

    loaded = load(Options(path=tmp_path, environ={}, flags={"state_dir": state}))
    own = load(Options(path=tmp_path, environ={}, flags={"state_dir": state, "cache.path": "mine"}))

    assert loaded.settings.cache.path == str(state / "cache")
    assert own.settings.cache.path == str(tmp_path / "mine")
