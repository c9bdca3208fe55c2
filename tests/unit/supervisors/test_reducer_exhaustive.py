"""Small trees, and every order of what can happen to them, with a few misfortunes each.

A walk visits each reachable state once (time aside) and checks at every step what must always hold. It branches off
from old worlds all the time, which is a test of their persistence as well: some are asked twice for what comes next.
"""

from itertools import product

import attrs
import pytest

from supervisors import State, Tree
from supervisors.core.happenings import (
    Boot,
    Checked,
    Dismissed,
    Ended,
    Hung,
    RestartRequested,
    Spawn,
    Started,
    StopRequested,
    Tick,
)
from supervisors.core.reducer import step
from supervisors.core.specs import ActorSpec
from supervisors.core.states import LIVE
from supervisors.core.world import new_world
from supervisors.errors import UnhealthyError

PAIRS = (("b", "a"), ("c", "a"), ("c", "b"))
KINDS = ("none", "needs", "wants")
SHAPES = [shape for shape in product(KINDS, repeat=3) if shape.count("none") != 2 or shape[0] != "none"]
"""One edge alone is always between the first two: which of the three they are makes no difference."""

ASKED_AGAIN = 8  # one state of so many, for it costs as much as two steps


def edges_of(shape):
    """Return for each of three actors what it needs and what it wants."""
    edges = dict(zip(PAIRS, shape, strict=True))

    def ends(name, wanted):
        return tuple(to for (of, to), kind in edges.items() if of == name and kind == wanted)

    return {name: {"needs": ends(name, "needs"), "wants": ends(name, "wants")} for name in "abc"}


@attrs.frozen
class Supply:
    """What may go wrong in one history: at most ``total`` things, each once; a stop can be asked for besides."""

    kinds: frozenset[str]
    total: int
    child: ActorSpec | None = None

    def possible(self, world, spent, now):
        """Yield each thing that can happen next, and what is spent then."""
        left = self.kinds - spent if len(spent - {"stop"}) < self.total else frozenset()
        for name, cell in world.cells.table.items():
            if not world.plan.specs[name].is_virtual:
                yield from self._of_actor(name, cell, left, spent, now)
            if "restart" in left:
                yield RestartRequested(at=now, name=name), spent | {"restart"}
        if "spawn" in left and self.child is not None:
            yield Spawn(at=now, spec=self.child), spent | {"spawn"}
        if "stop" not in spent:
            yield StopRequested(at=now, why="stop"), spent | {"stop"}
        if "hurry" in left:
            yield StopRequested(at=now, why="hurry", hurried=True), spent | {"hurry"}
        cells = world.cells.table.values()
        if any(cell.state is State.BACKOFF for cell in cells):
            yield Tick(at=world.next_deadline), spent
        elif "hang" in left and (due := world.next_deadline) < float("inf"):
            yield Tick(at=due), spent | {"hang"}

    def _of_actor(self, name, cell, left, spent, now):
        who = {"at": now, "name": name, "generation": cell.generation}
        if cell.state is State.STARTING:
            yield Started(**who), spent
        if cell.state in {State.STOPPING, State.CANCELLING}:
            yield Ended(**who), spent
        if cell.state in LIVE and "crash" in left:
            yield Ended(**who, error=OSError(name)), spent | {"crash"}
        if cell.state in LIVE and "return" in left:
            yield Ended(**who, result=1), spent | {"return"}
        if cell.is_available and "hung" in left:
            yield Hung(**who, error=UnhealthyError(name, "silent")), spent | {"hung"}
        if cell.state is State.READY and "check" in left:
            yield Checked(**who, problem="slow", fails=2), spent | {"check"}
        if cell.state is State.DEGRADED:
            yield Checked(**who, problem="slow", fails=2), spent
            yield Checked(**who, problem=None, fails=2), spent
        if "dismiss" in left and self.child is not None and name == self.child.name:
            yield Dismissed(at=now, name=name, why="enough"), spent | {"dismiss"}


def key(world, spent):
    cells = [
        (name, c.state, min(c.generation, 3), c.fate, c.streak, c.failing, c.was_ready)
        for name, c in world.cells.table.items()
    ]
    return tuple(cells), spent, world.shutdown is None, world.ever_ready


