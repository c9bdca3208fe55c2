"""The laws that hold after any chaos, as pure functions of what was found."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status

PARENT = "fan"
CHILDREN = frozenset({"quick", "slow", "threaded", "queued"})
WORK = frozenset({"prepare", *CHILDREN, "finish"})
"""The tasks of the workflow ``storm`` that call a tool; its output says of each which run counted."""


@attrs.frozen(kw_only=True)
class Seen:
    """What a client was told of the execution that it had asked for."""

    exec_id: str
    status: str
    output: Any


@attrs.frozen(kw_only=True)
class Run:
    """One line of the ledger."""

    exec_id: str
    task_id: str
    run: str
    phase: str
    at: datetime

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "Run":
        return cls(
            exec_id=line["exec"],
            task_id=line["task"],
            run=line["run"],
            phase=line["phase"],
            at=datetime.fromtimestamp(line["at"], UTC),
        )


@attrs.frozen(kw_only=True)
class Facts:
    """All that was found when it was over.

    Attributes:
        seen: What the clients were told, by the key they had asked under.
        executions: All that are recorded.
        tasks: All that are recorded.
        runs: What the tools have done.
        histories: How the runs of each of Temporal's workflows ended, by its id.
        left_over: Processes, ports and locks that are still there, in words.
        deaths: Programs that had started and have ended by themselves, in words.
        exits: The exit codes of the programs that were asked to stop, by their names.
        overlap: How long the same task may be under way twice, because one worker was given up and went on.
    """

    seen: Mapping[str, Seen]
    executions: Sequence[WorkflowState]
    tasks: Sequence[TaskState]
    runs: Sequence[Run]
    histories: Mapping[str, Sequence[str]]
    left_over: Sequence[str] = ()
    deaths: Sequence[str] = ()
    exits: Mapping[str, int] = attrs.Factory(dict)
    overlap: timedelta = timedelta(0)

    def runs_in(self, phase: str) -> dict[tuple[str, str], list[Run]]:
        """Return the lines of a phase by execution and task."""
        found: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs:
            if run.phase == phase:
                found.setdefault((run.exec_id, run.task_id), []).append(run)
        return found

    @property
    def repeated(self) -> int:
        """How many runs of tools were not the first for their task."""
        return sum(len(runs) - 1 for runs in self.runs_in("began").values())


def every_execution_has_ended_well(facts: Facts) -> Iterator[str]:
    for state in facts.executions:
        if state.status is not Status.SUCCESS:
            yield f"execution {state.exec_id} is {state.status}: {state.error}"


def nothing_is_executed_twice(facts: Facts) -> Iterator[str]:
    wanted = [seen.exec_id for seen in facts.seen.values()]
    yield from (f"execution {exec_id} answers {count} keys" for exec_id, count in Counter(wanted).items() if count > 1)
    recorded = {state.exec_id for state in facts.executions}
    yield from (f"execution {exec_id} is recorded, and nobody asked for it" for exec_id in recorded - set(wanted))
    yield from (f"execution {exec_id} was promised, and is not recorded" for exec_id in set(wanted) - recorded)


def clients_are_told_what_is_recorded(facts: Facts) -> Iterator[str]:
    recorded = {state.exec_id: state for state in facts.executions}
    for key, seen in facts.seen.items():
        state = recorded.get(seen.exec_id)
        if state is not None and (seen.status, seen.output) != (state.status, state.output):
            yield f"under {key} the client was told {seen.status} {seen.output}, recorded is {state}"


def every_task_is_recorded_once_and_has_ended_well(facts: Facts) -> Iterator[str]:
    by_execution: dict[str, list[TaskState]] = {state.exec_id: [] for state in facts.executions}
    for task in facts.tasks:
        by_execution.setdefault(task.exec_id, []).append(task)
        if task.status is not Status.SUCCESS:
            yield f"task {task.task_id} of {task.exec_id} is {task.status}: {task.error}"
    for exec_id, tasks in by_execution.items():
        names = sorted(task.task_id for task in tasks)
        if names != sorted({*WORK, PARENT}):
            yield f"execution {exec_id} has the tasks {names}"


def children_stand_under_their_container(facts: Facts) -> Iterator[str]:
    containers = {task.exec_id: task.task_exec_id for task in facts.tasks if task.task_id == PARENT}
    for task in facts.tasks:
        expected = containers.get(task.exec_id) if task.task_id in CHILDREN else None
        if task.parent_id != expected:
            yield f"task {task.task_id} of {task.exec_id} stands under {task.parent_id}, not under {expected}"


def the_recorded_result_is_that_of_a_run(facts: Facts) -> Iterator[str]:
    """No effect is lost: what is recorded was done, all the way."""
    ended = {(key, run.run) for key, runs in facts.runs_in("ended").items() for run in runs}
    for task in _work_of(facts):
        if ((task.exec_id, task.task_id), _run_of(task)) not in ended:
            yield f"task {task.task_id} of {task.exec_id} has the result {task.output}, which no run has given"


def what_follows_uses_the_recorded_results(facts: Facts) -> Iterator[str]:
    results = {(task.exec_id, task.task_id): _run_of(task) for task in _work_of(facts)}
    for state in facts.executions:
        recorded = {task_id: results.get((state.exec_id, task_id)) for task_id in WORK}
        if state.status is Status.SUCCESS and state.output != recorded:
            yield f"execution {state.exec_id} gives {state.output}, its tasks gave {recorded}"


def no_tool_runs_without_a_recorded_attempt(facts: Facts) -> Iterator[str]:
    """An attempt is counted before its run begins, and none is once the end is recorded."""
    attempts = {(task.exec_id, task.task_id): task.attempt for task in facts.tasks}
    for key, runs in facts.runs_in("began").items():
        if len(runs) > attempts.get(key, 0):
            yield f"task {key[1]} of {key[0]} ran {len(runs)} times in {attempts.get(key)} attempts"


def what_has_ended_is_not_run_again(facts: Facts) -> Iterator[str]:
    ends = {(task.exec_id, task.task_id): task.updated_at for task in _work_of(facts)}
    for key, runs in facts.runs_in("began").items():
        for run in runs:
            if key in ends and run.at > ends[key] + facts.overlap:
                yield f"task {key[1]} of {key[0]} had ended at {ends[key]}, and began again at {run.at}"


def temporal_has_each_execution_once_and_ended(facts: Facts) -> Iterator[str]:
    recorded = {state.exec_id for state in facts.executions}
    yield from (f"temporal does not know execution {exec_id}" for exec_id in recorded - set(facts.histories))
    for exec_id, ends in facts.histories.items():
        if exec_id not in recorded:
            yield f"temporal knows execution {exec_id}, which is not recorded"
        if list(ends) != ["COMPLETED"]:
            yield f"temporal has execution {exec_id} as {list(ends)}"


def nothing_is_left_over(facts: Facts) -> Iterator[str]:
    yield from facts.left_over


def no_program_ends_by_itself(facts: Facts) -> Iterator[str]:
    yield from facts.deaths


def programs_that_are_asked_to_stop_end_well(facts: Facts) -> Iterator[str]:
    yield from (f"{name} ended with exit code {code}" for name, code in facts.exits.items() if code != 0)


LAWS: Sequence[Callable[[Facts], Iterator[str]]] = (
    every_execution_has_ended_well,
    nothing_is_executed_twice,
    clients_are_told_what_is_recorded,
    every_task_is_recorded_once_and_has_ended_well,
    children_stand_under_their_container,
    the_recorded_result_is_that_of_a_run,
    what_follows_uses_the_recorded_results,
    no_tool_runs_without_a_recorded_attempt,
    what_has_ended_is_not_run_again,
    temporal_has_each_execution_once_and_ended,
    nothing_is_left_over,
    no_program_ends_by_itself,
    programs_that_are_asked_to_stop_end_well,
)


def violations(facts: Facts) -> list[str]:
    """Return every breach of a law, after the law's name."""
    return [f"{law.__name__.replace('_', ' ')}: {breach}" for law in LAWS for breach in law(facts)]


def _work_of(facts: Facts) -> list[TaskState]:
    return [task for task in facts.tasks if task.task_id in WORK and task.status is Status.SUCCESS]


def _run_of(task: TaskState) -> Any:
    return task.output.get("run") if isinstance(task.output, dict) else None
