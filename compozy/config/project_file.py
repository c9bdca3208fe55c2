"""Shape of ``compozy.yaml``. The descriptions are for editors; the reference has the whole story."""

from typing import ClassVar, Literal

from pydantic import Field

from compozy.config.fields import AnyObject, Duration, Identifier, Name, Shape
from compozy.config.not_yet import PROJECT_KEYS, RUNTIME_KEYS, TOOL_KEYS
from compozy.config.sections import Sections


class ToolEntry(Shape):
    """A tool that tasks name; the entrypoint exports a function of that name."""

    not_yet: ClassVar[frozenset[str]] = TOOL_KEYS

    id: Identifier = Field(description="name of the function in the entrypoint")
    description: str | None = Field(None, description="for people")
    timeout: Duration | None = Field(None, description="how long one call may take; 60s when not set")
    with_: AnyObject | None = Field(None, alias="with", description="default input: templates, under those of the task")
    config: AnyObject | None = Field(None, description="the second argument of the function, taken as it is")


class WorkflowSource(Shape):
    """Where workflow files are: a path or a pattern, relative to the project file."""

    source: Name = Field(description="path or pattern, such as workflows/*.yaml")


class RuntimeSection(Shape):
    """What runs the tools."""

    not_yet: ClassVar[frozenset[str]] = RUNTIME_KEYS

    type: Literal["python"] | None = Field(None, description="what the tools are written in; python when not set")
    entrypoint: Name | None = Field(None, description="the Python file with the tools, relative to this file")


class AuthorSection(Shape):
    """Who to ask."""

    name: str | None = None
    email: str | None = None
    organization: str | None = None
    url: str | None = None


class ProjectFile(Sections):
    """The project file: what it defines, and the application sections."""

    not_yet: ClassVar[frozenset[str]] = PROJECT_KEYS

    name: Name = Field(description="name of the project; templates see it as .project.name")
    version: str | None = Field(None, description="the project's own version")
    description: str | None = Field(None, description="for people")
    author: AuthorSection | None = Field(None, description="who to ask")
    workflows: list[WorkflowSource] | None = Field(None, description="where the workflow files are")
    tools: list[ToolEntry] | None = Field(None, description="tools that every workflow may name")
    runtime: RuntimeSection | None = Field(None, description="what runs the tools")
