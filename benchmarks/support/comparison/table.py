"""The table: a line for each figure and each side that it is compared with."""

import statistics
from collections.abc import Iterator, Sequence
from typing import Any, Final

from support.comparison.figures import Aim, Experiment, Figure
from support.comparison.rounds import Record

Result = tuple[Experiment, Sequence[Record]]
"""An experiment, and what is known of each of its sides, ours first."""

_HEADER: Final = ("figure", "ours", "beside", "theirs", "ratio (from .. to)", "aim", "")
_SMALL: Final = 0.1
_LEFT: Final = {0, 2}
"""Columns of words, which are set to the left."""


def rows(experiment: Experiment, records: Sequence[Record]) -> Iterator[Sequence[str]]:
    """Return the cells of an experiment's lines."""
    ours, *others = records
    for figure in experiment.figures:
        mine = ours.numbers(figure.statistic)
        if not others:
            yield _row_alone(figure, ours, mine)
        for record in others:
            theirs = record.numbers(figure.statistic)
            if theirs or record.side.has_aim or figure is experiment.figures[0]:
                yield _row(figure, ours, mine, record, theirs)


def _row(figure: Figure, ours: Record, mine: Sequence[float], record: Record, theirs: Sequence[float]) -> Sequence[str]:
    ratios = [a / b for a, b in zip(mine, theirs, strict=False) if b]
    aim = (record.side.aim or figure.aim) if record.side.has_aim else None
    judged = ratios if aim is not None and aim.of == "ratio" else mine
    return (
        figure.name,
        _number(figure, mine) if mine else _absent(ours),
        record.side.label,
        _number(figure, theirs) if theirs else _absent(record),
        f"{_ratio(statistics.median(ratios))}x ({_ratio(min(ratios))} .. {_ratio(max(ratios))})" if ratios else "-",
        *_judgement(aim, judged),
    )


def _row_alone(figure: Figure, ours: Record, mine: Sequence[float]) -> Sequence[str]:
    return (
        figure.name,
        _number(figure, mine) if mine else _absent(ours),
        "-",
        "-",
        "-",
        *_judgement(figure.aim, mine),
    )


def _judgement(aim: Aim | None, numbers: Sequence[float]) -> tuple[str, str]:
    """Return an aim, and what the numbers that it is about come to."""
    if aim is None:
        return "-", ""
    return str(aim), aim.verdict(statistics.median(numbers)) if numbers else "not measured"


def _number(figure: Figure, numbers: Sequence[float]) -> str:
    return f"{statistics.median(numbers):.{figure.digits}f}"


def _ratio(number: float) -> str:
    return f"{number:.2f}" if number >= _SMALL else f"{number:.2g}"


def _absent(record: Record) -> str:
    return "-" if record.unable is None else "n/a"


def reasons(results: Sequence[Result]) -> Iterator[str]:
    """Return why sides have no numbers, a line for each reason."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for experiment, records in results:
        for record in records:
            if record.unable is not None:
                concerned.setdefault((record.side.label, record.unable), []).append(experiment.name)
    for (label, reason), names in concerned.items():
        yield f"{label} ({', '.join(names)}): {reason}"


def layout(cells: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as aligned plain text, below a heading."""
    lines = [_HEADER, *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(_set(line, widths)).rstrip() for line in lines]
    return "\n".join([shown[0], "-" * max(map(len, shown)), *shown[1:]])


def _set(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for place, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.ljust(width) if place in _LEFT else cell.rjust(width)


def as_json(experiment: Experiment, records: Sequence[Record]) -> dict[str, Any]:
    """Return every sample."""
    return {
        "name": experiment.name,
        "arguments": dict(experiment.arguments),
        "sides": [
            {
                "label": record.side.label,
                "arguments": dict(record.side.arguments),
                "runs": record.runs,
                "unable": record.unable,
            }
            for record in records
        ],
    }
