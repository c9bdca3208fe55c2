"""The command line: shows the plan of any program's tree, runs it, and replays the events of a run."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import trio

from supervisors.core.events import Event
from supervisors.core.plan import Plan
from supervisors.errors import LogError, TreeError
from supervisors.inspection.codec import event_to_line, read_events
from supervisors.inspection.replay import Snapshot, replay
from supervisors.inspection.timeline import Timeline, timeline
from supervisors.program.locate import TargetError, find_tree
from supervisors.program.reporters import Reckoning, Reporter
from supervisors.program.running import run
from supervisors.tree import Tree

_DISTRIBUTION = "compozy"  # what this package comes with, and the version of which it has

_WRONG = 2
"""The exit status when what was asked for cannot be done: as argparse has it for a wrong command line."""

_INTERRUPTED = 130  # 128 + SIGINT, when it comes while no tree runs yet

_HELP = """\
examples:
  python -m supervisors plan app:tree              what starts and stops when, and what to look at
  python -m supervisors plan app:tree -o json
  python -m supervisors run app:tree               until Ctrl-C, an actor gives up, or the main actor returns
  python -m supervisors run app:tree --only http   http, and all that it needs
  python -m supervisors run app:tree --log events.jsonl
  python -m supervisors replay events.jsonl        the state at the end
  python -m supervisors replay events.jsonl --at 17
  python -m supervisors replay events.jsonl --timeline

app:tree is the Tree called "tree" in app.py, or a function called "tree" that returns one. app.py:tree works as well.

exit status: of run, 0 after a stop in order, 1 when the tree failed, 128 + signal after a second Ctrl-C, else what the
main actor returned; 2 when the tree is wrong or cannot be found.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit status.

    Args:
        argv: The arguments; None: those of this program.
    """
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
    except TreeError as error:
        return _refuse(*error.problems)
    except (TargetError, LogError, OSError) as error:
        return _lose_output() if isinstance(error, BrokenPipeError) else _refuse(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m supervisors",
        description="Look at a tree of supervised actors, run it, and see what happened in it.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    plan = commands.add_parser("plan", help="what starts and stops when, and what to look at; starts nothing")
    _add_target(plan)
    _add_output(plan)
    plan.set_defaults(command=_plan)
    running = commands.add_parser("run", help="run a tree until Ctrl-C, an actor gives up, or the main actor returns")
    _add_target(running)
    running.add_argument(
        "--events",
        choices=("text", "json", "none"),
        default="text",
        help="how to show each event on standard error (default: text)",
    )
    running.add_argument("--log", metavar="FILE", help="write the events to FILE as well, for replay")
    running.set_defaults(command=_run)
    past = commands.add_parser("replay", help="the state of a tree at any event of a log")
    past.add_argument("file", metavar="FILE", help="events, one JSON object per line; - is standard input")
    what = past.add_mutually_exclusive_group()
    what.add_argument("--at", metavar="N", type=int, help="after event N, counted from 1 (default: the last one)")
    what.add_argument("--timeline", action="store_true", help="how the start went, instead of a state")
    _add_output(past)
    past.set_defaults(command=_replay)
    return parser


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tree", metavar="MODULE:TREE", help="for instance app:tree; looked for in this directory first")
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", action="extend", help="these actors and all that they need, nothing else"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help="how to show it (default: text)"
    )


def _plan(options: argparse.Namespace) -> int:
    return _show(_tree(options).plan(), options.output)


def _run(options: argparse.Namespace) -> int:
    tree = _tree(options)
    for warning in tree.plan().warnings:
        text = json.dumps({"warning": warning}) if options.events == "json" else f"warning: {warning}"
        sys.stderr.write(f"{text}\n")
    with ExitStack() as files:
        reporters = []
        if options.events != "none":
            reporters.append(Reporter(sys.stderr, event_to_line if options.events == "json" else Reckoning()))
        if options.log is not None:
            log = files.enter_context(Path(options.log).open("w", encoding="ascii"))
            reporters.append(Reporter(log, event_to_line))

        def tell(event: Event) -> None:
            for reporter in reporters:
                reporter(event)

        return run(tree, on_event=tell)


def _replay(options: argparse.Namespace) -> int:
    events = tuple(read_events(_lines(options.file)))
    if options.timeline:
        return _show(timeline(events), options.output)
    states = replay(events)
    number = len(states) if options.at is None else options.at
    if not 1 <= number <= len(states):
        return _refuse(f"there is no event {number}; the log has {len(states)}" + (", from 1" if states else ""))
    snapshot = states[number - 1]
    return _show(snapshot, options.output)


def _lines(file: str) -> Iterator[str]:
    if file == "-":
        yield from sys.stdin
        return
    with Path(file).open(encoding="utf-8", errors="surrogateescape") as log:  # what is no UTF-8 is no JSON either
        yield from log


def _tree(options: argparse.Namespace) -> Tree:
    tree = find_tree(options.tree)
    return tree.only(*options.only) if options.only else tree


def _show(shown: Plan | Timeline | Snapshot, output: str) -> int:
    text = json.dumps(shown.as_dict(), indent=2) if output == "json" else str(shown)
    encoding = sys.stdout.encoding or "utf-8"  # which need not have all that is in the message of an error
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return 0


def _refuse(*problems: str) -> int:
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return _WRONG


def _lose_output() -> int:
    # Nobody reads standard output any more. Python flushes it once more at exit, which must have somewhere to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _version() -> str:
    try:
        own = version(_DISTRIBUTION)
    except PackageNotFoundError:
        own = "of a source tree"
    return f"supervisors {own} (Trio {trio.__version__}, Python {platform.python_version()})"
