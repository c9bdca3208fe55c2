"""What the Temporal server writes, in our words; the lines are its own, of version 1.32.0."""

import pytest

from compozy.drivers.temporal.server_log import LogLine, parse_line

LISTENS = (
    '{"time":"2026-11-23T17:20:46.7296872Z","level":"INFO","msg":"Created gRPC listener","service":"frontend",'
    '"address":"127.0.0.1:17233"}'
)
CANCELED = (
    '{"time":"2026-11-23T17:35:21.455609327Z","level":"ERROR","msg":"Unable to call matching.PollWorkflowTaskQueue.",'
    '"service":"frontend","wf-task-queue-name":"vm:2cab0ce0","timeout":"1m9.997782075s","error":"context canceled"}'
)
CANCELED_WITHIN = (
    '{"time":"2026-11-23T17:35:21.45924031Z","level":"ERROR","msg":"Operation failed with internal error.","error":'
    '"GetTaskQueue operation failed. Failed to check if task queue default-worker-tq of type Workflow existed. Error: '
    'context canceled","error-type":"serviceerror.Unavailable","operation":"GetTaskQueue"}'
)
TOO_SLOW = (
    '{"time":"2026-11-23T17:35:21.166661254Z","level":"ERROR","msg":"Persistent store operation Failure","shard-id":1,'
    '"wf-id":"w37","store-operation":"create-wf-execution","error":"context deadline exceeded"}'
)
REFUSED = (
    '{"time":"2026-11-23T17:35:05.070983243Z","level":"WARN","msg":"network dial error","service":"client","address":'
    '"127.0.0.1:46491","error":"dial tcp 127.0.0.1:46491: connect: connection refused","error-type":"net.OpError"}'
)


@pytest.mark.parametrize("line", [CANCELED, CANCELED_WITHIN])
def test_somebody_who_stopped_waiting_is_no_error(line):
    parsed = parse_line(line)

    assert parsed.level == "debug"
    assert parsed.facts["error"].endswith("context canceled")


def test_errors_and_warnings_keep_their_level_and_their_facts():
    assert parse_line(TOO_SLOW) == LogLine(
        "error",
        "Persistent store operation Failure",
        {
            "shard_id": 1,
            "wf_id": "w37",
            "store_operation": "create-wf-execution",
            "error": "context deadline exceeded",
        },
    )
    assert parse_line(REFUSED).level == "warning"


def test_what_a_server_writes_while_it_is_stopped_is_for_those_who_look_for_a_fault():
    assert {parse_line(line, is_stopping=True).level for line in (REFUSED, TOO_SLOW)} == {"debug"}


def test_news_are_news():
    assert parse_line(LISTENS) == LogLine(
        "info", "Created gRPC listener", {"service": "frontend", "address": "127.0.0.1:17233"}
    )


@pytest.mark.parametrize(
    "line",
    [
        "Temporal CLI 1.9.1 (Server 1.32.0, UI 2.54.1)",
        "Error: can't set frontend port 17240: listen tcp 127.0.0.1:17240: bind: address already in use",
        TOO_SLOW[:100],
        "{}]",
    ],
)
def test_what_is_no_json_is_passed_on_as_it_is(line):
    assert parse_line(f"{line} ") == LogLine("debug", line, {})


def test_an_empty_line_is_none():
    assert parse_line("  ") is None


def test_fields_that_our_own_lines_have_get_other_names():
    parsed = parse_line('{"level":"DEBUG","msg":"","component":"fx","event":"run","exc_info":1,"logger":"x"}')

    assert (parsed.level, parsed.event) == ("debug", "fx")
    assert parsed.facts == {"component": "fx", "server_event": "run", "server_exc_info": 1, "server_logger": "x"}
