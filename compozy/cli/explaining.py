"""``compozy config explain``, in the forms it is printed in."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import yaml
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from compozy.cli.project import Flags, given
from compozy.cli.running.results import as_json
from compozy.cli.settings import plain
from compozy.config.agreement import problems_between
from compozy.config.explaining import Explanation, Saying, explain
from compozy.config.precedence import trace_origins
from compozy.config.reading import read_project_file
from compozy.config.sections import Sections
from compozy.domain.errors import InvalidError
from compozy.domain.json import JsonObject


def print_explanations(config: Path, key: str, flags: Flags, *, format_: str) -> None:
    """Print on stdout why a setting, or each setting of a section, has its value.

    Args:
        config: The project; whatever state its workflows are in.
        key: The dotted key of the setting, or of the section.
        flags: The flags to reckon with.
        format_: ``json``, ``yaml`` or ``table``.

    Raises:
        InvalidError: There is no such setting, or the values of some cannot be read. When those that are explained
            contradict others, they are printed first.
    """
    read = read_project_file(config)
    sections = read.file or Sections()
    origins, outside = trace_origins(read.document, sections, environ=os.environ, flags=given(flags))
    if read.problems_of_file or outside:
        raise InvalidError([*read.problems_of_file, *outside])
    explanations = explain(key, origins, file=read.document.file)
    _print(explanations, format_)
    explained = {each.setting.key for each in explanations}
    problems = [problem for problem in problems_between(origins, read.document) if problem.key in explained]
    if problems:
        raise InvalidError(problems)


def _print(explanations: Iterable[Explanation], format_: str) -> None:
    if format_ == "table":
        Console().print(Group(*separated(map(as_table, explanations))))
        return
    found = {each.setting.key: as_object(each) for each in explanations}
    click.echo(as_json(found) if format_ == "json" else yaml.safe_dump(found, sort_keys=False).rstrip())


def as_object(explanation: Explanation) -> JsonObject:
    """Return an explanation as JSON and YAML carry it."""
    return {
        "value": plain(explanation.origin),
        "source": explanation.origin.source,
        "rule": explanation.rule,
        "about": explanation.setting.about,
        "kind": explanation.kind,
        "environment": explanation.setting.env,
        "flag": explanation.setting.flag,
        "sources": [
            {
                "level": saying.level.value,
                "says": saying.origin is not None,
                "value": plain(saying.origin) if saying.origin else None,
                "source": saying.origin.source if saying.origin else None,
                "decides": decides(explanation, saying),
            }
            for saying in explanation.sayings
        ],
    }


def as_table(explanation: Explanation) -> RenderableType:
    """Return an explanation for people: the value, what it is, and a line for each source."""
    origin, setting = explanation.origin, explanation.setting
    grid = Table(box=None, pad_edge=False, show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for saying in explanation.sayings:
        style = "bold" if decides(explanation, saying) else "dim"
        note = f"decides: {explanation.rule}" if decides(explanation, saying) else ""
        grid.add_row(Text(place_of(saying), style), Text(said_by(saying), style), Text(note))
    return Group(
        Text.assemble((setting.key, "bold"), " = ", shown_or_nothing(origin.shown)),
        Padding(Text(f"{setting.about}\ntakes: {explanation.kind}"), (0, 0, 0, 2)),
        Padding(grid, (0, 0, 0, 2)),
    )


def decides(explanation: Explanation, saying: Saying) -> bool:
    """Tell whether it is this source that the value came from."""
    return saying.level is explanation.origin.level


def place_of(saying: Saying) -> str:
    """Return where the source says it, or where it would."""
    if saying.origin is not None:
        return saying.origin.source
    return f"{saying.level} {saying.name}" if saying.name else f"{saying.level}: there is none"


def said_by(saying: Saying) -> str:
    """Return what the source says."""
    return shown_or_nothing(saying.origin.shown) if saying.origin is not None else "-"


def shown_or_nothing(shown: str) -> str:
    """Return a value as people write it, also when there is none."""
    return shown or "not set"


def separated(parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """Yield the parts with an empty line between them."""
    for number, part in enumerate(parts):
        if number:
            yield Text()
        yield part
