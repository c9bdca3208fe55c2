"""One result of an examination, and how all of them are printed."""

from collections.abc import Iterable
from enum import StrEnum

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.exits import Exit
from compozy.cli.running.results import as_json
from compozy.domain.codec import to_json


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@attrs.frozen
class Finding:
    """One result.

    Attributes:
        name: What was looked at.
        level: How bad it is.
        detail: What was found.
        fix: What to do about it; empty when there is nothing to do.
    """

    name: str
    level: Level
    detail: str
    fix: str = ""


def ok(name: str, detail: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(name, Level.OK, detail)


def warn(name: str, detail: str, fix: str) -> Finding:
    """Return a finding that will do for now."""
    return Finding(name, Level.WARN, detail, fix)


def fail(name: str, detail: str, fix: str) -> Finding:
    """Return a finding that keeps the program from running."""
    return Finding(name, Level.FAIL, detail, fix)


def exit_for(findings: Iterable[Finding]) -> Exit:
    """Return FAILED when any of them has failed."""
    return Exit.FAILED if any(finding.level is Level.FAIL for finding in findings) else Exit.SUCCESS


def print_findings(findings: Iterable[Finding], format_: str) -> None:
    """Print them on stdout, one a row, each cure under its finding."""
    if format_ == "json":
        click.echo(as_json([to_json(finding) for finding in findings]))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for finding in findings:
        table.add_row(Text(finding.level, _COLOURS[finding.level]), Text(finding.name, "bold"), Text(finding.detail))
        if finding.fix:
            table.add_row("", "", Text(f"→ {finding.fix}", "italic"))
    Console().print(table)
