"""Windows job objects: processes that end together, at the latest when this program does.

Best effort, and not tested by the suite, which runs on POSIX: there is no process group on Windows that could be
killed, but the system ends every process of a job when the last handle on it is closed, which it does itself when this
program ends, however it does. A process belongs to the job of the one that started it. What the child starts in the
instant before it is put into its job is out of reach.

The calls are made with ctypes, for nothing in the standard library makes them.

Source: "Job Objects" and "JOBOBJECT_EXTENDED_LIMIT_INFORMATION" in the reference of the Windows API.
"""

import ctypes
import sys
from ctypes import c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Final

_KILL_ON_CLOSE: Final = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
_EXTENDED_LIMITS: Final = 9  # JobObjectExtendedLimitInformation
_MAY_ASSIGN: Final = 0x0100 | 0x0001  # PROCESS_SET_QUOTA | PROCESS_TERMINATE


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("PerProcessUserTimeLimit", c_int64),
        ("PerJobUserTimeLimit", c_int64),
        ("LimitFlags", c_uint32),
        ("MinimumWorkingSetSize", c_size_t),
        ("MaximumWorkingSetSize", c_size_t),
        ("ActiveProcessLimit", c_uint32),
        ("Affinity", c_size_t),
        ("PriorityClass", c_uint32),
        ("SchedulingClass", c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", c_uint64 * 6),
        ("ProcessMemoryLimit", c_size_t),
        ("JobMemoryLimit", c_size_t),
        ("PeakProcessMemoryUsed", c_size_t),
        ("PeakJobMemoryUsed", c_size_t),
    )


class Job:
    """A job whose processes end when it is closed, or this program ends.

    Raises:
        OSError: The system refuses it, or is not Windows.
    """

    def __init__(self) -> None:
        self._api = _kernel32()
        self._handle: int | None = _checked(self._api.CreateJobObjectW(None, None))
        limits = ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_CLOSE
        size = ctypes.sizeof(limits)
        _checked(self._api.SetInformationJobObject(self._handle, _EXTENDED_LIMITS, ctypes.byref(limits), size))

    def add(self, pid: int) -> None:
        """Put a process into the job, and with it whatever it will start.

        Raises:
            OSError: It has ended, or belongs to somebody else.
        """
        process = _checked(self._api.OpenProcess(_MAY_ASSIGN, 0, pid))
        try:
            _checked(self._api.AssignProcessToJobObject(self._handle, process))
        finally:
            self._api.CloseHandle(process)

    def kill(self) -> None:
        """End all its processes at once."""
        if self._handle is not None:
            self._api.TerminateJobObject(self._handle, 1)

    def close(self) -> None:
        """Give the job up, which ends what is left in it."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._api.CloseHandle(handle)


def _kernel32() -> ctypes.CDLL:
    if sys.platform == "win32":
        api = ctypes.WinDLL("kernel32", use_last_error=True)
        # A handle is as wide as a pointer; without these declarations ctypes would cut it to 32 bits.
        api.CreateJobObjectW.argtypes, api.CreateJobObjectW.restype = (c_void_p, c_void_p), c_void_p
        api.SetInformationJobObject.argtypes = (c_void_p, c_int, c_void_p, c_uint32)
        api.OpenProcess.argtypes, api.OpenProcess.restype = (c_uint32, c_int, c_uint32), c_void_p
        api.AssignProcessToJobObject.argtypes = (c_void_p, c_void_p)
        api.TerminateJobObject.argtypes = (c_void_p, c_uint32)
        api.CloseHandle.argtypes = (c_void_p,)
        return api
    raise OSError("there are job objects on windows only")


def _checked(result: int | None) -> int:
    if result:
        return result
    if sys.platform == "win32":
        raise ctypes.WinError(ctypes.get_last_error())
    raise OSError("there are job objects on windows only")
