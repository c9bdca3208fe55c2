"""Every mix of the modes: what a project is given, which actors that makes, and what is refused."""

from itertools import chain

import pytest

from compozy.app.options import Options, load
from compozy.app.roles import EVERYTHING, Roles, check_shared
from compozy.app.runtime import deployment_of
from compozy.app.tree import build_tree, is_forgetful
from compozy.config.settings import Mode
from compozy.domain.errors import InvalidError
from compozy.telemetry.metrics import Metrics

PG = {"DB_URL": "postgres://db/shop"}
REDIS = {"REDIS_URL": "redis://cache"}
FOLDER = "state_folder"

# Of a process that serves and works. What all of them have is left out: asyncio, store, cache, temporal, worker, http,
# and limiter.
MIXES = {
    # mode, DB_DRIVER, REDIS_MODE, TEMPORAL_MODE, further: store, cache, Temporal, who counts, folder, waits at boot
    ("standalone", None, None, None): ("sqlite", "sugardb", "dev server", "memory", True, False),
    ("standalone", "sqlite", "standalone", "standalone"): ("sqlite", "sugardb", "dev server", "memory", True, False),
    ("standalone", "postgres", None, None): ("postgres", "sugardb", "dev server", "memory", True, False),
    ("standalone", None, "distributed", None): ("sqlite", "redis", "dev server", "redis", True, False),
    ("standalone", "postgres", "distributed", None): ("postgres", "redis", "dev server", "redis", True, False),
    ("standalone", None, None, "distributed"): ("sqlite", "sugardb", "cluster", "memory", True, False),
    ("standalone", "postgres", None, "distributed"): ("postgres", "sugardb", "cluster", "memory", True, False),
    ("standalone", None, "distributed", "distributed"): ("sqlite", "redis", "cluster", "redis", True, False),
    ("standalone", "postgres", "distributed", "distributed"): ("postgres", "redis", "cluster", "redis", False, False),
    ("distributed", None, None, None): ("postgres", "redis", "cluster", "redis", False, True),
    ("distributed", "postgres", "distributed", "distributed"): ("postgres", "redis", "cluster", "redis", False, True),
    ("distributed", None, None, "standalone, exposed"): ("postgres", "redis", "dev server", "redis", True, True),
    (None, None, None, None): ("postgres", "redis", "cluster", "redis", False, True),
    (None, "postgres", None, None): ("postgres", "redis", "cluster", "redis", False, True),
    (None, None, None, "standalone, exposed"): ("postgres", "redis", "dev server", "redis", True, True),
}

REFUSED = {
    ("distributed", "sqlite", None, None): ["database.driver"],
    ("distributed", None, "standalone", None): ["redis.mode"],
    ("distributed", None, None, "standalone"): ["temporal.mode"],
    ("distributed", "sqlite", "standalone", "standalone"): ["database.driver", "redis.mode", "temporal.mode"],
    (None, "sqlite", "standalone", "standalone"): ["database.driver", "redis.mode", "temporal.mode"],
}


def environ_of(mix):
    mode, driver, cache, temporal = mix
    said = {"COMPOZY_MODE": mode, "DB_DRIVER": driver, "REDIS_MODE": cache}
    if temporal is not None:
        said |= {"TEMPORAL_MODE": temporal.partition(",")[0], "TEMPORAL_EXPOSE": str("exposed" in temporal).lower()}
    return PG | REDIS | {name: value for name, value in said.items() if value is not None}


@pytest.fixture
def load_project(tmp_path):
    """Return a function that loads an empty project with these variables set."""
    (tmp_path / "compozy.yaml").write_text("name: test\n")
    return lambda **environ: load(Options(path=tmp_path, environ=environ))


@pytest.fixture
def plan_of(load_project):
    """Return a function from variables to the plan of a process with these roles."""

    def plan_of(environ, roles=EVERYTHING):
        loaded = load_project(**environ)
        return build_tree(loaded, Metrics(deployment_of(loaded)), roles=roles).plan()

    return plan_of


@pytest.fixture
def keys_refused(load_project):
    """Return a function that gives the keys of the problems with these variables."""

    def keys_refused(**environ):
        with pytest.raises(InvalidError) as caught:
            load_project(**environ)
        return [problem.key for problem in caught.value.problems]

    return keys_refused


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_a_mix_resolves_to_these_backends(load_project, mix):
    store, cache, temporal, counts, *_ = MIXES[mix]
    settings = load_project(**environ_of(mix)).settings

    assert (settings.database.driver, settings.cache_driver, settings.rate_limit.backend) == (store, cache, counts)
    assert (settings.temporal.mode is Mode.DISTRIBUTED) == (temporal == "cluster")


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_a_mix_stands_on_these_actors(plan_of, mix):
    _, _, temporal, _, has_folder, waits = MIXES[mix]
    plan = plan_of(environ_of(mix))
    specs = plan.specs

    common = {"asyncio", "store", "cache", "temporal", "worker", "limiter", "http"}
    assert set(specs) == common | ({FOLDER} if has_folder else set())
    assert plan.retry_boot is waits
    assert (specs["temporal"].check is not None) == (temporal == "cluster")
    assert set(plan.wants["http"]) == {"temporal", "worker"} | ({"store", "cache", "limiter"} if waits else set())
    assert [name for name in chain(*plan.stop_order) if name in ("http", "worker", "temporal")] == [
        "http",
        "worker",
        "temporal",
    ]


