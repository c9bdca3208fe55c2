"""The data folder of a PostgreSQL server: how it is laid out, and what the server notes there about itself."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing.custody import Custody
from compozy.testing.postgres_programs import ENVIRONMENT, Account

OWNER: Final = "postgres"
"""The database user to whom everything belongs."""

_INITDB: Final = (
    "--no-sync",
    "--no-instructions",
    "--auth=trust",  # whoever can enter the folder with the socket
    f"--username={OWNER}",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # comes with PostgreSQL, so that text sorts the same on every system
)

_REMOVE: Final = 0  # IPC_RMID, on Linux and macOS


@attrs.frozen
class Notes:
    """The notes of the server that works on a data folder, or did when it was killed.

    Attributes:
        pid: Its process.
        shared_memory: Id of the System V segment that marks the data as in use; None when it has not got that far.
        status: ``starting``, ``ready``, ``stopping``; empty when it has not got that far.
    """

    pid: int
    shared_memory: int | None
    status: str


def lay_out(data: Path, *, custody: Custody, programs: Path, account: Account) -> None:
    """Make new data.

    Args:
        data: A folder that is empty or does not exist; the account's afterwards.
        custody: Who waits for the end of this when the program is killed meanwhile.
        programs: Where ``initdb`` is.
        account: The user that the server will run as.

    Raises:
        InvalidError: The folder is not empty, or the account cannot enter it.
        UnavailableError: It did not work; with what was said about it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(data.iterdir()):
        raise InvalidError(f"{str(data)!r} is neither empty nor the data of a PostgreSQL server; give another folder")
    account.take(data)
    done = subprocess.run(  # noqa: S603 - of the package that was asked for
        [programs / "initdb", *_INITDB, "-D", data],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        process_group=0,  # not the guard's: asked to quit, it would leave shared memory behind; it soon ends anyway
        pass_fds=(custody.leash,),
        **account.popen_arguments(),
    )
    if done.returncode != 0:
        raise UnavailableError(f"initdb ended with status {done.returncode}:\n{done.stdout}")


def parse_notes(text: str) -> Notes | None:
    """Return what ``postmaster.pid`` says, or None when it has not been written yet.

    Source: the comment on the file's lines in PostgreSQL's ``src/include/utils/pidfile.h``.
    """
    pid, _data, _started, _port, _folder, _address, memory, status, *_ = (*text.split("\n"), *[""] * 8)
    if not pid:
        return None
    return Notes(int(pid), int(memory.split()[1]) if memory.split()[1:] else None, status.strip())


def read_notes(data: Path) -> Notes | None:
    """Return the notes in a data folder, or None when no server works on it."""
    try:
        return parse_notes((data / "postmaster.pid").read_text())
    except FileNotFoundError:
        return None


def release_memory(notes: Notes) -> None:
    """Remove the segment of a server that was killed, which otherwise stays until the next one starts."""
    shmctl: Callable[[int, int, None], int] | None = getattr(ctypes.CDLL(None), "shmctl", None)
    if notes.shared_memory is not None and shmctl is not None:
        shmctl(notes.shared_memory, _REMOVE, None)
