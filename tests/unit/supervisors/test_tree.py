"""Trees as they are declared: what is accepted, what is refused, what follows."""

from contextlib import asynccontextmanager
from functools import partial

import pytest

from supervisors import Tree, TreeError, Unavailable, constant


async def actor(ctx):
    ctx.started()
    await ctx.stopping.wait()


async def test_dependencies_are_named_by_function_or_by_name():
    tree = Tree("t")

    @tree.actor
    async def store(ctx):
        await actor(ctx)

    @tree.actor(needs=(store,))
    async def cache(ctx):
        await actor(ctx)

    @tree.actor(needs=("cache",), wants=(store,))
    async def http(ctx):
        await actor(ctx)

    assert tree.plan().needs == {"store": (), "cache": ("store",), "http": ("cache",)}
    assert tree.plan().start_order == (("store",), ("cache",), ("http",))
    assert tree.plan().stop_order == (("http",), ("cache",), ("store",))


def test_a_wanted_actor_starts_at_once_but_stops_later(chain):
    plan = chain({"http": (), "temporal": ()}, wants={"http": ("temporal",)}).plan()

    assert plan.start_order == (("http", "temporal"),)
    assert plan.stop_order == (("http",), ("temporal",))
    assert "stop:  http -> temporal" in str(plan)


def test_a_dependency_may_be_declared_after_its_dependent():
    tree = Tree("t")
    tree.add(actor, name="late", needs=("early",))
    tree.add(partial(actor), name="early")

    assert tree.plan().start_order == (("early",), ("late",))


def test_cycle_is_refused_and_printed(chain):
    with pytest.raises(TreeError, match="cycle: a -> c -> b -> a"):
        chain({"a": ("c",), "b": ("a",), "c": ("b",)}).plan()


def test_a_want_that_closes_a_cycle_is_refused(chain):
    with pytest.raises(TreeError, match="cycle"):
        chain({"a": (), "b": ("a",)}, wants={"a": ("b",)}).plan()


def test_unknown_name_is_refused_with_the_nearest_one(chain):
    with pytest.raises(TreeError, match=r"'http' depends on 'stroe', which is not in the tree; did you mean 'store'\?"):
        chain({"store": (), "http": ("stroe",)}).plan()


def test_all_problems_are_reported_at_once(chain):
    with pytest.raises(TreeError) as caught:
        chain({"a": ("x",), "b": ("y",)}).plan()

    assert len(caught.value.problems) == 2


def test_function_outside_the_tree_is_refused():
    tree = Tree("t")
    tree.add(actor, name="a", needs=(constant(1),))

    with pytest.raises(TreeError, match="'a' depends on hold, which is not in the tree"):
        tree.plan()


def test_function_that_stands_for_two_actors_must_be_named():
    tree = Tree("t")
    tree.add(actor, name="one")
    tree.add(actor, name="two")
    tree.add(constant(1), name="user", needs=(actor,))

    with pytest.raises(TreeError, match="stands for one, two; name one of them"):
        tree.plan()


def test_parameter_without_a_match_is_refused():
    tree = Tree("t")

    @tree.actor
    async def http(ctx, store):
        await actor(ctx)

    with pytest.raises(TreeError, match="'http' takes 'store', which it neither needs nor wants"):
        tree.plan()


def test_parameter_with_a_default_may_stay_without_a_match():
    tree = Tree("t")

    @tree.actor
    async def http(ctx, port=80):
        await actor(ctx)

    assert tree.plan().needs == {"http": ()}


