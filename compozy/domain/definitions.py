"""Compiled workflows: what the YAML says, checked and frozen, as a running execution keeps it.

Past 400 lines because it is the one list of all that a workflow can say, values without behaviour; the codec gives
every class here the same treatment.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from compozy.domain.json import Json, JsonObject

DEFAULT_TOOL_TIMEOUT: Final = timedelta(seconds=60)
"""How long a call of a tool may take when neither its task nor the tool says."""

DEFAULT_ASK_TIMEOUT: Final = timedelta(minutes=5)
"""How long a model may take to answer when its task does not say."""


class TaskType(StrEnum):
    """What kind of work a task is."""

    BASIC = "basic"
    ROUTER = "router"
    PARALLEL = "parallel"
    COLLECTION = "collection"
    AGGREGATE = "aggregate"
    COMPOSITE = "composite"
    SIGNAL = "signal"
    WAIT = "wait"
    MEMORY = "memory"


CONTAINERS: Final = frozenset({TaskType.PARALLEL, TaskType.COLLECTION, TaskType.COMPOSITE})
"""The types whose tasks hold others."""


class Strategy(StrEnum):
    """When a container of tasks has ended, and how."""

    WAIT_ALL = "wait_all"
    FAIL_FAST = "fail_fast"
    BEST_EFFORT = "best_effort"
    RACE = "race"


class CollectionMode(StrEnum):
    """Whether the items of a collection are worked on at once or one after another."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


class OverlapPolicy(StrEnum):
    """What a schedule does when it is due while its last execution still runs."""

    SKIP = "skip"
    ALLOW = "allow"
    BUFFER_ONE = "buffer_one"
    CANCEL_OTHER = "cancel_other"


class TriggerType(StrEnum):
    """What starts an execution without anybody asking for it."""

    SIGNAL = "signal"
    WEBHOOK = "webhook"


class MemoryOperation(StrEnum):
    """What a memory task does."""

    READ = "read"
    WRITE = "write"
    APPEND = "append"
    DELETE = "delete"
    FLUSH = "flush"
    HEALTH = "health"
    CLEAR = "clear"
    STATS = "stats"


