"""Task runs form a tree: containers and what runs in them."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from compozy.domain.executions import Progress, TaskNode
from compozy.domain.statuses import TERMINAL, Status

DEEP = 3000


@pytest.fixture
def tree_of(store):
    """Return a function that reads the tree of an execution as pairs of an id and a depth."""

    async def tree_of(exec_id):
        nodes = await store.read(lambda repositories: repositories.tasks.hierarchy(exec_id))
        return [(node.task.task_exec_id, node.depth) for node in nodes]

    return tree_of


@pytest.fixture
def children_of(store):
    """Return a function that reads what is right inside a container."""

    async def children_of(parent_id):
        return list(await store.read(lambda repositories: repositories.tasks.children(parent_id)))

    return children_of


@pytest.fixture
async def execution(put, an_execution):
    [execution] = await put(an_execution())
    return execution


def expected_tree(tasks):
    """Return the pairs of the tree, as plainly as it can be said."""
    known = {task.task_exec_id for task in tasks}
    inside = {}
    for task in sorted(tasks, key=lambda task: (task.created_at, task.task_exec_id)):
        inside.setdefault(task.parent_id if task.parent_id in known else None, []).append(task.task_exec_id)

    def walk(parent, depth):
        for name in inside.get(parent, []):
            yield name, depth
            yield from walk(name, depth + 1)

    return list(walk(None, 0))


async def test_nothing_recorded_is_an_empty_tree(execution, tree_of):
    assert await tree_of(execution.exec_id) == []
    assert await tree_of("01ABSENT") == []


async def test_a_node_holds_the_whole_task_run(store, put_tasks, execution, a_task):
    task = a_task(execution.exec_id, status=Status.SUCCESS, output=["ü", 2**70])
    await put_tasks(task)

    assert list(await store.read(lambda repositories: repositories.tasks.hierarchy(execution.exec_id))) == [
        TaskNode(task, 0)
    ]


async def test_each_comes_after_its_container_and_siblings_oldest_first(put_tasks, execution, tree_of, a_task):
    def task(name, at, parent_id=None):
        return a_task(execution.exec_id, task_exec_id=name, at=at, parent_id=parent_id)

    await put_tasks(
        task("early inside late", 0, "late"),  # older than its container, which says nothing about its place
        task("late", 5),
        task("b", 1),
        task("a", 1),
        task("b2", 3, "b"),
        task("b1", 2, "b"),
        task("b1 inner", 9, "b1"),
    )

    assert await tree_of(execution.exec_id) == [
        ("a", 0),
        ("b", 0),
        ("b1", 1),
        ("b1 inner", 2),
        ("b2", 1),
        ("late", 0),
        ("early inside late", 1),
    ]


@pytest.mark.parametrize("seed", range(5))
async def test_any_tree_comes_back_as_it_is(put, put_tasks, execution, tree_of, an_execution, a_task, seed):
    dice = random.Random(seed)  # noqa: S311 - a seeded choice, no secret
    [other] = await put(an_execution())
    tasks = []
    for n in range(80):
        parent = dice.choice([None, "absent", *(task.task_exec_id for task in tasks[-10:])])
        tasks.append(a_task(execution.exec_id, task_exec_id=f"{n:02}", at=dice.randrange(9), parent_id=parent))
    written = [*tasks, *(a_task(other.exec_id, parent_id=dice.choice(tasks).task_exec_id) for _ in range(5))]
    dice.shuffle(written)

    await put_tasks(*written)

    assert await tree_of(execution.exec_id) == expected_tree(tasks)


@pytest.mark.slow
async def test_a_tree_may_be_very_deep(put_tasks, execution, tree_of, a_task):
    names = [f"{n:04}" for n in range(DEEP)]
    chain = [a_task(execution.exec_id, task_exec_id=names[0])]
    chain += [a_task(execution.exec_id, task_exec_id=name, parent_id=parent) for parent, name in pairwise(names)]
    random.Random(3).shuffle(chain)  # noqa: S311 - a seeded order, no secret
    await put_tasks(*chain)

    assert await tree_of(execution.exec_id) == [(name, depth) for depth, name in enumerate(names)]


@pytest.mark.slow
async def test_a_tree_may_be_very_wide(put_tasks, execution, tree_of, children_of, a_task):
    top = a_task(execution.exec_id)
    inside = [a_task(execution.exec_id, at=n, parent_id=top.task_exec_id) for n in range(2000)]
    await put_tasks(top, *reversed(inside))

    assert await tree_of(execution.exec_id) == [(top.task_exec_id, 0), *((task.task_exec_id, 1) for task in inside)]
    assert await children_of(top.task_exec_id) == inside


async def test_an_orphan_stands_at_the_top_until_its_container_is_recorded(put_tasks, execution, tree_of, a_task):
    await put_tasks(
        a_task(execution.exec_id, task_exec_id="orphan", parent_id="container", at=1),
        a_task(execution.exec_id, task_exec_id="its child", parent_id="orphan", at=0),
    )
    before = await tree_of(execution.exec_id)
    await put_tasks(a_task(execution.exec_id, task_exec_id="container", at=5))

    assert before == [("orphan", 0), ("its child", 1)]
    assert await tree_of(execution.exec_id) == [("container", 0), ("orphan", 1), ("its child", 2)]


async def test_a_container_of_another_execution_is_none_of_ours(
    put, put_tasks, execution, tree_of, an_execution, a_task
):
    [other] = await put(an_execution())
    await put_tasks(
        a_task(other.exec_id, task_exec_id="theirs"),
        a_task(execution.exec_id, task_exec_id="ours", parent_id="theirs"),
    )

    assert await tree_of(execution.exec_id) == [("ours", 0)]
    assert await tree_of(other.exec_id) == [("theirs", 0)]


async def test_containers_that_hold_each_other_hang_nobody(put_tasks, execution, tree_of, a_task):
    sound = a_task(execution.exec_id, task_exec_id="sound")
    cycle = [a_task(execution.exec_id, task_exec_id=name, parent_id=parent) for name, parent in ("ab", "ba", "cc")]
    await put_tasks(sound, *cycle)

    assert await tree_of(execution.exec_id) == [("sound", 0)]


async def test_children_are_what_is_right_inside_oldest_first(put_tasks, execution, children_of, a_task):
    inside = [
        a_task(execution.exec_id, task_exec_id=f"{at}{name}", at=at, parent_id="box")
        for at in range(3)
        for name in "ab"
    ]
    await put_tasks(
        *reversed(inside),
        a_task(execution.exec_id, task_exec_id="box"),
        a_task(execution.exec_id, parent_id="0a"),
        a_task(execution.exec_id, parent_id="other"),
    )

    assert await children_of("box") == inside
    assert await children_of("01ABSENT") == []


async def test_progress_counts_children_by_status(store, put_tasks, execution, a_task):
    counts = {status: number for number, status in enumerate(Status, start=1)}
    await put_tasks(
        *(a_task(execution.exec_id, parent_id="box", status=each) for each in counts for _ in range(counts[each])),
        a_task(execution.exec_id, parent_id="other"),
        a_task(execution.exec_id),
    )

    found = await store.read(lambda repositories: repositories.tasks.progress("box"))

    assert found == Progress(counts=counts)
    assert found.total == sum(range(len(Status) + 1))
    assert found.ended == sum(counts[status] for status in TERMINAL)


async def test_progress_leaves_out_what_nobody_is(store, put_tasks, execution, a_task):
    await put_tasks(a_task(execution.exec_id, parent_id="box", status=Status.WAITING))

    async def work(repositories):
        return await repositories.tasks.progress("box"), await repositories.tasks.progress("01ABSENT")

    assert await store.read(work) == (Progress(counts={Status.WAITING: 1}), Progress(counts={}))


async def test_progress_follows_what_is_written(store, put_tasks, execution, a_task):
    task = a_task(execution.exec_id, parent_id="box")
    later = a_task(
        execution.exec_id,
        task_exec_id=task.task_exec_id,
        status=Status.FAILED,
        updated_at=task.updated_at + timedelta(1),
    )
    await put_tasks(task)
    await put_tasks(later)

    found = await store.read(lambda repositories: repositories.tasks.progress("box"))

    assert (found.total, found.ended) == (1, 1)