def test_the_same_edge_twice_is_refused(chain):
    with pytest.raises(TreeError, match="'b' depends on 'a' more than once"):
        chain({"a": (), "b": ("a",)}, wants={"b": ("a",)}).plan()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grace": -1}, "actor 'x': 'grace' must be >= 0"),
        ({"retries": -1}, "'retries' must be >= 0"),
        ({"start_timeout": 0}, "'start_timeout' must be > 0"),
        ({"restart": "sometimes"}, "'restart' must be in"),
        ({"needs": "store"}, "needs= takes several"),
        ({"wants": actor}, "wants= takes several"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(TreeError, match=message):
        Tree("t").add(actor, **{"name": "x", **options})


def test_duplicate_names_are_refused():
    tree = Tree("t")
    tree.add(actor)

    with pytest.raises(TreeError, match="already has an actor 'actor'"):
        tree.add(actor)


def test_a_function_without_a_name_needs_one():
    with pytest.raises(TreeError, match="give it one with name="):
        Tree("t").add(lambda ctx: actor(ctx))  # noqa: PLW0108 - a function without a name


def test_an_actor_takes_a_context():
    async def nothing():
        pass

    with pytest.raises(TreeError, match="nothing must take the context as its first parameter"):
        Tree("t").add(nothing)


@pytest.mark.parametrize("shutdown", [0, -3])
def test_shutdown_budget_must_be_positive(shutdown):
    with pytest.raises(TreeError, match="shutdown must be positive"):
        Tree("t", shutdown=shutdown)


async def test_override_replaces_what_runs_and_leaves_the_original_tree_alone():
    tree = Tree("t")

    @tree.actor
    async def store(ctx):
        raise AssertionError("the original must not run")

    @tree.actor(needs=(store,))
    async def http(ctx, store):
        ctx.started(f"http on {store}")
        await ctx.stopping.wait()

    async with tree.override(store=constant("fake")).open() as live:
        assert live[http].get() == "http on fake"
        assert live[store].get() == "fake"
    assert tree.specs["store"].function is store


def test_replacement_keeps_only_the_dependencies_it_has_parameters_for(chain):
    tree = chain({"disk": (), "net": (), "store": ("disk", "net")}, wants={})

    async def fake(ctx, net):
        await actor(ctx)

    assert tree.override(store=fake).plan().needs["store"] == ("net",)


def test_override_of_an_unknown_actor_is_refused(chain):
    with pytest.raises(TreeError, match=r"cannot override 'sotre'; did you mean 'store'\?"):
        chain({"store": ()}).override(sotre=constant(1))


async def test_only_starts_the_closure_of_needs_and_leaves_wants_unavailable():
    tree = Tree("t")
    tree.add(constant("store"), name="store")
    tree.add(constant("temporal"), name="temporal")
    tree.add(constant("other"), name="other")

    @tree.actor(needs=("store",), wants=("temporal",))
    async def http(ctx, store, temporal):
        ctx.started(temporal)
        await ctx.stopping.wait()

    async with tree.only(http).open() as live:
        assert [row.name for row in live.status()] == ["store", "http"]
        with pytest.raises(Unavailable, match="'temporal' is not available: is not part of this tree"):
            live[http].get().get()
        with pytest.raises(Unavailable):
            await live[http].get().ready()


def test_only_refuses_an_unknown_actor(chain):
    with pytest.raises(TreeError, match=r"no actor 'htpt'; did you mean 'http'\?"):
        chain({"http": ()}).only("htpt")


async def test_the_same_tree_can_be_opened_several_times(chain):
    tree = chain({"a": (), "b": ("a",)})

    async with tree.open() as first, tree.open() as second:
        assert first["b"].get() == second["b"].get() == "b#1"
        await first.restart("b")
        assert (first["b"].get(), second["b"].get()) == ("b#2", "b#1")
    async with tree.open() as third:
        assert third["b"].get() == "b#1"


async def test_resource_is_ready_at_its_yield_and_torn_down_afterwards(resource):
    notes = []
    tree = Tree("t")
    tree.add(resource("db", notes))

    async with tree.open() as live:
        notes.append(live["db"].get())

    assert notes == ["+db", "db", "-db"]


async def test_an_actor_function_may_return_a_context_manager_without_being_one():
    @asynccontextmanager
    async def open_store(path):
        yield f"store at {path}"

    tree = Tree("t")
    tree.add(lambda _: open_store("/data"), name="store")

    async with tree.open() as live:
        assert live["store"].get() == "store at /data"
