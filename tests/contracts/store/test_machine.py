"""A store does what a few dictionaries would do, whatever Hypothesis thinks of, and whatever happens at the same time.

Each step carries out a batch of closures at once. They touch different executions, so that the answer of each, and what
is recorded afterwards, does not depend on their order.

From top to bottom: the dictionaries, the steps of a closure and how they are thought of, Trio within a test that is not
async, and the machine. All in one file, because test modules do not import one another, and none of it serves another.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from queue import SimpleQueue
from typing import Any

import attrs
import outcome
import pytest
import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.accounts import ApiKey, Role, User
from compozy.domain.definitions import TaskType
from compozy.domain.errors import CompozyError, ConflictError, DuplicateError, NotFoundError
from compozy.domain.executions import Failure, Progress, TaskState, WorkflowState
from compozy.domain.statuses import Status, may_follow

FEW = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
PATIENCE_S = 20
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

EXECUTIONS = ["e0", "e1", "e2", "ü3"]
USERS = ["u0", "u1", "u2"]
KEYS = ["k0", "k1", "k2"]

moments = st.integers(0, 9).map(lambda seconds: NOON + timedelta(seconds=seconds))
statuses = st.sampled_from(Status)
values = st.sampled_from([None, 0, -0.0, "x\0", {"z": [1e23], "a": 10**23}, []])
failures = st.none() | st.builds(Failure, code=st.just("X"), message=st.sampled_from(["", "ü"]))
suffixes = st.sampled_from("abcd")


class ExpectedError(Exception):
    """What a closure raises on purpose."""


@attrs.define
class Model:
    """What is recorded, and what the repositories would do with it."""

    executions: dict[str, WorkflowState] = attrs.Factory(dict)
    tasks: dict[str, TaskState] = attrs.Factory(dict)
    users: dict[str, User] = attrs.Factory(dict)
    keys: dict[str, ApiKey] = attrs.Factory(dict)

    def copy(self) -> "Model":
        return Model(dict(self.executions), dict(self.tasks), dict(self.users), dict(self.keys))

    def of(self, kind: Kind) -> list:
        """Return the records of a kind in the order of their keys."""
        parts = (self.executions, self.tasks, self.users, self.keys, {})  # payloads have a suite of their own
        part = dict(zip(Kind, parts, strict=True))[kind]
        return [part[key] for key in sorted(part)]

    def upsert(self, state):
        known = self.executions.get(state.exec_id, state)
        if state.exec_id not in self.executions or may_follow(known.status, state.status):
            news = {name: getattr(state, name) for name in ("status", "output", "error", "updated_at")}
            self.executions[state.exec_id] = attrs.evolve(known, **news)
        return self.executions[state.exec_id]

    def update_status(self, exec_id, status, *, at, output, error):
        if exec_id not in self.executions:
            raise NotFoundError
        known = self.executions[exec_id]
        return self.upsert(attrs.evolve(known, status=status, updated_at=at, output=output, error=error))

    def delete(self, exec_id):
        if self.executions.pop(exec_id, None) is None:
            raise NotFoundError
        self.tasks = {key: task for key, task in self.tasks.items() if task.exec_id != exec_id}

    def delete_older(self, before, *, limit):
        ended = [state for state in self.executions.values() if state.status.is_terminal and state.updated_at < before]
        ended.sort(key=lambda state: (state.updated_at, state.exec_id))
        for state in ended[:limit]:
            self.delete(state.exec_id)
        return len(ended[:limit])

    def upsert_many(self, states):
        if any(state.exec_id not in self.executions for state in states):
            raise ConflictError
        for state in states:
            known = self.tasks.get(state.task_exec_id, state)
            if state.task_exec_id not in self.tasks or may_follow(known.status, state.status):
                news = {name: getattr(state, name) for name in ("status", "output", "error", "updated_at")}
                news["attempt"] = max(known.attempt, state.attempt)
                self.tasks[state.task_exec_id] = attrs.evolve(known, **news)
        return [self.tasks[state.task_exec_id] for state in states]

    def add_user(self, user):
        if user.user_id in self.users or any(user.email == other.email for other in self.users.values()):
            raise DuplicateError
        self.users[user.user_id] = user

    def delete_user(self, user_id):
        if self.users.pop(user_id, None) is None:
            raise NotFoundError
        self.keys = {key_id: key for key_id, key in self.keys.items() if key.user_id != user_id}

    def add_key(self, key):
        if key.user_id not in self.users:
            raise ConflictError
        if key.key_id in self.keys or any(key.fingerprint == other.fingerprint for other in self.keys.values()):
            raise DuplicateError
        self.keys[key.key_id] = key

    def touch(self, key_id, at):
        key = self.keys.get(key_id)
        if key is not None and (key.last_used_at is None or key.last_used_at < at):
            self.keys[key_id] = attrs.evolve(key, last_used_at=at)

    def revoke(self, key_id, at):
        if key_id not in self.keys:
            raise NotFoundError
        key = self.keys[key_id]
        self.keys[key_id] = attrs.evolve(key, revoked_at=key.revoked_at or at)
        return self.keys[key_id]

    def add(self, records):
        adders = {
            WorkflowState: (self.executions, "exec_id"),
            TaskState: (self.tasks, "task_exec_id"),
        }
        before = self.copy()
        try:
            for record in records:
                part, name = adders[type(record)]
                if isinstance(record, TaskState) and record.exec_id not in self.executions:
                    raise ConflictError
                if getattr(record, name) in part:
                    raise DuplicateError
                part[getattr(record, name)] = record
        except CompozyError:
            self.executions, self.tasks = before.executions, before.tasks
            raise

    def fail(self):
        raise ExpectedError


@attrs.frozen
class Step:
    """One call within a closure: of a repository, and of the model."""

    repository: str
    method: str
    model_method: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = attrs.Factory(dict)

    async def carry_out(self, repositories):
        if self.method == "fail":
            raise ExpectedError
        return await getattr(getattr(repositories, self.repository), self.method)(*self.args, **self.kwargs)

    def imagine(self, model):
        return getattr(model, self.model_method)(*self.args, **self.kwargs)


FAIL = Step("", "fail", "fail")


async def closure(repositories, steps):
    """Carry out steps; what a repository refuses is an answer too."""
    answers = []
    for step in steps:
        try:
            answers.append(plain(await step.carry_out(repositories)))
        except CompozyError as error:
            answers.append(type(error))
    return answers


def imagined(model, steps):
    """Return what the closure answers and the model that it leaves."""
    changed, answers = model.copy(), []
    for step in steps:
        try:
            answers.append(plain(step.imagine(changed)))
        except CompozyError as error:
            answers.append(type(error))
        except ExpectedError:
            return ExpectedError, model
    return answers, changed


def plain(answer):
    """Return an answer so that equal means equal in every bit that JSON keeps."""
    return repr(list(answer) if isinstance(answer, list | tuple) else answer)


@st.composite
def executions(draw, exec_id):
    return WorkflowState(
        exec_id=exec_id,
        workflow_id=draw(st.sampled_from("vw")),
        status=draw(statuses),
        input={"value": draw(values)},
        output=draw(values),
        error=draw(failures),
        parent_exec_id=draw(st.none() | st.sampled_from(EXECUTIONS)),
        created_at=draw(moments),
        updated_at=draw(moments),
    )


@st.composite
def tasks(draw, exec_id):
    return TaskState(
        task_exec_id=f"{exec_id}{draw(suffixes)}",
        task_id="t",
        type=draw(st.sampled_from(TaskType)),
        exec_id=exec_id,
        workflow_id="w",
        parent_id=draw(st.none() | suffixes.map(lambda suffix: f"{exec_id}{suffix}")),
        status=draw(statuses),
        input={"value": draw(values)},
        output=draw(values),
        error=draw(failures),
        attempt=draw(st.integers(1, 3)),
        created_at=draw(moments),
        updated_at=draw(moments),
    )


def calls(repository, method, *args, as_=None, **kwargs):
    """Return a strategy of steps from strategies of their arguments."""
    return st.builds(
        lambda args, kwargs: Step(repository, method, as_ or method, args, kwargs),
        st.tuples(*args),
        st.fixed_dictionaries(kwargs),
    )


def steps_on_execution(exec_id):
    """Return a strategy of the steps of one closure on one execution."""
    one = st.just(exec_id)
    some_tasks = st.lists(tasks(exec_id), max_size=5)
    step = st.one_of(
        calls("workflows", "upsert", executions(exec_id)),
        calls("workflows", "upsert", executions(exec_id)),
        calls("workflows", "update_status", one, statuses, at=moments, output=values, error=failures),
        calls("tasks", "upsert_many", some_tasks),
        calls("tasks", "upsert_many", some_tasks),
        calls("workflows", "delete", one),
        calls("archive", "add", st.lists(st.one_of(executions(exec_id), tasks(exec_id)), max_size=4)),
    )
    return st.lists(step | st.just(FAIL) if exec_id == EXECUTIONS[0] else step, min_size=1, max_size=4)


users = st.builds(
    User,
    user_id=st.sampled_from(USERS),
    email=st.sampled_from(["a@x", "B@x", "c@X"]),
    role=st.sampled_from(Role),
    created_at=moments,
)
keys = st.builds(
    ApiKey,
    key_id=st.sampled_from(KEYS),
    user_id=st.sampled_from(USERS),
    fingerprint=st.sampled_from("fgh"),
    prefix=st.just("p"),
    created_at=moments,
)
steps_on_accounts = st.lists(
    st.one_of(
        calls("users", "add", users, as_="add_user"),
        calls("users", "add", users, as_="add_user"),
        calls("users", "delete", st.sampled_from(USERS), as_="delete_user"),
        calls("api_keys", "add", keys, as_="add_key"),
        calls("api_keys", "add", keys, as_="add_key"),
        calls("api_keys", "touch", st.sampled_from(KEYS), moments),
        calls("api_keys", "revoke", st.sampled_from(KEYS), moments),
        st.just(FAIL),
    ),
    max_size=5,
)
batches = st.fixed_dictionaries(
    {"accounts": steps_on_accounts},
    optional={exec_id: steps_on_execution(exec_id) for exec_id in EXECUTIONS},
)


class Guest:
    """Runs Trio within the test, with one store after the other; Trio runs only while the test waits for an answer."""

    def __init__(self, open_store):
        self.store = None
        self._open_store = open_store
        self._jobs = SimpleQueue()
        self._calls, self._told = trio.open_memory_channel(1)
        self._ended = None
        trio.lowlevel.start_guest_run(
            self._serve,
            run_sync_soon_threadsafe=self._jobs.put,
            run_sync_soon_not_threadsafe=self._jobs.put,
            done_callback=lambda ended: setattr(self, "_ended", ended),
        )

    def do(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Make a call within Trio and return what it returns."""
        answers = []
        self._jobs.put(lambda: self._calls.send_nowait((call, answers)))
        while not answers:
            assert self._ended is None, f"the run has ended too early: {self._ended}"
            self._jobs.get(timeout=PATIENCE_S)()
        return answers[0].unwrap()

    def close(self):
        self._jobs.put(self._calls.close)
        while self._ended is None:
            self._jobs.get(timeout=PATIENCE_S)()
        self._ended.unwrap()

    async def reopen(self):
        await self._stack.aclose()
        self.store = await self._stack.enter_async_context(self._open_store())

    async def _serve(self):
        async with AsyncExitStack() as self._stack:
            async for call, answers in self._told:
                answers.append(await outcome.acapture(call))


