"""Events and status survive being written as JSON, and a log that is damaged says where."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors import ActorStatus, Cause, Event, Reason, State, TreeStatus
from supervisors.errors import LogError
from supervisors.inspection.codec import (
    event_from_dict,
    event_to_line,
    read_events,
    status_from_dict,
)
from supervisors.program.reporters import Reckoning, Reporter

times = st.floats(0, 1e9, allow_nan=False)
texts = st.text()
counts = st.integers(0, 2**40)
reasons = st.builds(Reason, st.sampled_from(Cause), texts)
states = st.sampled_from(State)
events = st.builds(Event, name=texts, generation=counts, at=times, from_state=states, to_state=states, reason=reasons)
rows = st.builds(
    ActorStatus,
    name=texts,
    state=states,
    ready=st.booleans(),
    since=times,
    generation=counts,
    restarts=counts,
    reason=reasons,
)
statuses = st.builds(
    TreeStatus,
    tree=texts,
    at=times,
    ready=st.booleans(),
    stopping=st.none() | texts,
    actors=st.lists(rows, max_size=4).map(tuple),
)

LINE = (
    '{"at":1.5,"name":"db","generation":1,"from":"starting","to":"ready",'
    '"cause":"announced readiness","detail":"a\\u2192b"}'
)


@given(event=events)
def test_event_comes_back_as_it_was(event):
    assert event_from_dict(json.loads(json.dumps(event.as_dict(), allow_nan=False))) == event


@given(status=statuses)
def test_status_comes_back_as_it_was(status):
    assert status_from_dict(json.loads(json.dumps(status.as_dict(), allow_nan=False))) == status


@given(log=st.lists(events, max_size=5))
def test_log_comes_back_as_it_was(log):
    text = "".join(f"{event_to_line(event)}\n" for event in log)

    assert list(read_events(text.split("\n"))) == log


def test_event_is_one_line_of_json():
    event = Event("db", 1, 1.5, State.STARTING, State.READY, Reason(Cause.ANNOUNCED, "a→b"))

    assert event_to_line(event) == LINE


def test_keys_that_a_log_pipeline_adds_are_left_alone_and_so_are_empty_lines():
    (event,) = read_events(["", json.dumps({"level": "info", **json.loads(LINE)}), "\n"])

    assert event_to_line(event) == LINE


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("warning: something", "not JSON: Expecting value at column 1"),
        ("[1, 2]", r"an event is a JSON object, not \[1, 2\]"),
        ("{}", "'name' is missing; there are no keys"),
        (LINE.replace('"detail"', '"details"'), "'detail' is missing; there are 'at', 'name'"),
        (LINE.replace('"generation":1', '"generation":"1"'), "'generation' must be a whole number, not '1'"),
        (LINE.replace('"generation":1', '"generation":true'), "'generation' must be a whole number, not True"),
        (LINE.replace('"generation":1', '"generation":-1'), "'generation' must not be negative, not -1"),
        (LINE.replace("1.5", "NaN"), "'at' must be a finite number, not nan"),
        (LINE.replace("1.5", "null"), "'at' must be a number, not None"),
        (LINE.replace('"ready"', '"redy"'), "'to' is 'redy'; this version knows declared, waiting"),
        (
            LINE.replace('"announced readiness"', '"magic"'),
            "'cause' is 'magic'; this version knows declared, tree opened",
        ),
    ],
)
def test_line_that_is_no_event_is_named_with_its_number_and_its_key(line, problem):
    with pytest.raises(LogError, match=rf"event 2: {problem}") as caught:
        list(read_events([LINE, line]))

    assert caught.value.number == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"actors": None}, "'actors' must be a list, not None"),
        ({"actors": [3]}, "expected an object with 'name', not 3"),
        ({"ready": 1}, "'ready' must be true or false, not 1"),
        ({"stopping": 1}, "'stopping' must be a string, not 1"),
    ],
)
def test_status_that_is_none_says_which_key_is_wrong(change, problem):
    values = {"tree": "t", "at": 1.0, "ready": True, "stopping": None, "actors": [], **change}

    with pytest.raises(ValueError, match=problem):
        status_from_dict(values)


def test_status_as_text_has_a_row_per_actor():
    row = ActorStatus(
        name="db", state=State.READY, ready=True, since=10.0, generation=2, restarts=1, reason=Reason(Cause.ANNOUNCED)
    )
    status = TreeStatus(tree="shop", at=12.5, ready=True, stopping=None, actors=(row,))

    assert str(status).splitlines() == [
        "shop: ready",
        "actor  state    for  generation  why",
        "db     ready  2.5 s           2  announced readiness",
    ]


def test_events_for_people_have_the_time_since_the_first():
    file = io.StringIO()
    report = Reporter(file, Reckoning())

    for at in (100.0, 100.25):
        report(Event("db", 1, at, State.STARTING, State.READY, Reason(Cause.ANNOUNCED)))

    assert file.getvalue().splitlines() == [
        "+0.000 s  db#1  starting -> ready  (announced readiness)",
        "+0.250 s  db#1  starting -> ready  (announced readiness)",
    ]


def test_reporter_whose_reader_has_gone_falls_silent():
    class Gone(io.StringIO):
        writes = 0

        def write(self, _text):
            self.writes += 1
            raise BrokenPipeError

    file = Gone()
    report = Reporter(file, event_to_line)

    for _ in range(3):
        report(Event("db", 1, 1.0, State.STARTING, State.READY, Reason(Cause.ANNOUNCED)))

    assert file.writes == 1
