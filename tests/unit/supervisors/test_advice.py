"""What a plan says before anything runs: how long start and stop may take, and what should be looked at."""

import json
import math
from contextlib import asynccontextmanager

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from supervisors import Tree, constant
from supervisors.core.budget import PATIENCE, plan_shutdown
from supervisors.inspection.advice import warnings
from supervisors.inspection.forecast import (
    deepest_stop,
    longest_start,
    longest_stop,
    shutdown_shares,
    sufficient_shutdown,
)


@pytest.fixture
def declare():
    """Return a factory of plans: ``declare(store={"grace": 1}, http={"needs": ("store",)})``."""

    def make(*, shutdown=100, **actors):
        tree = Tree("shop", shutdown=shutdown)
        for name, options in actors.items():
            tree.add(constant(name), name=name, **options)
        return tree.plan()

    return make


def test_longest_start_is_the_chain_of_needs_with_the_most_start_timeout(declare):
    plan = declare(
        store={"start_timeout": 10},
        temporal={"start_timeout": 60},
        worker={"needs": ("store", "temporal"), "start_timeout": 5},
        http={"needs": ("store",), "start_timeout": 20},
    )

    chain = plan.critical_path

    assert (chain.actors, chain.seconds) == (("temporal", "worker"), 65)


def test_wanted_actors_and_main_actors_do_not_make_the_start_longer(declare):
    plan = declare(
        search={"start_timeout": 10},
        http={"wants": ("search",), "start_timeout": 15},
        job={"needs": ("http",), "main": True},
    )

    assert longest_start(plan).actors == ("http",)


def test_start_has_no_limit_when_something_waits_for_a_main_actor(declare):
    plan = declare(job={"main": True}, http={"needs": ("job",)})

    chain = longest_start(plan)

    assert (chain.actors, chain.seconds) == (("job", "http"), math.inf)
    assert plan.as_dict()["longest_start"]["seconds"] is None
    assert "ready within no limit" in str(plan)


def test_group_takes_no_time_of_its_own(declare):
    inner = Tree("data")
    inner.add(constant(1), name="store", start_timeout=7, grace=3)
    tree = Tree("shop")
    group = tree.include(inner)
    tree.add(constant(2), name="http", needs=(group,), start_timeout=5, grace=4)
    plan = tree.plan()

    assert longest_start(plan).actors == ("data/store", "http")
    assert longest_start(plan).seconds == 12
    assert longest_stop(plan).actors == ("http", "data/store")
    assert longest_stop(plan).seconds == 3 + 4 + 2 * PATIENCE
    assert [share.name for share in shutdown_shares(plan)] == ["http", "data/store"]


def test_children_of_a_pool_have_their_share_though_there_are_none_yet():
    tree = Tree("shop", shutdown=10)
    tree.add(constant(1), name="store", grace=1)
    tree.pool("sessions", needs=("store",), grace=20)
    plan = tree.plan()

    assert longest_stop(plan).actors == ("sessions/*", "store")
    (warning,) = warnings(plan)
    assert "'sessions/*' is left with" in warning


def test_shares_say_what_is_left_of_a_grace_and_when_the_actor_is_gone(declare):
    plan = declare(
        shutdown=20,
        store={"grace": 10},
        cache={"grace": 1},
        worker={"grace": 15, "needs": ("store", "cache")},
        http={"grace": 5, "needs": ("worker",)},
    )

    shares = {share.name: share for share in shutdown_shares(plan)}

    assert list(shares) == ["http", "worker", "store", "cache"]
    assert shares["worker"].planned == pytest.approx(14 / 3)  # 20 s less 3 times 2 s, for three that want more
    assert shares["store"].gone_by == pytest.approx(20)
    assert not shares["cache"].is_shrunk
    assert all(share.is_shrunk for name, share in shares.items() if name != "cache")


