"""A small second interpreter of workflows: what a definition must come to, by the book and without any machinery.

It has no Temporal, no store and no concurrency: tasks run one after another, and a tool is a function. It shares with
the real one only what is proved elsewhere: templates, expressions, and what the items of a value are. What depends on
timing (time limits, waits, which of two siblings is first) is not in it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from compozy.domain.definitions import CONTAINERS, Strategy, TaskDefinition, TaskType, WorkflowDefinition
from compozy.domain.errors import InvalidError
from compozy.engine.rules.items import items_of
from compozy.templates import Sources, TemplateError, render
from compozy.templates.cel import ExpressionError, evaluate_expression, is_true
from compozy.templates.values import to_text

FAILED, SUCCESS, CANCELED = "FAILED", "SUCCESS", "CANCELED"


class BrokenError(Exception):
    """A task cannot go on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@attrs.define(kw_only=True)
class Ended:
    """How a task ended."""

    status: str
    output: Any = None
    shaped: Any = None
    code: str | None = None
    input: Any = attrs.Factory(dict)
    children: dict[str, "Ended"] = attrs.Factory(dict)
    next: str | None = None
    is_container: bool = False
    is_skipped: bool = False

    def seen(self) -> dict[str, Any]:
        """Return what templates see of it; its error is left out, for none of them look at that."""
        children = {name: child.seen() for name, child in self.children.items()}
        output = self.shaped if self.shaped is not None else self.output
        if self.is_container:
            output = {name: {"output": child["output"]} for name, child in children.items()}
            if self.shaped is not None:
                output["output"] = self.shaped
        view = {"status": self.status, "output": output, "input": self.input}
        return {**view, "children": children} if self.is_container else view

    def rows(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield the path and the status of each run, of this task and of those in it."""
        yield path, self.status
        for name, child in self.children.items():
            yield from child.rows(f"{path}/{name}")


@attrs.frozen(kw_only=True)
class Prediction:
    """What an execution must come to."""

    status: str
    output: Any
    code: str | None
    rows: dict[str, str]


@attrs.frozen
class Reference:
    """Predicts executions.

    Attributes:
        tools: What the tools do, by id; they fail by raising.
        sources: For the templates.
    """

    tools: Mapping[str, Callable[[dict[str, Any]], Any]]
    sources: Sources

    def predict(self, definition: WorkflowDefinition, input_: dict[str, Any]) -> Prediction:
        """Return what an execution with this input must come to."""
        tasks = {task.id: task for task in definition.tasks}
        ended: dict[str, Ended] = {}
        scope = {"workflow": {"input": input_, "id": definition.id}, "input": input_, "tasks": {}, "env": {}}
        task, carried = definition.tasks[0], {}
        rows: dict[str, str] = {}
        try:
            while True:
                last = self._run(task, carried, scope)
                ended[task.id] = last
                rows.update(last.rows(task.id))
                scope["tasks"][task.id] = last.seen()
                following = task.on_success if last.status == SUCCESS else task.on_error
                name = last.next or (following.next if following is not None else None)
                if name is None or task.final:
                    break
                carried = {}
                if following is not None:
                    seen = {**scope, "output": last.seen()["output"], "error": None}
                    carried = self._render(following.with_, seen)
                task = tasks[name]
            if last.status != SUCCESS:
                return Prediction(status=last.status, output=None, code=last.code, rows=rows)
            output = {name: {"output": each.seen()["output"]} for name, each in ended.items()}
            if definition.outputs is not None:
                output = self._render(definition.outputs, {**scope, "status": SUCCESS})
        except BrokenError as broken:
            return Prediction(status=FAILED, output=None, code=broken.code, rows=rows)
        return Prediction(status=SUCCESS, output=output, code=None, rows=rows)

    def _run(self, task: TaskDefinition, carried: dict[str, Any], scope: dict[str, Any]) -> Ended:
        given: dict[str, Any] = {}
        try:
            if task.condition is not None and not self._holds(task.condition, scope):
                return Ended(status=SUCCESS, output={"skipped": True}, is_skipped=True)
            own = {name: to_text(value) for name, value in self._render(task.env, scope).items()}
            scope = {**scope, "env": {**scope["env"], **own}}
            given = {**self._render(task.with_, scope), **carried}
            ended = self._do(task, given, scope)
        except BrokenError as broken:
            return Ended(status=FAILED, code=broken.code, input=given, is_container=task.type in CONTAINERS)
        ended.input = given
        if task.outputs is not None and ended.status == SUCCESS and task.type is not TaskType.AGGREGATE:
            self._shape(task.outputs, ended, scope, is_composite=task.type is TaskType.COMPOSITE)
        return ended

    def _shape(self, outputs: dict[str, Any], ended: Ended, scope: dict[str, Any], *, is_composite: bool) -> None:
        """Make of the raw output what templates see; when that cannot be done, the work is there and has failed."""
        children = {name: child.seen() for name, child in ended.children.items()}
        seen = {**scope, "input": ended.input, "output": ended.output, "children": children}
        if is_composite:
            seen["tasks"] = {**scope["tasks"], **children}
        try:
            ended.shaped = self._render(outputs, seen)
        except BrokenError as broken:
            ended.status, ended.code = FAILED, broken.code

    def _do(self, task: TaskDefinition, given: dict[str, Any], scope: dict[str, Any]) -> Ended:
        match task.type:
            case TaskType.BASIC:
                return self._call(task, given)
            case TaskType.AGGREGATE:
                return Ended(status=SUCCESS, output=self._render(task.outputs, {**scope, "input": given}))
            case TaskType.ROUTER:
                return self._route(task, scope)
            case TaskType.COLLECTION:
                return self._collect(task, given, scope)
            case _:
                inside = self._inside(task, given, scope)
                return self._contain(task, [(child.id, child, inside) for child in task.tasks])

    def _call(self, task: TaskDefinition, given: dict[str, Any]) -> Ended:
        try:
            result = self.tools[task.tool or ""](given)
        except ValueError:
            return Ended(status=FAILED, code="TOOL_FAILED")
        output = {} if result is None else result if isinstance(result, dict) else {"value": result}
        if output.get("success") is False:
            return Ended(status=FAILED, output=output, code="TOOL_FAILED")
        return Ended(status=SUCCESS, output=output)

    def _route(self, task: TaskDefinition, scope: dict[str, Any]) -> Ended:
        assert task.router is not None
        value = self._evaluate(task.router.expression, scope)
        word = str(value).lower() if isinstance(value, bool | int) else value
        target = task.router.routes.get(word, task.router.routes.get("default"))
        if target is None:
            raise BrokenError("ROUTE_NOT_FOUND")
        output = {"condition": word, "route_taken": target, "router_type": "conditional"}
        return Ended(status=SUCCESS, output=output, next=target)

    def _collect(self, task: TaskDefinition, given: dict[str, Any], scope: dict[str, Any]) -> Ended:
        collection = task.collection
        assert collection is not None
        try:
            items = items_of(self._render({"items": collection.items}, scope)["items"])
        except InvalidError as error:
            raise BrokenError("INVALID") from error
        kept = []
        for index, item in enumerate(items):
            variables = {"item": item, "index": index, collection.item_var: item, collection.index_var: index}
            if collection.filter is None or self._holds(collection.filter, {**scope, **variables}):
                kept.append(item)
        [child] = task.tasks
        planned = []
        for index, item in enumerate(kept):
            variables = {"item": item, "index": index, collection.item_var: item, collection.index_var: index}
            inside = {**self._inside(task, given, scope), **variables}
            name = str(self._render({"id": child.id}, inside)["id"])
            planned.append((name, attrs.evolve(child, id=name), inside))
        return self._contain(task, planned)

    def _contain(self, task: TaskDefinition, planned: list[tuple[str, TaskDefinition, dict[str, Any]]]) -> Ended:
        """Run children one after another; the generator makes no container in which their order could matter."""
        children: dict[str, Ended] = {}
        is_early = task.strategy in {Strategy.FAIL_FAST, Strategy.RACE}
        needs_all = task.strategy in {Strategy.WAIT_ALL, Strategy.FAIL_FAST}
        decided: str | None = SUCCESS if not planned else None
        for name, child, scope in planned:
            if decided is not None:
                children[name] = Ended(status=CANCELED, is_container=child.type in CONTAINERS)
                continue
            ended = self._run(child, {}, scope)
            children[name] = ended
            if task.type is TaskType.COMPOSITE:
                scope["tasks"][name] = ended.seen()
            is_good = ended.status == SUCCESS
            counts = needs_all or not ended.is_skipped
            if counts and is_early and is_good is not needs_all:
                decided = SUCCESS if is_good else FAILED
        if decided is None:
            good = [child.status == SUCCESS for child in children.values()]
            did = [child.status == SUCCESS for child in children.values() if not child.is_skipped]
            decided = SUCCESS if (all(good) if needs_all else any(did) or not did) else FAILED
        code = None if decided == SUCCESS else "CHILD_FAILED"
        output = _progress(children, decided)
        return Ended(status=decided, output=output, code=code, children=children, is_container=True)

    def _inside(self, task: TaskDefinition, given: dict[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
        parent: dict[str, Any] = {"id": task.id, "type": task.type.value, "input": given}
        if "parent" in scope:
            parent["parent"] = scope["parent"]
        return {**scope, "tasks": dict(scope["tasks"]), "parent": parent}

    def _render(self, value: Any, scope: dict[str, Any]) -> Any:
        try:
            return render(value, scope, sources=self.sources)
        except TemplateError as error:
            raise BrokenError("TEMPLATE_INVALID") from error

    def _holds(self, condition: str, scope: dict[str, Any]) -> bool:
        try:
            return is_true(condition, scope, sources=self.sources)
        except TemplateError as error:
            raise BrokenError("TEMPLATE_INVALID") from error
        except ExpressionError as error:
            raise BrokenError("EXPRESSION_INVALID") from error
        except InvalidError as error:  # a template that came to neither yes nor no
            raise BrokenError("INVALID") from error

    def _evaluate(self, text: str, scope: dict[str, Any]) -> Any:
        try:
            return evaluate_expression(text, scope)
        except InvalidError as error:
            raise BrokenError("EXPRESSION_INVALID") from error


def _progress(children: Mapping[str, Ended], status: str) -> dict[str, Any]:
    statuses = [child.status for child in children.values()]
    outputs = {name: child.seen()["output"] for name, child in children.items()}
    total = len(statuses)
    return {
        "outputs": {name: output for name, output in outputs.items() if output is not None},
        "progress_info": {
            "total_children": total,
            "success_count": statuses.count(SUCCESS),
            "failed_count": statuses.count(FAILED),
            "canceled_count": statuses.count(CANCELED),
            "timed_out_count": 0,
            "completion_rate": statuses.count(SUCCESS) / total if total else 1.0,
            "failure_rate": statuses.count(FAILED) / total if total else 0.0,
            "overall_status": status,
        },
    }