def walk(laws, world, supply):
    """Visit every reachable state; return how many there are, and whether the tree can come to its end."""
    booted = step(world, Boot(at=0.0))[0]
    frontier = [(booted, frozenset(), 0.0)]
    seen, was_over = {key(booted, frozenset())}, False
    while frontier:
        before, spent, now = frontier.pop()
        laws.of_world(before)
        was_over |= before.is_over
        first = None
        for happened, left in list(supply.possible(before, spent, now)):
            after, effects = step(before, happened)
            laws.of_step(before, happened, after, effects)
            first = first or (happened, after, effects)
            if (found := key(after, left)) not in seen:
                seen.add(found)
                frontier.append((after, left, happened.at))
        if first is not None and not len(seen) % ASKED_AGAIN:  # successors have taken over its tables meanwhile
            assert laws.picture(*step(before, first[0])) == laws.picture(*first[1:])
    return len(seen), was_over


MISFORTUNES = Supply(frozenset({"crash", "restart", "hang"}), total=2)
ILLNESSES = Supply(frozenset({"check", "hung", "crash"}), total=1)
HURRIES = Supply(frozenset({"hurry", "hang", "crash"}), total=2)
FINAL = {
    "park": Supply(frozenset({"crash", "restart"}), total=2),
    "ignore": Supply(frozenset({"crash"}), total=1),
}


@pytest.fixture(params=SHAPES, ids="-".join)
def shape(request):
    return request.param


@pytest.fixture
def three(shape, service):
    """Return a factory of worlds of three actors with these options."""

    def make(**options):
        tree = Tree("test")
        for name, edges in edges_of(shape).items():
            tree.add(service(name), name=name, **edges, **options)
        return new_world(tree.plan())

    return make


@pytest.mark.slow
def test_laws_hold_in_every_reachable_state_of_three_actors(laws, three):
    _, was_over = walk(laws, three(), MISFORTUNES)

    assert was_over


@pytest.mark.slow
def test_laws_hold_whatever_the_health_of_three_actors(laws, three):
    _, was_over = walk(laws, three(), ILLNESSES)

    assert was_over


@pytest.mark.slow
def test_laws_hold_when_three_actors_are_stopped_in_a_hurry(laws, three):
    _, was_over = walk(laws, three(), HURRIES)

    assert was_over


@pytest.mark.slow
@pytest.mark.parametrize("gives_up", FINAL)
def test_laws_hold_when_actors_that_give_up_do_not_take_the_tree_down(laws, three, gives_up):
    _, was_over = walk(laws, three(retries=0, gives_up=gives_up), FINAL[gives_up])

    assert was_over


@pytest.mark.slow
@pytest.mark.parametrize("inner", KINDS)
@pytest.mark.parametrize("outer", ["needs", "wants"])
@pytest.mark.parametrize("gives_up", ["escalate", "park"])
def test_laws_hold_for_a_group_of_two_and_a_dependent_outside(laws, service, inner, outer, gives_up):
    pair = Tree("g")
    pair.add(service("x"), retries=0)
    pair.add(service("y"), retries=0, **({} if inner == "none" else {inner: ("x",)}))
    tree = Tree("test")
    group = tree.include(pair, retries=1, gives_up=gives_up)
    tree.add(service("o"), **{outer: (group,)})

    _, was_over = walk(laws, new_world(tree.plan()), MISFORTUNES)

    assert was_over


CHILD = ActorSpec(
    name="p/1",
    function=print,
    declared_by=print,
    kind="child",
    group="p",
    needs=("p",),
    restart="never",
    gives_up="ignore",
)
CHILDREN = {
    "plain": CHILD,
    "retried": attrs.evolve(CHILD, restart="on_failure", retries=1),
    "escalating": attrs.evolve(CHILD, gives_up="escalate"),
}


@pytest.mark.slow
@pytest.mark.parametrize("outer", ["needs", "wants"])
@pytest.mark.parametrize("child", CHILDREN)
def test_laws_hold_for_a_pool_with_a_child_that_stands_on_something_and_has_a_dependent(laws, service, outer, child):
    tree = Tree("test")
    tree.add(service("a"))
    tree.pool("p", needs=("a",), retries=1)
    tree.add(service("o"), **{outer: ("p",)})
    kinds = frozenset({"spawn", "dismiss", "crash", "return", "restart", "hang"})

    _, was_over = walk(laws, new_world(tree.plan()), Supply(kinds, total=3, child=CHILDREN[child]))

    assert was_over