def test_graces_beyond_the_budget_are_told_with_the_way_out(declare):
    plan = declare(shutdown=20, store={"grace": 10}, worker={"grace": 20, "needs": ("store",)})

    (warning,) = warnings(plan)

    assert warning == (
        "tree 'shop' has 20 s to stop, but worker -> store may take 34 s: graces, and 2 s for each to end once "
        "cancelled; 'worker' is left with 8 s of its grace of 20 s (40%); raise shutdown to 34, or lower a "
        "grace: that of 'worker' is the largest, 20 s"
    )


def test_chain_that_is_too_long_for_the_usual_patience_is_told():
    names = "abcdefgh"
    tree = Tree("deep", shutdown=20)
    for index, name in enumerate(names):
        tree.add(constant(name), name=name, needs=tuple(names[max(index - 1, 0) : index]), grace=0.1)

    (warning,) = warnings(tree.plan())

    assert warning == (
        "tree 'deep' has 20 s to stop 8 actors one after the other (h -> g -> f -> (2 more) -> c -> b -> a); each is "
        "abandoned 1.25 s after it was cancelled, not 2 s; raise shutdown to 32"
    )


def test_resource_without_grace_is_told_because_its_teardown_runs_cancelled():
    tree = Tree("shop")

    @tree.actor(grace=0)
    @asynccontextmanager
    async def store(ctx):
        yield "db"

    @tree.actor(grace=1)
    @asynccontextmanager
    async def cache(ctx):
        yield "cache"

    @tree.actor(grace=0)
    async def http(ctx):  # a service may want to be cancelled
        ctx.started()
        await trio.sleep_forever()

    (warning,) = warnings(tree.plan())

    assert warning.startswith("'store' has a grace of 0")


async def test_teardown_of_a_resource_without_grace_does_run_cancelled():
    tree = Tree("shop")
    ended = []

    @tree.actor(grace=0)
    @asynccontextmanager
    async def store(ctx):
        try:
            yield "db"
            await trio.sleep(1)
        except trio.Cancelled:
            ended.append("cancelled")
            raise

    async with tree.open():
        pass

    assert ended == ["cancelled"]


def test_wish_for_what_is_needed_anyway_is_told_with_the_way_to_it(declare):
    plan = declare(
        store={},
        worker={"needs": ("store",)},
        http={"needs": ("worker",), "wants": ("store",)},
        cache={"wants": ("store",)},
    )

    (warning,) = warnings(plan)

    assert warning == (
        "'http' wants 'store', but cannot run without it: http -> worker -> store; "
        "need 'store' to get its value instead of a reference, or drop it"
    )


def test_group_that_is_given_what_a_member_merely_wants_is_in_order():
    inner = Tree("api", takes=("store",))
    inner.add(constant(1), name="worker", needs=("store",))
    inner.add(constant(2), name="http", needs=("worker",), wants=("store",))
    tree = Tree("shop", shutdown=100)
    tree.add(constant(3), name="store")
    tree.include(inner, needs=("store",))

    assert warnings(tree.plan()) == ()


def test_several_main_actors_are_told(declare):
    (warning,) = warnings(declare(job={"main": True}, cron={"main": True}))

    assert warning.startswith("'job', 'cron' are all main actors: the first that returns ends the tree")


def test_main_actor_that_others_need_is_told(declare):
    (warning,) = warnings(declare(job={"main": True}, http={"needs": ("job",)}))

    assert warning.startswith("'http' needs the main actor 'job', which has no start timeout")


def test_group_around_a_main_actor_is_in_order():
    inner = Tree("work")
    inner.add(constant(1), name="job", main=True)
    tree = Tree("shop")
    tree.include(inner)

    assert warnings(tree.plan()) == ()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"main": True, "start_timeout": 60}, "start_timeout=60 has no effect"),
        ({"main": True, "restart": "always"}, "restart='always' has no effect"),
        ({"restart": "never", "retries": 8}, "retries=8 has no effect"),
    ],
)
def test_option_without_effect_is_told(declare, options, expected):
    (warning,) = warnings(declare(job=options))

    assert warning.startswith("'job' is")
    assert expected in warning


