"""What can be told of Windows jobs without Windows."""

import ctypes
import sys

import pytest

from supervisors.processes.jobs import ExtendedLimits, Job


def test_limits_have_the_size_that_windows_expects():
    pointer = ctypes.sizeof(ctypes.c_void_p)

    assert ctypes.sizeof(ExtendedLimits) == {8: 144, 4: 112}[pointer]


def test_job_is_refused_where_there_is_none():
    if sys.platform == "win32":
        Job().close()
        return

    with pytest.raises(OSError, match="on windows only"):
        Job()
