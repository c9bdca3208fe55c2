"""The root command: one table of commands, and errors turned into messages and exit codes."""

from typing import Any

import click
from typing_extensions import override

from compozy.cli.config import config
from compozy.cli.data import data
from compozy.cli.dev import dev
from compozy.cli.doctor import doctor
from compozy.cli.events import events
from compozy.cli.executions import executions
from compozy.cli.graph import graph
from compozy.cli.init import init
from compozy.cli.migrate import migrate
from compozy.cli.run import run
from compozy.cli.schedules import schedules
from compozy.cli.serve import serve
from compozy.cli.status import status
from compozy.cli.validate import validate
from compozy.cli.version import version
from compozy.cli.worker import worker
from compozy.cli.workflows import workflows


class Root(click.Group):
    """A group whose commands return their exit code and raise what went wrong."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order somebody meets them, not by name."""
        return list(self.commands)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and end with its exit code.

        Click's own errors (usage, exit) and a reader that closed the pipe are left to click.
        """
        try:
            code = super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
            if ctx.params["debug"]:
                raise
            from compozy.cli.complaints import report  # noqa: PLC0415 - `--help` must not load the error tree

            code = report(error)
        ctx.exit(int(code or 0))


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def cli(*, debug: bool) -> None:
    """Run declarative YAML workflows on Temporal.

    \b
    A project from nothing, and its first execution:
      compozy init hello
      cd hello && compozy run hello --input name=Ada
    """  # noqa: D301 - \b tells click to keep the line breaks


for _command in (
    init,
    validate,
    run,
    serve,
    worker,
    dev,
    status,
    workflows,
    executions,
    events,
    schedules,
    graph,
    config,
    migrate,
    data,
    doctor,
    version,
):
    cli.add_command(_command)
