"""What all tests share."""

import gc
import os
import sys
import time

import pytest
from hypothesis import settings

pytest_plugins = ("pytester",)  # for the tests of our plugins; pytest takes it from here alone

# The programs that tests start may keep their bytecode, whatever the machine's habit: compiling half a thousand modules
# anew at each start doubles the time of the suite. So may the tests, which every process of the suite would compile.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# An example may take as long as it likes: the tests run side by side, and what one takes then says little about it.
# Whatever else is in force (in continuous integration Hypothesis takes no random seed) stays so.
settings.register_profile("side by side", settings(deadline=None))
settings.load_profile("side by side")

# Collecting makes a million objects, none of them garbage; to look for garbage among them takes a third of its time.
gc.disable()


def pytest_collection_finish():
    # Nor will they be garbage as long as tests run. Left out of every later look, they save a quarter of the suite's
    # time: pytest has the collector look at the end of many a test, and so do the drivers whose asyncio loops end.
    _leave_out()
    gc.enable()
    gc.callbacks.append(LOOKS)


def pytest_runtest_logfinish():
    if LOOKS.are_long:
        _leave_out()
        LOOKS.are_long = False


class Looks:
    """Notices when the collector looks through everything for long: there is more of it now, or it was taken back.

    Between two tests, what there is can then be left out again; during one, that would hide what it leaves behind.
    """

    long_s = 0.01

    def __init__(self):
        self.are_long = False
        self._began = 0.0

    def __call__(self, phase, info):
        if phase == "start":
            self._began = time.thread_time()
        elif info["generation"] == 2 and time.thread_time() - self._began > self.long_s:
            self.are_long = True


LOOKS = Looks()


def _leave_out():
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server():
    """A server that runs, one for each process of tests; no test may stop it or change what others can see."""
    from compozy.testing import open_postgres_server  # noqa: PLC0415 - most test runs need none

    with open_postgres_server() as server:
        yield server
