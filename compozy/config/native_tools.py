"""Shape of ``runtime.native_tools``: what the tools that every project has are allowed."""

from typing import Annotated

from pydantic import Field

from compozy.config.fields import Duration, FilePath, Name, Shape, Size


class CommandEntry(Shape):
    """A command that may be run, and the arguments it may get."""

    path: FilePath = Field(description="the executable, absolute")
    arguments: list[str] | None = Field(None, description="patterns (RE2) of its arguments; none when not set")
    max_paths: Annotated[int, Field(ge=0)] | None = Field(
        None, description="how many arguments may be paths below the root; none when not set"
    )
    timeout: Duration | None = Field(None, description="how long it may run; 30s when not set")


class ExecSection(Shape):
    """``runtime.native_tools.exec``: what cp__exec may run."""

    allowed: list[CommandEntry] | None = Field(
        None, description="the only commands; a few that read and change nothing when not set"
    )
    timeout: Duration | None = Field(None, description="how long a command may run; 30s when not set")


class FetchSection(Shape):
    """``runtime.native_tools.fetch``: what cp__fetch may reach."""

    allowed_hosts: list[Name] | None = Field(None, description="the only hosts; all public ones when not set")
    denied_hosts: list[Name] | None = Field(None, description="hosts that it may not reach")
    allow_private: bool | None = Field(None, description="whether it may reach this machine and private networks")
    max_body: Size | None = Field(None, description="how much of an answer is kept; 2mib when not set")
    timeout: Duration | None = Field(None, description="how long one call may take; 30s when not set")


class NativeToolsSection(Shape):
    """``runtime.native_tools``: what the built-in tools (``cp__…``) are allowed."""

    enabled: bool | None = Field(None, description="whether tasks may name them; they may when not set")
    root_dir: FilePath | None = Field(
        None, description="all that they read and write is below; the project when not set"
    )
    read_only: bool | None = Field(None, description="whether they may write and delete nothing")
    max_file_size: Size | None = Field(None, description="the largest file they read or write; 10mib when not set")
    exec: ExecSection | None = Field(None, description="what cp__exec may run")
    fetch: FetchSection | None = Field(None, description="what cp__fetch may reach")
