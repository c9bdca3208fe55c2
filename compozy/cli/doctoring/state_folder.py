"""The folder ``.compozy/``: who may read it, the room on its disk, who holds its lock, what was left behind."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import psutil

from compozy.cli.doctoring.findings import Finding, fail, ok, warn
from compozy.cli.locks import LockState, read_lock

_TOO_LITTLE_BYTES: Final = 100 * 1024**2
_LITTLE_BYTES: Final = 1024**3


def examine_permissions(folder: Path, *, name: str = "state folder") -> Iterator[Finding]:
    """Tell whether the folder is ours alone and can be written; ``name`` is what it is."""
    if not folder.exists():
        nearest = _nearest_existing(folder)
        if not nearest.is_dir():
            yield fail(name, f"{folder} cannot be made: {nearest} is not a folder", f"move {nearest} away")
        elif os.access(nearest, os.W_OK):
            yield ok(name, f"{folder} is made on the first start")
        else:
            yield fail(name, f"{folder} cannot be made", f"chmod u+w {nearest}")
        return
    if not folder.is_dir():
        yield fail(name, f"{folder} is not a folder", f"move {folder} away")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fail(name, f"{folder} cannot be written", f"chmod 700 {folder}, or chown it to yourself")
        return
    status = folder.stat()
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        yield warn(name, f"{folder} is open to others (mode {mode}, not 0700)", f"chmod 700 {folder}")
    else:
        yield ok(name, f"{folder} is open to its owner alone")


def examine_disk(folder: Path) -> Finding:
    """Tell whether there is room for the databases."""
    free = shutil.disk_usage(_nearest_existing(folder)).free
    text = f"{free / 1024**3:.1f} GiB free"
    if free < _TOO_LITTLE_BYTES:
        return fail("disk", text, "make room: the databases cannot grow")
    if free < _LITTLE_BYTES:
        return warn("disk", text, "make room before the databases need it")
    return ok("disk", text)


def examine_lock(folder: Path) -> tuple[Finding, int | None]:
    """Tell who holds the folder; return the finding, and the process id of the holder or None."""
    path = folder / "lock"
    lock = read_lock(path)
    if lock.state is LockState.UNKNOWN:
        finding = warn("lock", f"{path} cannot be read: {lock.reason}", "keep the project on a local disk")
        return finding, None
    if lock.state is LockState.HELD:
        who = f"process {lock.pid}" if lock.pid else "a process"
        return ok("lock", f"held by {who}: a runtime is running on this folder"), lock.pid
    if lock.pid is not None:
        return ok("lock", f"free; process {lock.pid} left the file behind, which does no harm"), None
    return ok("lock", "free"), None


def examine_leftovers(folder: Path, *, is_held: bool, processes: Iterable[psutil.Process] | None = None) -> Finding:
    """Tell whether a Temporal server still runs on the folder although its runtime is gone.

    Args:
        folder: The state folder.
        is_held: Whether a runtime holds the folder now: then the server is the runtime's.
        processes: Where to look; None is everywhere on this machine.
    """
    if is_held:
        return ok("leftovers", "none: what runs belongs to the running runtime")
    found = [process.pid for process in processes or psutil.process_iter() if _serves(process, folder)]
    if found:
        pids = " ".join(map(str, found))
        return warn("leftovers", f"a Temporal server without a runtime uses {folder} (pid {pids})", f"kill {pids}")
    return ok("leftovers", "none")


def _serves(process: psutil.Process, folder: Path) -> bool:
    """Tell whether the process is a Temporal dev server on a database in the folder."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return "start-dev" in command and any(Path(part).parent == folder for part in command if part.endswith(".db"))


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())
