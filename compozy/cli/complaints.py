"""Errors as the person at the terminal sees them: clean lines on stderr, never a traceback."""

from collections.abc import Iterator

import click

from compozy.cli.exits import Exit, exit_of
from compozy.domain.errors import CompozyError, InvalidError


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that a group holds, at any depth, in order; an error that is no group yields itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def lines_of(error: BaseException) -> list[str]:
    """Return what to say about one error that is no group: its problems, or its message.

    An error that was not raised on purpose is named with its class and its notes, and the way to its traceback.
    """
    if isinstance(error, InvalidError):
        return [str(problem) for problem in error.problems]
    if isinstance(error, CompozyError):
        return error.message.splitlines() or [error.code.lower()]
    if isinstance(error, OSError) and error.strerror is not None:  # a full disk, say: nobody's mistake here
        return [f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    notes = [line for note in getattr(error, "__notes__", ()) for line in note.splitlines()]
    return [*text.splitlines(), *notes, "this should not happen: `compozy --debug …` shows where it came from"]


def complain(message: str) -> None:
    """Print one line on stderr that begins with ``error:``."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)


def warn(message: str) -> None:
    """Print one line on stderr that begins with ``warning:``."""
    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {message}", err=True)


def report(error: BaseException) -> Exit:
    """Print an error, or all errors of a group, on stderr and return the exit it stands for."""
    errors = list(leaves(error))
    if any(isinstance(each, KeyboardInterrupt) for each in errors):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    for each in errors:
        for line in lines_of(each):
            complain(line)
    return exit_of(errors)
