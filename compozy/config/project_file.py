"""Shape of ``compozy.yaml``."""

from typing import ClassVar, Literal

from pydantic import Field

from compozy.config.fields import AnyObject, Duration, Identifier, Name, Shape
from compozy.config.not_yet import PROJECT_KEYS, RUNTIME_KEYS, TOOL_KEYS
from compozy.config.sections import Sections


class ToolEntry(Shape):
    """A tool that tasks name; the entrypoint exports a function of that name."""

    not_yet: ClassVar[frozenset[str]] = TOOL_KEYS

    id: Identifier
    description: str | None = None
    timeout: Duration | None = None
    with_: AnyObject | None = Field(None, alias="with")
    config: AnyObject | None = None


class WorkflowSource(Shape):
    """Where workflow files are: a path or a pattern, relative to the project file."""

    source: Name


class RuntimeSection(Shape):
    """What runs the tools."""

    not_yet: ClassVar[frozenset[str]] = RUNTIME_KEYS

    type: Literal["python"] | None = None
    entrypoint: Name | None = None


class AuthorSection(Shape):
    """Who to ask."""

    name: str | None = None
    email: str | None = None
    organization: str | None = None
    url: str | None = None


class ProjectFile(Sections):
    """The project file: what it defines, and the application sections."""

    not_yet: ClassVar[frozenset[str]] = PROJECT_KEYS

    name: Name
    version: str | None = None
    description: str | None = None
    author: AuthorSection | None = None
    workflows: list[WorkflowSource] | None = None
    tools: list[ToolEntry] | None = None
    runtime: RuntimeSection | None = None