class ToolIsolation(StrEnum):
    """Where a tool written in Python runs."""

    NONE = "none"
    PROCESS = "process"


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often a task that did not succeed is tried again, and after how long.

    Attributes:
        initial_interval: The wait before the second attempt.
        backoff_coefficient: What each further wait is multiplied by; at least 1.
        maximum_interval: The longest wait.
        maximum_attempts: All attempts, the first included; at least 1.
        non_retryable_error_types: Error codes and names of exceptions after which it is not tried again.
    """

    initial_interval: timedelta = timedelta(seconds=1)
    backoff_coefficient: float = 2.0
    maximum_interval: timedelta = timedelta(minutes=1)
    maximum_attempts: int = 3
    non_retryable_error_types: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TaskLimits:
    """How long the parts of a task's work may take; None is no limit of its own.

    Attributes:
        start_to_close: One attempt.
        schedule_to_start: From when the work is given out to when a worker takes it.
        schedule_to_close: All attempts, with the waits between them.
        heartbeat: The silence after which a worker counts as lost; for long work only.
    """

    start_to_close: timedelta | None = None
    schedule_to_start: timedelta | None = None
    schedule_to_close: timedelta | None = None
    heartbeat: timedelta | None = None


@attrs.frozen(kw_only=True)
class Transition:
    """What follows a task.

    Attributes:
        next: Id of the task that runs next, or None when the execution ends here.
        with_: Templates merged over the next task's own ``with``.
    """

    next: str | None = None
    with_: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class CollectionDefinition:
    """What a collection runs its one child for.

    Attributes:
        items: A list, a map, a range such as ``1..5``, or a template of one of these.
        filter: Expression or template; an item for which it is false is left out. None keeps all.
        item_var: The name under which templates of the child see the item, besides ``.item``.
        index_var: The name under which they see its number, from 0, besides ``.index``.
        mode: Whether the items are worked on at once.
        batch: How many items are finished before the next ones begin; None means all.
    """

    items: Json
    filter: str | None = None
    item_var: str = "item"
    index_var: str = "index"
    mode: CollectionMode = CollectionMode.PARALLEL
    batch: int | None = None


@attrs.frozen(kw_only=True)
class RouterDefinition:
    """How a router chooses.

    Attributes:
        expression: CEL; its value is the key of the route.
        routes: Ids of tasks at the top by key; ``default`` is taken when no other key matches.
    """

    expression: str
    routes: dict[str, str]


@attrs.frozen(kw_only=True)
class SignalDefinition:
    """What a signal task tells.

    Attributes:
        name: Template of the event's name.
        payload: Templates of what it carries.
    """

    name: str
    payload: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class WaitDefinition:
    """What a wait task waits for. How long is the task's ``timeout``.

    Attributes:
        name: Template of the event's name.
        condition: CEL over ``signal`` and, where there is one, ``processor``; an event for which it is false is passed
            over. None takes the first.
        processor: A basic task that is run for each event before the condition is asked; None for none.
        on_timeout: Id of the task that follows when nothing came in time; None fails the task.
    """

    name: str
    condition: str | None = None
    processor: "TaskDefinition | None" = None
    on_timeout: str | None = None


@attrs.frozen(kw_only=True)
class MemoryDefinition:
    """A memory that tasks and agents name: conversations, one for each key.

    Attributes:
        id: Its name in the project.
        description: For people.
        max_messages: The most messages of one conversation; the oldest go first. None for no limit.
        max_tokens: The most tokens of one conversation; None for no limit.
        ttl: How long a conversation that nobody touches is kept; None keeps it.
    """

    id: str
    description: str = ""
    max_messages: int | None = None
    max_tokens: int | None = None
    ttl: timedelta | None = None


@attrs.frozen(kw_only=True)
class MemoryCall:
    """What a memory task does.

    Attributes:
        operation: Which operation.
        memory: Id of the memory.
        key: Template of the conversation's key.
        payload: Template of what is written.
        limit: The most messages that ``read`` returns, the newest; None for all.
        offset: How many messages ``read`` passes over, from the oldest.
    """

    operation: MemoryOperation
    memory: str
    key: str
    payload: Json = None
    limit: int | None = None
    offset: int = 0


@attrs.frozen(kw_only=True)
class ModelDefinition:
    """A language model. Its credentials stay with the project: a definition becomes part of recorded histories.

    Attributes:
        provider: Who runs it; ``mock`` answers by itself, always the same.
        model: Its name at the provider.
        params: Temperature and the like; for ``mock``, ``answers`` scripts what it says.
    """

    provider: str
    model: str
    params: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class ActionDefinition:
    """One thing that an agent knows how to do.

    Attributes:
        id: Unique in the agent.
        prompt: Template of what the model is asked.
        input_schema: JSON Schema of the task's input; None accepts any.
        output_schema: JSON Schema of the answer, which then is JSON; None takes text.
    """

    id: str
    prompt: str
    input_schema: JsonObject | None = None
    output_schema: JsonObject | None = None


@attrs.frozen(kw_only=True)
class AgentMemory:
    """A memory that an agent has at hand.

    Attributes:
        memory: Id of the memory.
        key: Template of the conversation's key.
        read_only: Whether the agent reads it without adding to it.
    """

    memory: str
    key: str
    read_only: bool = False


@attrs.frozen(kw_only=True)
class AgentDefinition:
    """Somebody who does things by asking a model.

    Attributes:
        id: Unique in the project.
        instructions: Template of what the model is told first.
        model: The model.
        actions: By id.
        tools: Ids of the tools that it may use.
        memory: The memories that it has at hand.
        max_iterations: How often it may ask the model for one task.
    """

    id: str
    instructions: str = ""
    model: ModelDefinition
    actions: dict[str, ActionDefinition] = attrs.Factory(dict)
    tools: tuple[str, ...] = ()
    memory: tuple[AgentMemory, ...] = ()
    max_iterations: int = 10


@attrs.frozen(kw_only=True)
class AskDefinition:
    """How a basic task asks a model: through an agent, or directly.

    Attributes:
        agent: Id of the agent; None asks ``model`` directly.
        action: Id of the agent's action; None uses ``prompt``.
        prompt: Template of the question; with an action it is added to the action's.
        model: The model to ask; None means the agent's.
    """

    agent: str | None = None
    action: str | None = None
    prompt: str | None = None
    model: ModelDefinition | None = None


@attrs.frozen(kw_only=True)
class TaskDefinition:
    """One task of a workflow.

    Attributes:
        id: Unique among its siblings; that of a collection's child is a template.
        type: What kind of work it is.
        tool: Id of the tool a basic task runs; None when it asks a model, and for the other types.
        ask: How a basic task asks a model; None when it runs a tool, and for the other types.
        with_: Templates that become the task's input, rendered when it starts.
        input_schema: JSON Schema that the rendered input must satisfy; its defaults are filled in. None accepts any.
        output_schema: JSON Schema that the raw output must satisfy; None accepts any.
        outputs: Templates that shape what later tasks see; None keeps the raw output.
        env: Templates of the variables that its templates see as ``.env`` and its tool in its environment.
        condition: Expression or template; when false the task is skipped and its successor runs. None runs it.
        on_success: What follows when it succeeded; None ends the execution.
        on_error: What follows when it failed; None fails the execution.
        final: Whether nothing runs after it, whatever its transitions say.
        sleep: How long to wait after it, before what follows; None for no time.
        timeout: How long it may run; None means the tool's own limit.
        retry: How often it is tried again; None runs it once.
        limits: The limits given in ``config`` at any level.
        tasks: The children of a container, in order; a collection has one, which is run for each item.
        strategy: When a container has ended.
        max_workers: How many children run at once; None means all.
        collection: What a collection runs its child for; None for the other types.
        router: How a router chooses; None for the other types.
        signal: What a signal task tells; None for the other types.
        wait: What a wait task waits for; None for the other types.
        memory: What a memory task does; None for the other types.
    """

    id: str
    type: TaskType = TaskType.BASIC
    tool: str | None = None
    ask: AskDefinition | None = None
    with_: JsonObject = attrs.Factory(dict)
    input_schema: JsonObject | None = None
    output_schema: JsonObject | None = None
    outputs: JsonObject | None = None
    env: dict[str, str] = attrs.Factory(dict)
    condition: str | None = None
    on_success: Transition | None = None
    on_error: Transition | None = None
    final: bool = False
    sleep: timedelta | None = None
    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    limits: TaskLimits = TaskLimits()
    tasks: tuple["TaskDefinition", ...] = ()
    strategy: Strategy = Strategy.WAIT_ALL
    max_workers: int | None = None
    collection: CollectionDefinition | None = None
    router: RouterDefinition | None = None
    signal: SignalDefinition | None = None
    wait: WaitDefinition | None = None
    memory: MemoryCall | None = None


@attrs.frozen(kw_only=True)
class ToolDefinition:
    """A tool that tasks name.

    Attributes:
        id: Name of the exported function in the project's entrypoint; one that begins with ``cp__`` is built in.
        description: For people, and for models that choose.
        config: Constant second argument of the function.
        with_: Default input, under what the task gives.
        timeout: How long one call may take; None means DEFAULT_TOOL_TIMEOUT.
        input_schema: JSON Schema of its input; None accepts any.
        output_schema: JSON Schema of its output; None accepts any.
        env: Templates of variables for its environment.
        isolation: Where it runs when it is written in Python.
    """

    id: str
    description: str = ""
    config: JsonObject = attrs.Factory(dict)
    with_: JsonObject = attrs.Factory(dict)
    timeout: timedelta | None = None
    input_schema: JsonObject | None = None
    output_schema: JsonObject | None = None
    env: dict[str, str] = attrs.Factory(dict)
    isolation: ToolIsolation = ToolIsolation.NONE


@attrs.frozen(kw_only=True)
class TriggerDefinition:
    """What starts executions of a workflow besides requests.

    Attributes:
        type: What kind of thing it is.
        name: Name of the event, or slug of the webhook.
        schema: JSON Schema that the payload must satisfy; None accepts any.
        webhook: What else a webhook says; empty for signals.
    """

    type: TriggerType
    name: str
    schema: JsonObject | None = None
    webhook: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class ScheduleDefinition:
    """When a workflow runs by itself.

    Attributes:
        cron: 5 to 7 fields, ``@daily`` and the like, or ``@every 10s``.
        timezone: IANA name.
        enabled: Whether it is on.
        jitter: The most by which each start is put off at random; None for none.
        overlap_policy: What happens when it is due while the last execution still runs.
        start_at: Nothing starts before; aware.
        end_at: Nothing starts after; aware.
        input: Input of each execution.
    """

    cron: str
    timezone: str = "UTC"
    enabled: bool = True
    jitter: timedelta | None = None
    overlap_policy: OverlapPolicy = OverlapPolicy.SKIP
    start_at: datetime | None = None
    end_at: datetime | None = None
    input: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class WorkflowDefinition:
    """One workflow, checked; the snapshot that an execution runs to its end, whatever happens to the YAML.

    Attributes:
        id: Unique in the project.
        description: For people.
        version: The author's own version, or None.
        input_schema: JSON Schema 2020-12 of the input; None accepts any object.
        tasks: Never empty; the first one starts the execution.
        outputs: Templates of the execution's output; None maps each task's id to ``{"output": ...}``.
        tools: The tools that its tasks name, by id, as they were when the execution started.
        agents: The agents that its tasks name, by id.
        memories: The memories that its tasks and agents name, by id.
        env: What its templates see as ``.env``: the project's variables that they name, under its own ``config.env``.
        triggers: What starts it besides requests.
        schedule: When it runs by itself; None for never.
    """

    id: str
    description: str = ""
    version: str | None = None
    input_schema: JsonObject | None = None
    tasks: tuple[TaskDefinition, ...]
    outputs: JsonObject | None = None
    tools: dict[str, ToolDefinition] = attrs.Factory(dict)
    agents: dict[str, AgentDefinition] = attrs.Factory(dict)
    memories: dict[str, MemoryDefinition] = attrs.Factory(dict)
    env: dict[str, str] = attrs.Factory(dict)
    triggers: tuple[TriggerDefinition, ...] = ()
    schedule: ScheduleDefinition | None = None


class RuntimeType(StrEnum):
    """What the tools of a project are written in, and run by."""

    PYTHON = "python"
    DENO = "deno"
    BUN = "bun"
    NODE = "node"


@attrs.frozen(kw_only=True)
class NativeCommand:
    """A command that ``cp__exec`` may run.

    Attributes:
        path: The executable, absolute.
        arguments: Patterns (RE2) of its arguments.
        max_paths: How many of its arguments may be paths below the root.
        timeout: How long it may run; None means that of all commands.
    """

    path: str
    arguments: tuple[str, ...] = ()
    max_paths: int = 0
    timeout: timedelta | None = None


@attrs.frozen(kw_only=True)
class NativeTools:
    """What the built-in tools (``cp__…``) are allowed; None leaves it as it is by default.

    Attributes:
        enabled: Whether tasks may name them.
        root_dir: All that they read and write is below; relative to the project.
        read_only: Whether they may write and delete nothing.
        max_file_size: The largest file they read or write, in bytes.
        commands: The only commands that may be run.
        exec_timeout: How long a command may run.
        allowed_hosts: The only hosts that may be reached; empty means all public ones.
        denied_hosts: Hosts that may not be reached.
        allow_private: Whether this machine and private networks may be reached.
        max_body: How many bytes of an answer are kept.
        fetch_timeout: How long one request may take.
    """

    enabled: bool = True
    root_dir: str = "."
    read_only: bool = False
    max_file_size: int | None = None
    commands: tuple[NativeCommand, ...] | None = None
    exec_timeout: timedelta | None = None
    allowed_hosts: tuple[str, ...] = ()
    denied_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    max_body: int | None = None
    fetch_timeout: timedelta | None = None


@attrs.frozen(kw_only=True)
class RuntimeDefinition:
    """What runs the tools.

    Attributes:
        type: What they are written in.
        entrypoint: Path of the file that exports them, relative to the project; None without tools of its own.
        permissions: What deno lets them do, as its flags spell it.
        isolation: Where Python tools run that do not say.
        tool_timeout: How long one call may take when neither task nor tool says; None means DEFAULT_TOOL_TIMEOUT.
        native: What the built-in tools are allowed.
    """

    type: RuntimeType = RuntimeType.PYTHON
    entrypoint: str | None = None
    permissions: tuple[str, ...] = ()
    isolation: ToolIsolation = ToolIsolation.NONE
    tool_timeout: timedelta | None = None
    native: NativeTools = NativeTools()


@attrs.frozen(kw_only=True)
class Project:
    """Everything that a ``compozy.yaml`` and the files it names define.

    Attributes:
        name: The project's name.
        root: Absolute path of the folder that holds ``compozy.yaml``.
        runtime: What runs the tools.
        workflows: By id, in the order of the files.
        env: What ``.env`` beside the file says; templates see it as ``.env``.
    """

    name: str
    root: str
    description: str = ""
    version: str | None = None
    runtime: RuntimeDefinition = RuntimeDefinition()
    workflows: dict[str, WorkflowDefinition] = attrs.Factory(dict)
    env: dict[str, str] = attrs.Factory(dict)
