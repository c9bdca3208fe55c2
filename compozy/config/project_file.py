"""Shape of ``compozy.yaml``. The descriptions are for editors; the reference has the whole story."""

from typing import ClassVar, Literal

from pydantic import Field

from compozy.config.author import AuthorSection
from compozy.config.fields import AnyObject, Duration, Name, Shape
from compozy.config.native_tools import NativeToolsSection
from compozy.config.not_yet import PROJECT_KEYS, RUNTIME_KEYS
from compozy.config.options_entry import OptionsEntry
from compozy.config.resource_entries import AgentEntry, MemoryEntry, ModelEntry, ToolEntry
from compozy.config.sections import Sections


class WorkflowSource(Shape):
    """Where workflow files are: a path or a pattern, relative to the project file."""

    main_key: ClassVar[str] = "source"

    source: Name = Field(description="path or pattern, such as workflows/*.yaml")


class RuntimeSection(Shape):
    """What runs the tools."""

    not_yet: ClassVar[frozenset[str]] = RUNTIME_KEYS

    type: Literal["python", "deno", "bun", "node"] | None = Field(
        None, description="what runs the tools; when not set, what the entrypoint's name says, else python"
    )
    entrypoint: Name | None = Field(None, description="the file with the tools, relative to this file")
    permissions: list[Name] | None = Field(None, description="what deno lets the tools do, as its flags spell it")
    isolation: Literal["none", "process"] | None = Field(
        None, description="whether Python tools run in processes of their own; none when not set"
    )
    tool_execution_timeout: Duration | None = Field(
        None, description="how long one call may take when neither task nor tool says; 60s when not set"
    )
    native_tools: NativeToolsSection | None = Field(None, description="what the built-in tools are allowed")


class AutoloadSection(Shape):
    """Files that are read without being named."""

    enabled: bool | None = Field(None, description="whether it is on; off when not set")
    strict: bool | None = Field(None, description="whether a file that cannot be read is an error; it is when not set")
    include: list[Name] | None = Field(None, description="patterns of the files, relative to this file")
    exclude: list[Name] | None = Field(None, description="patterns of files that are left out of these")


class ProjectFile(Sections):
    """The project file: what it defines, and the application sections."""

    not_yet: ClassVar[frozenset[str]] = PROJECT_KEYS

    name: Name = Field(description="name of the project; templates see it as .project.name")
    version: str | None = Field(None, description="the project's own version")
    description: str | None = Field(None, description="for people")
    author: AuthorSection | None = Field(None, description="who to ask")
    license: str | None = Field(None, description="for people")
    workflows: list[WorkflowSource] | None = Field(None, description="where the workflow files are")
    schemas: list[AnyObject] | None = Field(None, description="JSON Schemas with an id, to be named elsewhere")
    models: list[ModelEntry] | None = Field(None, description="language models")
    tools: list[ToolEntry] | None = Field(None, description="tools that every workflow may name")
    agents: list[AgentEntry] | None = Field(None, description="agents that every workflow may name")
    memories: list[MemoryEntry] | None = Field(None, description="memories that tasks and agents may name")
    autoload: AutoloadSection | None = Field(None, description="files that are read without being named")
    config: OptionsEntry | None = Field(None, description="options of all tasks")
    runtime: RuntimeSection | None = Field(None, description="what runs the tools")