class StoreMachine(RuleBasedStateMachine):
    """A store, and what can be done to it."""

    def __init__(self, guest, *, is_durable):
        super().__init__()
        self.guest = guest
        self.is_durable = is_durable
        self.model = Model()
        if is_durable and guest.store is not None:
            self.guest.do(self.empty)
        else:
            self.guest.do(self.guest.reopen)

    async def empty(self):
        async def work(repositories):
            for state in await repositories.archive.page(Kind.EXECUTIONS):
                await repositories.workflows.delete(state.exec_id)
            for user in await repositories.archive.page(Kind.USERS):
                await repositories.users.delete(user.user_id)

        await self.guest.store.transaction(work)

    @rule(batch=batches)
    def closures_run_at_once(self, batch):
        answers = {}

        async def one(name, steps):
            try:
                answers[name] = await self.guest.store.transaction(partial(closure, steps=steps))
            except ExpectedError:
                answers[name] = ExpectedError

        async def all_at_once():
            async with trio.open_nursery() as nursery:
                for name, steps in batch.items():
                    nursery.start_soon(one, name, steps)

        self.guest.do(all_at_once)
        expected = {}
        for name, steps in batch.items():
            expected[name], self.model = imagined(self.model, steps)
        assert answers == expected

    @rule(before=moments, limit=st.integers(1, 3))
    def old_ones_are_forgotten(self, before, limit):
        answer = self.guest.do(
            lambda: self.guest.store.transaction(
                lambda repositories: repositories.workflows.delete_older(before, limit=limit)
            )
        )
        assert answer == self.model.delete_older(before, limit=limit)

    @precondition(lambda self: self.is_durable)
    @rule()
    def the_store_is_opened_anew(self):
        self.guest.do(self.guest.reopen)

    @rule(
        where=st.builds(
            WorkflowFilter,
            workflow_id=st.none() | st.sampled_from("vw"),
            statuses=st.none() | st.frozensets(statuses),
            parent_exec_id=st.none() | st.sampled_from(EXECUTIONS),
            since=st.none() | moments,
            until=st.none() | moments,
        ),
        limit=st.integers(1, 4),
    )
    def executions_are_listed(self, where, limit):
        async def work(repositories):
            found, cursor = [], None
            while True:
                page = await repositories.workflows.list(where, cursor=cursor, limit=limit)
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    return found

        wanted = [
            state
            for state in self.model.executions.values()
            if where.workflow_id in (None, state.workflow_id)
            and where.parent_exec_id in (None, state.parent_exec_id)
            and (where.statuses is None or state.status in where.statuses)
            and (where.since is None or where.since <= state.created_at)
            and (where.until is None or state.created_at < where.until)
        ]
        wanted.sort(key=lambda state: (state.created_at, state.exec_id), reverse=True)
        assert plain(self.guest.do(lambda: self.guest.store.read(work))) == plain(wanted)

    @rule(exec_id=st.sampled_from(EXECUTIONS))
    def the_tasks_of_an_execution_are_read(self, exec_id):
        async def work(repositories):
            containers = [f"{exec_id}{suffix}" for suffix in "abcd"]
            return (
                await repositories.tasks.list_by_workflow(exec_id),
                [await repositories.tasks.children(each) for each in containers],
                [await repositories.tasks.progress(each) for each in containers],
                [node.task for node in await repositories.tasks.hierarchy(exec_id)],
            )

        listed, children, progress, tree = self.guest.do(lambda: self.guest.store.read(work))
        expected = sorted(
            (task for task in self.model.tasks.values() if task.exec_id == exec_id),
            key=lambda task: (task.created_at, task.task_exec_id),
        )
        inside = [[task for task in expected if task.parent_id == f"{exec_id}{suffix}"] for suffix in "abcd"]
        assert plain(listed) == plain(expected)
        assert plain(children) == plain(inside)
        assert progress == [
            Progress(
                counts={
                    status: len(list(group))
                    for status, group in groupby(sorted(each, key=lambda t: t.status), key=lambda t: t.status)
                }
            )
            for each in inside
        ]
        assert {task.task_exec_id for task in tree} == set(reachable(expected))

    @rule()
    def everything_is_read(self):
        async def work(repositories):
            return [list(await repositories.archive.page(kind)) for kind in Kind]

        assert plain(self.guest.do(lambda: self.guest.store.read(work))) == plain(
            [self.model.of(kind) for kind in Kind]
        )

    def teardown(self):
        self.everything_is_read()


def reachable(tasks):
    """Yield the ids of the tasks that are no part of a cycle of containers, nor in one."""
    parents = {task.task_exec_id: task.parent_id for task in tasks}
    for name in parents:
        seen, at = set(), name
        while at in parents and at not in seen:
            seen.add(at)
            at = parents[at]
        if at not in seen:
            yield name


@pytest.fixture
def guest(open_driver):
    guest = Guest(open_driver)
    yield guest
    guest.close()


@pytest.mark.slow
def test_a_store_does_what_dictionaries_would_do(guest, driver):
    run_state_machine_as_test(lambda: StoreMachine(guest, is_durable=driver.is_durable), settings=FEW)
