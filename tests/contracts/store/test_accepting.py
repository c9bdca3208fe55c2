"""Accepting an execution under an identifier that may have been used, on every store."""

from datetime import timedelta

import attrs
import trio
from typing_extensions import override

from compozy.contracts.orchestrator import Orchestrator
from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import InvalidError
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.clock import utc_now
from compozy.drivers.sugardb import open_cache
from compozy.engine.executions import Executions


@attrs.frozen
class Notebook(Orchestrator):
    """Notes what is handed over, and carries out none of it."""

    begun: list[str] = attrs.Factory(list)
    refused: frozenset[str] = frozenset()

    @override
    async def start(self, state, definition, project, *, earlier=None):
        if state.exec_id in self.refused:
            raise InvalidError("it is too large")
        self.begun.append(state.exec_id)

    @override
    async def signal(self, exec_id, signal):
        raise NotImplementedError

    @override
    async def cancel(self, exec_id):
        raise NotImplementedError

    @override
    async def pause(self, exec_id):
        raise NotImplementedError

    @override
    async def resume(self, exec_id):
        raise NotImplementedError


def executions_over(store, cache, notebook):
    project = Project(name="tests", root="/nowhere", workflows={"w": WorkflowDefinition(id="w", tasks=())})
    return Executions(project=project, store=store, pubsub=cache.pubsub, orchestrator=lambda: notebook, clock=utc_now)


async def test_of_many_that_accept_one_execution_at_once_one_begins_it(store):
    accepted = []
    async with open_cache() as cache:
        notebook = Notebook()
        executions = executions_over(store, cache, notebook)

        async def accept():
            draft = executions.draft("w", {"a": 1}, exec_id="E")
            accepted.append(await executions.accept_once(draft))

        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(accept)

    assert [each.is_new for each in accepted].count(True) == 1
    assert {each.state.created_at for each in accepted} == {each.state.created_at for each in accepted if each.is_new}
    assert notebook.begun == ["E"]


async def test_an_execution_that_is_under_way_is_returned_as_it_stands(store):
    async with open_cache() as cache:
        notebook = Notebook()
        executions = executions_over(store, cache, notebook)
        await executions.accept_once(executions.draft("w", {}, exec_id="E"))
        running = await store.transaction(
            lambda repos: repos.workflows.update_status("E", Status.RUNNING, at=utc_now())
        )

        again = await executions.accept_once(executions.draft("w", {"b": 2}, exec_id="E"))

    assert not again.is_new
    assert again.state == running
    assert notebook.begun == ["E"]


async def test_what_is_pending_is_begun_later_or_recorded_as_refused(store):
    now = utc_now()

    def pending(exec_id, workflow_id):
        return WorkflowState(
            exec_id=exec_id, workflow_id=workflow_id, status=Status.PENDING, input={}, created_at=now, updated_at=now
        )

    async def record(repos):
        for state in (pending("taken", "w"), pending("refused", "w"), pending("unknown", "gone")):
            await repos.workflows.upsert(state)

    await store.transaction(record)
    async with open_cache() as cache:
        notebook = Notebook(refused=frozenset({"refused"}))
        executions = executions_over(store, cache, notebook)

        assert await executions.resume_pending() == 1
        found = {each: (await executions.get(each)).workflow for each in ("taken", "refused", "unknown")}

    assert notebook.begun == ["taken"]
    assert found["refused"].error.message == "it is too large"
    assert [found[each].status for each in ("taken", "unknown", "refused")] == [
        Status.PENDING,
        Status.PENDING,
        Status.FAILED,
    ]


async def test_what_has_only_just_been_recorded_is_left_to_whoever_recorded_it(store):
    async with open_cache() as cache:
        notebook = Notebook()
        executions = executions_over(store, cache, notebook)
        await store.transaction(lambda repos: repos.workflows.upsert(executions.draft("w", {}, exec_id="E")))

        assert await executions.resume_pending(grace=timedelta(minutes=1)) == 0
        assert await executions.resume_pending(grace=timedelta()) == 1

    assert notebook.begun == ["E"]


async def test_what_the_orchestrator_is_known_to_have_is_offered_again_much_later_only(store):
    now = utc_now()
    clock = [now]
    taken = {"begun meanwhile": now}
    async with open_cache() as cache:
        notebook = Notebook()
        executions = attrs.evolve(executions_over(store, cache, notebook), clock=lambda: clock[0])
        await store.transaction(lambda repos: repos.workflows.upsert(executions.draft("w", {}, exec_id="E")))

        counts = []
        for later in (timedelta(), timedelta(minutes=9), timedelta(minutes=11)):
            clock[0] = now + later
            counts.append(await executions.resume_pending(taken=taken))

    assert counts == [1, 0, 1]
    assert notebook.begun == ["E", "E"]
    assert taken == {"E": now + timedelta(minutes=11)}
