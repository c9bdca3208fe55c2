"""What log lines look like, and what they do not say."""

import json
import logging
import re
import warnings

import pytest
import structlog
import trio

from compozy.domain.errors import InvalidError
from compozy.telemetry.logger import get_logger
from compozy.telemetry.logs import configure_logs

BOOT = {"mode": "standalone", "store_driver": "sqlite", "cache_driver": "sugardb"}


def lines_of(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def raise_with_a_secret():
    password = "hunter2"  # noqa: S105 - it must not be shown
    raise ValueError(f"wrong password of {len(password)} characters")


def test_a_boot_line_for_people_shows_mode_and_drivers_in_order(stream):
    configure_logs(format="console", stream=stream)

    get_logger("compozy").info("compozy starts", **BOOT)

    assert "mode=standalone store_driver=sqlite cache_driver=sugardb" in stream.getvalue()


def test_a_line_for_machines_is_one_json_object_with_an_instant_in_utc(stream):
    configure_logs(format="json", stream=stream)

    get_logger("compozy").warning("two\nlines ü", **BOOT)

    (line,) = lines_of(stream)
    assert line | BOOT == line
    assert list(line) == ["timestamp", "level", "logger", "event", *BOOT]
    assert line["event"] == "two\nlines ü"
    assert line["level"] == "warning"
    assert line["logger"] == "compozy"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])


def test_a_terminal_gets_lines_for_people_and_a_pipe_json(stream, terminal):
    configure_logs(stream=terminal)
    get_logger("compozy").info("hello")
    configure_logs(stream=stream)
    get_logger("compozy").info("hello")

    assert not terminal.getvalue().startswith("{")
    assert lines_of(stream)[0]["event"] == "hello"


def test_no_color_turns_colours_off(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logs(stream=terminal)

    get_logger("compozy").info("hello", key="value")

    assert "\x1b" not in terminal.getvalue()
    assert "key=value" in terminal.getvalue()


def test_libraries_that_use_the_standard_library_come_out_the_same_way(stream):
    configure_logs(format="json", stream=stream)

    logging.getLogger("temporalio.worker").warning("lost %s", "a poller")

    (line,) = lines_of(stream)
    assert (line["event"], line["logger"], line["level"]) == ("lost a poller", "temporalio.worker", "warning")


def test_a_warning_of_python_is_a_line_of_the_log(stream):
    configure_logs(format="json", stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways end", FutureWarning, stacklevel=1)

    (line,) = lines_of(stream)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "FutureWarning: old ways end" in line["event"]
    assert not line["event"].endswith("\n")


def test_the_level_holds_for_both_kinds_of_loggers(stream):
    configure_logs(level="WARNING", format="json", stream=stream)

    get_logger("compozy").info("no")
    logging.getLogger("hypercorn.error").info("no")
    get_logger("compozy").error("yes")

    assert [line["event"] for line in lines_of(stream)] == ["yes"]


def test_the_last_call_counts_and_lines_come_once(stream, terminal):
    log = get_logger("compozy")
    configure_logs(format="json", stream=terminal)
    log.info("before")
    configure_logs(format="json", stream=stream)
    log.info("after")

    assert [line["event"] for line in lines_of(terminal)] == ["before"]
    assert [line["event"] for line in lines_of(stream)] == ["after"]


def test_handlers_of_others_are_left_alone(stream):
    theirs = logging.NullHandler()
    logging.getLogger().addHandler(theirs)

    configure_logs(stream=stream)

    assert theirs in logging.getLogger().handlers


@pytest.mark.parametrize("format_", ["console", "json"])
def test_a_traceback_shows_the_way_but_no_local_values(stream, format_):
    configure_logs(format=format_, stream=stream)

    try:
        raise_with_a_secret()
    except ValueError as error:
        get_logger("compozy").error("failed", exc_info=error)

    assert "raise_with_a_secret" in stream.getvalue()
    assert "wrong password of 7 characters" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_every_part_of_an_exception_group_is_shown(stream):
    configure_logs(format="json", stream=stream)

    group = ExceptionGroup("both", [ValueError("first"), KeyError("second")])
    get_logger("compozy").error("failed", exc_info=group)

    assert "first" in stream.getvalue()
    assert "second" in stream.getvalue()


@pytest.mark.parametrize("key", ["password", "api_key", "db_password", "Authorization", "access-token"])
def test_values_whose_key_names_a_secret_are_not_shown(stream, key):
    configure_logs(format="json", stream=stream)

    get_logger("compozy").info("hello", **{key: "hunter2"}, settings={key: "hunter2", "port": 1})

    assert "hunter2" not in stream.getvalue()
    assert lines_of(stream)[0]["settings"]["port"] == 1


def test_values_that_only_sound_like_secrets_are_shown(stream):
    configure_logs(format="json", stream=stream)

    get_logger("compozy").info("hello", tokens=3, key="users:1")

    assert lines_of(stream)[0] | {"tokens": 3, "key": "users:1"} == lines_of(stream)[0]


async def test_what_a_task_has_bound_is_on_its_lines_and_on_those_of_its_children_only(stream):
    configure_logs(format="json", stream=stream)
    log = get_logger("compozy")

    async def child():
        log.info("child")

    async with trio.open_nursery() as nursery:
        with structlog.contextvars.bound_contextvars(exec_id="e1"):
            nursery.start_soon(child)
            logging.getLogger("library").warning("inside")
        log.info("outside")

    assert {line["event"]: line.get("exec_id") for line in lines_of(stream)} == {
        "child": "e1",
        "inside": "e1",
        "outside": None,
    }


def test_an_unknown_level_or_format_is_refused_with_those_that_exist(stream):
    with pytest.raises(InvalidError, match=r"log\.level: 'loud' is not known \(allowed: debug, info"):
        configure_logs(level="loud", stream=stream)
    with pytest.raises(InvalidError, match=r"log\.format: 'xml' is not known \(allowed: auto, console, json\)"):
        configure_logs(format="xml", stream=stream)
