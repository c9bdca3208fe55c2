"""Time limits and retries that contradict each other on one level."""

from collections.abc import Iterator
from datetime import timedelta

from compozy.config.documents import Document
from compozy.config.options_entry import OptionsEntry
from compozy.domain.durations import format_duration
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath


def option_problems(document: Document, path: KeyPath, options: OptionsEntry | None) -> Iterator[Problem]:
    """Yield the options of one level that cannot hold at once."""
    if options is None:
        return
    policy = options.retry_policy
    if policy is not None:
        yield from _longer(
            document,
            (*path, "retry_policy", "initial_interval"),
            policy.initial_interval,
            "maximum_interval",
            policy.maximum_interval,
        )
    whole = options.schedule_to_close_timeout
    for key in ("start_to_close_timeout", "schedule_to_start_timeout"):
        yield from _longer(document, (*path, key), getattr(options, key), "schedule_to_close_timeout", whole)
    yield from _longer(
        document,
        (*path, "heartbeat_timeout"),
        options.heartbeat_timeout,
        "start_to_close_timeout",
        options.start_to_close_timeout,
    )


def _longer(
    document: Document, path: KeyPath, part: timedelta | None, whole_key: str, whole: timedelta | None
) -> Iterator[Problem]:
    """Yield a part of something that is longer than the whole of it."""
    if part is not None and whole is not None and part > whole:
        message = f"{format_duration(part)} is longer than {whole_key}, {format_duration(whole)}"
        yield document.problem(path, message, hint="shorten the one or lengthen the other")