def test_ordinary_tree_gets_no_warning(declare):
    plan = declare(
        shutdown=30,
        store={},
        cache={"retries": 0, "restart": "never"},
        temporal={"start_timeout": 60, "grace": 10},
        worker={"needs": ("store", "cache", "temporal"), "grace": 10},
        http={"needs": ("store", "cache"), "wants": ("temporal", "worker"), "grace": 1},
        job={"needs": ("http",), "main": True, "grace": 0},
    )

    assert warnings(plan) == ()


trees = st.lists(
    st.tuples(st.sampled_from([0, 0.5, 1, 5, 40]), st.lists(st.sampled_from(["", "needs", "wants"]), min_size=7)),
    min_size=1,
    max_size=8,
)


def grow(actors, shutdown):
    tree = Tree("random", shutdown=shutdown)
    for index, (grace, kinds) in enumerate(actors):
        edges = {
            kind: tuple(f"a{i}" for i, each in enumerate(kinds[:index]) if each == kind) for kind in ("needs", "wants")
        }
        tree.add(constant(index), name=f"a{index}", grace=grace, **edges)
    return tree.plan()


@given(actors=trees, shutdown=st.sampled_from([1, 10, 30, 100]))
def test_warning_about_the_budget_comes_exactly_when_somebody_gets_less_than_declared(actors, shutdown):
    plan = grow(actors, shutdown)
    told = [warning for warning in warnings(plan) if warning.startswith("tree ")]

    is_less = any(share.is_shrunk for share in shutdown_shares(plan)) or any(
        slot.patience < PATIENCE for slot in plan_shutdown(plan).values()
    )
    assert bool(told) == is_less == (sufficient_shutdown(plan) > shutdown)


@given(actors=trees)
def test_budget_that_is_advised_is_enough(actors):
    plan = grow(actors, sufficient_shutdown(grow(actors, 1)))

    assert not [warning for warning in warnings(plan) if warning.startswith("tree ")]
    assert longest_stop(plan).seconds <= plan.shutdown
    assert deepest_stop(plan).seconds <= plan.shutdown / 2


@given(actors=trees, shutdown=st.sampled_from([1, 10, 30, 100]))
def test_nobody_is_planned_beyond_the_budget(actors, shutdown):
    plan = grow(actors, shutdown)
    shares = {share.name: share for share in shutdown_shares(plan)}

    for name, share in shares.items():
        assert 0 <= share.planned <= share.grace
        assert share.gone_by <= shutdown + 1e-6
        assert all(shares[before].gone_by + share.planned < share.gone_by for before in plan.held_by[name])


def test_outline_shows_orders_shares_and_warnings(declare):
    plan = declare(shutdown=20, store={"grace": 10}, http={"grace": 20, "needs": ("store",), "start_timeout": 3})

    assert str(plan).splitlines() == [
        "shop: 2 actors, ready within 33 s, down within 20 s",
        "  start: store -> http",
        "  stop:  http -> store",
        "  longest start: store -> http (33 s)",
        "  longest stop:  http -> store (34 s of 20 s)",
        "",
        "  actor  grace  planned  cancelled by  gone by",
        "  http    20 s      8 s           8 s     10 s",
        "  store   10 s      8 s          18 s     20 s",
        "",
        "warnings:",
        f"  - {plan.warnings[0]}",
    ]


def test_outline_of_nothing_is_in_order():
    plan = Tree("empty").plan()

    assert str(plan).splitlines()[0] == "empty: 0 actors, ready within 0 s, down within 30 s"
    assert plan.as_dict()["actors"] == []


def test_outline_is_made_of_what_json_has(declare):
    plan = declare(store={"grace": 1}, job={"main": True, "needs": ("store",)})

    values = json.loads(json.dumps(plan.as_dict(), allow_nan=False))

    assert values["start_order"] == [["store"], ["job"]]
    assert values["longest_stop"] == {"actors": ["job", "store"], "seconds": 10}
    assert values["actors"][1] == {
        "name": "job",
        "kind": "actor",
        "group": None,
        "main": True,
        "needs": ["store"],
        "wants": [],
        "restart": "on_failure",
        "retries": 5,
        "start_timeout": None,
        "grace": 5,
        "planned_grace": 5,
        "cancel_by": 95,
        "gone_by": 7,
    }
