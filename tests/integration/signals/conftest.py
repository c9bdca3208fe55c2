"""One program for all tests here, in a thread of its own, which serves its API."""

import socket
import textwrap
from contextlib import contextmanager

import attrs
import httpx
import pytest
import trio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from compozy.app import Options, open_runtime
from compozy.app.runtime import Runtime
from compozy.domain.statuses import Status

PATIENCE_S = 20

TOOLS = """
import trio

async def echo(input):
    return input

async def gate(input):
    async with await trio.open_tcp_stream("127.0.0.1", input["port"]) as stream:
        return {"answer": (await stream.receive_some()).decode()}

def refuse(input):
    raise ValueError("no")
"""

WORKFLOWS = """
id: approval
tasks:
  - id: approved
    type: wait
    wait_for: "approved-{{ .input.order }}"
    condition: signal.payload.by != "nobody"
    timeout: 1h
    on_success: {next: thank}
  - {id: thank, type: aggregate, outputs: {by: "{{ .tasks.approved.output.signal.payload.by }}"}}
outputs: {by: "{{ .tasks.thank.output.by }}", from: "{{ .tasks.approved.output.signal.metadata.sender }}"}
---
id: tell
tasks:
  - id: say
    type: signal
    signal: {id: "{{ .input.name }}", payload: {by: "{{ .input.by }}", who: "{{ .workflow.exec_id }}"}}
outputs: {told: "{{ .tasks.say.output }}"}
---
id: processed
tools: [{id: echo}]
tasks:
  - id: checked
    type: wait
    wait_for: "checked-{{ .input.order }}"
    condition: processor.output.sum > 10
    processor:
      {id: add-up, type: basic, tool: echo, with: {sum: "{{ add .signal.payload.a .signal.payload.b }}"}}
outputs: {sum: "{{ .tasks.checked.output.processor_output.sum }}", a: "{{ .tasks.checked.output.signal.payload.a }}"}
---
id: broken-processor
tools: [{id: refuse}]
tasks:
  - {id: checked, type: wait, wait_for: broken, processor: {id: look, tool: refuse}}
---
id: impatient
tasks:
  - {id: never, type: wait, wait_for: never, timeout: 50ms}
---
id: prepared
tasks:
  - {id: never, type: wait, wait_for: never, timeout: 50ms, on_timeout: late}
  - {id: late, type: aggregate, outputs: {status: "{{ .tasks.never.output.wait_status }}"}}
outputs: {status: "{{ .tasks.late.output.status }}"}
---
id: both
tasks:
  - id: all
    type: parallel
    tasks:
      - {id: one, type: wait, wait_for: "both-{{ .input.key }}"}
      - {id: two, type: wait, wait_for: "both-{{ .input.key }}", condition: signal.payload.n == 2}
outputs:
  one: "{{ .tasks.all.children.one.output.signal.payload.n }}"
  two: "{{ .tasks.all.children.two.output.signal.payload.n }}"
---
id: either
tools: [{id: gate}]
tasks:
  - id: first
    type: parallel
    strategy: race
    tasks: [{id: one, type: wait, wait_for: either-one}, {id: two, type: wait, wait_for: either-two}]
    on_success: {next: hold}
  - {id: hold, tool: gate, with: {port: "{{ .workflow.input.port }}"}, timeout: 1m}
---
id: in-turn
tools: [{id: gate}]
tasks:
  - {id: hold, tool: gate, with: {port: "{{ .input.port }}"}, timeout: 1m, on_success: {next: first}}
  - {id: first, type: wait, wait_for: turn, on_success: {next: second}}
  - {id: second, type: wait, wait_for: turn}
outputs: {first: "{{ .tasks.first.output.signal.payload.n }}", second: "{{ .tasks.second.output.signal.payload.n }}"}
---
id: gated
tools: [{id: gate}, {id: echo}]
tasks:
  - {id: hold, tool: gate, with: {port: "{{ .input.port }}"}, timeout: 1m, on_success: {next: after}}
  - {id: after, tool: echo, with: {held: "{{ .tasks.hold.output.answer }}"}}
outputs: {held: "{{ .tasks.after.output.held }}"}
---
id: on-paid
config: {input: {type: object, properties: {currency: {default: EUR}}}}
triggers: [{type: signal, name: paid, schema: {type: object, required: [amount]}}]
tasks:
  - {id: note, type: aggregate, outputs: {kind: "{{ .trigger.type }}", by: "{{ .trigger.name }}"}}
outputs:
  kind: "{{ .tasks.note.output.kind }}"
  by: "{{ .tasks.note.output.by }}"
  amount: "{{ .trigger.payload.amount }}"
  currency: "{{ .input.currency }}"
---
id: loop
triggers: [{type: signal, name: ping}]
tasks: [{id: again, type: signal, signal: {id: ping}}]
outputs: {started: "{{ .tasks.again.output.started }}"}
---
id: own
tasks:
  - {id: tell, type: signal, signal: {id: own, payload: {n: 7}}, on_success: {next: hear}}
  - {id: hear, type: wait, wait_for: own}
outputs: {n: "{{ .tasks.hear.output.signal.payload.n }}"}
---
id: many
tasks:
  - id: all
    type: collection
    items: "1..252"
    task: {id: "wait-{{ .index }}", type: wait, wait_for: "many-{{ .workflow.input.key }}"}
    outputs: {last: "{{ .children.wait-251.output.signal.payload.n }}"}
outputs: {last: "{{ .tasks.all.output.output.last }}"}
---
id: steps
tools: [{id: echo}, {id: refuse}]
tasks:
  - {id: a, tool: echo, with: {n: "{{ .input.n }}"}, outputs: {shaped: "{{ add .output.n 1 }}"}, on_success: {next: b}}
  - id: b
    type: collection
    items: [1, 2]
    task: {id: "each-{{ .index }}", tool: echo, with: {v: "{{ .item }}"}, outputs: {w: "{{ mul .output.v 10 }}"}}
    outputs: {second: "{{ .children.each-1.output.w }}"}
    on_success: {next: c}
  - id: c
    tool: refuse
    condition: workflow.input.fails
    with: {a: "{{ .tasks.a.output.shaped }}", b: "{{ .tasks.b.output.output.second }}",
           each: "{{ .tasks.b.children.each-0.output.w }}", output: "{{ .tasks.b.output.each-1.output.w }}"}
outputs: {a: "{{ .tasks.a.output.shaped }}", b: "{{ .tasks.b.output.output.second }}",
          each: "{{ .tasks.b.children.each-0.output.w }}"}
"""


