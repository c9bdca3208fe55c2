"""Logging put back as it was: it is the process's, not a test's."""

import io
import json
import logging

import pytest
import structlog


@pytest.fixture
def stream():
    """Return a stream to log to, and undo what configuring logs changed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def lines(stream):
    """Return a function that reads what was logged as JSON so far."""
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def terminal(stream):
    """Return a stream that says it is a terminal."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    return Terminal()