@pytest.mark.parametrize("mix", [mix for mix in MIXES if MIXES[mix][4]], ids=str)
def test_whoever_keeps_a_file_holds_the_folder(plan_of, mix):
    store, cache, temporal, *_ = MIXES[mix]
    plan = plan_of(environ_of(mix))

    kept = {"store": store == "sqlite", "cache": cache == "sugardb", "temporal": temporal == "dev server"}
    assert {name for name, is_kept in kept.items() if is_kept} <= set(plan.dependents(FOLDER))


@pytest.mark.parametrize("mix", REFUSED, ids=str)
def test_a_dangerous_mix_is_refused_by_key(keys_refused, mix):
    assert keys_refused(**environ_of(mix)) == REFUSED[mix]


def test_a_refusal_says_where_the_value_came_from_and_the_way_out(load_project):
    with pytest.raises(InvalidError) as caught:
        load_project(COMPOZY_MODE="distributed", DB_DRIVER="sqlite", **REDIS)

    [problem] = caught.value.problems
    assert "mode distributed (from environment COMPOZY_MODE)" in problem.message
    assert "set by environment DB_DRIVER; use postgres, or set mode: standalone" in problem.hint


@pytest.mark.parametrize(
    ("environ", "key", "asked_by"),
    [
        ({"COMPOZY_MODE": "standalone", "DB_DRIVER": "postgres"}, "database.url", "database.driver is postgres"),
        ({"COMPOZY_MODE": "standalone", "REDIS_MODE": "distributed"}, "redis.url", "redis.mode is distributed"),
        ({"COMPOZY_MODE": "standalone", "RATELIMIT_BACKEND": "redis"}, "redis.url", "ratelimit.backend is redis"),
    ],
)
def test_a_server_without_an_address_is_named_with_what_asks_for_it(load_project, environ, key, asked_by):
    with pytest.raises(InvalidError) as caught:
        load_project(**environ)

    [problem] = caught.value.problems
    assert problem.key == key
    assert asked_by in problem.message
    assert "in the environment" in problem.hint


def test_nobody_who_counts_nothing_needs_a_server_to_count_in(load_project):
    settings = load_project(COMPOZY_MODE="standalone", RATELIMIT_BACKEND="redis", RATELIMIT_ENABLED="false").settings

    assert settings.redis.url is None


def test_executions_in_a_cluster_are_not_kept_in_memory(keys_refused):
    environ = {"COMPOZY_MODE": "standalone", "TEMPORAL_MODE": "distributed", "DB_PATH": ":memory:"}

    assert keys_refused(**environ) == ["database.path"]


@pytest.mark.parametrize(("path", "forgets"), [(":memory:", True), ("kept.db", False)])
def test_a_store_in_memory_beside_an_embedded_temporal_is_warned_of(load_project, path, forgets):
    assert is_forgetful(load_project(COMPOZY_MODE="standalone", DB_PATH=path).settings) is forgets


def test_a_worker_has_no_api_and_waits_for_all_it_works_on(plan_of):
    plan = plan_of(PG | REDIS, Roles(serves_http=False, health_port=0))

    assert set(plan.specs) == {"asyncio", "store", "cache", "temporal", "worker", "health"}
    assert set(plan.needs["worker"]) == {"store", "cache", "temporal"}
    assert plan.needs["health"] == ()


def test_an_api_without_a_worker_has_all_the_rest(plan_of):
    assert "worker" not in plan_of(PG | REDIS, Roles(works=False)).specs


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({"COMPOZY_MODE": "standalone"}, ["temporal.mode", "database.driver", "redis.mode"]),
        ({"COMPOZY_MODE": "standalone", "DB_DRIVER": "postgres"}, ["temporal.mode", "redis.mode"]),
        ({"COMPOZY_MODE": "standalone", "TEMPORAL_MODE": "distributed"}, ["database.driver", "redis.mode"]),
        ({"COMPOZY_MODE": "standalone", "DB_PATH": ":memory:"}, ["temporal.mode", "database.driver", "redis.mode"]),
        ({"TEMPORAL_MODE": "standalone", "TEMPORAL_EXPOSE": "true"}, ["temporal.mode"]),
    ],
    ids=str,
)
def test_a_worker_is_refused_what_others_cannot_reach(load_project, environ, keys):
    settings = load_project(**(PG | REDIS | environ)).settings
    with pytest.raises(InvalidError, match="compozy worker") as caught:
        check_shared(settings, "compozy worker")

    assert [problem.key for problem in caught.value.problems] == keys


@pytest.mark.parametrize(
    "environ",
    [
        {"COMPOZY_MODE": "distributed"},
        {
            "COMPOZY_MODE": "standalone",
            "DB_DRIVER": "postgres",
            "REDIS_MODE": "distributed",
            "TEMPORAL_MODE": "distributed",
        },
    ],
    ids=["distributed", "each component by itself"],
)
def test_a_worker_is_granted_what_all_can_reach(load_project, environ):
    check_shared(load_project(**(PG | REDIS | environ)).settings, "compozy worker")


def test_an_api_that_exposes_its_temporal_may_leave_the_work_to_others(load_project):
    settings = load_project(**(PG | REDIS), TEMPORAL_MODE="standalone", TEMPORAL_EXPOSE="true").settings

    check_shared(settings, "compozy serve --no-worker", exposes=True)