@attrs.frozen
class World:
    """The running program, for ordinary tests.

    Attributes:
        runtime: The program.
        portal: Calls async functions on its thread.
        api: A client of its API.
    """

    runtime: Runtime
    portal: BlockingPortal
    api: httpx.Client

    def post(self, path, status=202, headers=None, **body):
        """Post to the API, and return what it answers, with the status that it must have."""
        answer = self.api.post(f"/api/v0/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def start(self, workflow, **input_):
        """Start an execution and return its id."""
        return self.post(f"workflows/{workflow}/executions", input=input_)["exec_id"]

    def waiting(self, workflow, *tasks, **input_):
        """Start an execution, and return its id when these tasks wait."""
        exec_id = self.start(workflow, **input_)
        for task in tasks:
            self.reached(exec_id, task, Status.WAITING)
        return exec_id

    def reached(self, exec_id, task, *statuses):
        """Return when the task, or the execution itself if there is none, stands so."""
        self.portal.call(self._reached, exec_id, task, statuses)

    def ended(self, exec_id):
        """Return the execution when it has ended."""
        self.portal.call(self._reached, exec_id, None, tuple(each for each in Status if each.is_terminal))
        return self.get(exec_id)

    def get(self, exec_id):
        """Return the execution as the API shows it, its tasks by id."""
        shown = self.api.get(f"/api/v0/executions/workflows/{exec_id}").json()
        return shown | {"by_id": {task["task_id"]: task for task in shown["tasks"]}}

    async def _reached(self, exec_id, task, statuses):
        executions = self.runtime.executions
        with trio.fail_after(PATIENCE_S):
            async with executions.watch(exec_id) as changes:
                execution = await executions.get(exec_id)
                known = {each.task_id: each.status for each in execution.tasks} | {None: execution.workflow.status}
                if known.get(task) in statuses:
                    return
                async for change in changes:
                    if change.task_id == task and change.status in statuses:
                        return
        raise AssertionError(f"the execution ended before {task} came to {statuses}: {await executions.get(exec_id)}")


class Gate:
    """Where the ``gate`` tool waits."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port = self._listener.getsockname()[1]

    @contextmanager
    def visitor(self):
        """Wait for the tool to come; yield what lets it go on."""
        connection, _ = self._listener.accept()
        with connection:
            yield lambda: connection.sendall(b"open")

    def close(self):
        self._listener.close()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """The program, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("signals")
    (folder / "workflows").mkdir()
    for number, text in enumerate(WORKFLOWS.split("---\n")):
        (folder / "workflows" / f"{number}.yaml").write_text(text)
    (folder / "tools.py").write_text(textwrap.dedent(TOOLS))
    (folder / "compozy.yaml").write_text(
        "name: test\nmode: standalone\nserver: {port: 0}\nruntime: {entrypoint: tools.py}\n"
        "workflows: [{source: workflows/*.yaml}]\n"
    )
    with (
        start_blocking_portal("trio") as portal,
        portal.wrap_async_context_manager(open_runtime(Options(path=folder, environ={}), serves_http=True)) as runtime,
        httpx.Client(base_url=runtime.tree["http"].get().url, timeout=PATIENCE_S) as api,
    ):
        yield World(runtime, portal, api)
