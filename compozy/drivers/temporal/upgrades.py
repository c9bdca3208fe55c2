"""Another version of Temporal on a database: backed up first, tried, and put back when that fails.

Theory of operation. Nobody migrates the schema of this database, and no version promises to read what another wrote,
newer or older. So the stamp beside the file (`compozy.drivers.temporal.versions`) says who used it last, and in which
phase the last start ended, however it ended:

- NEW: the server was killed while it made the schema, which takes it some 50 ms. No version can use such a file. As
  nothing was ever in it, it is set aside, and the next start makes a new one.
- TRIAL: another version was started on the database, and was never ready. What it may have changed is undone from the
  backup; nothing is lost, for work is accepted only after readiness.
- READY: the database is as its version left it.

A stamp is written before the step that it announces, and ``READY`` before anybody can use the server.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import attrs

from compozy.domain.errors import CompozyError, UnavailableError
from compozy.drivers.temporal.backups import Progress, back_up, restore, set_aside
from compozy.drivers.temporal.damage import check_not_empty, explain_damage
from compozy.drivers.temporal.versions import UNKNOWN, Phase, Program, Stamp, find_stamp, read_version, write_stamp
from compozy.telemetry.logger import get_logger

_log = get_logger("temporal.server")


@attrs.frozen(kw_only=True)
class Trial:
    """Another version's first start on a database.

    Attributes:
        earlier: Who used it last.
        version: Who is tried.
        backup: Where the database is as it was.
    """

    earlier: str
    version: str
    backup: Path


@attrs.frozen(kw_only=True)
class Custody:
    """The care for one database, by whoever holds its lock. Every call blocks; from Trio, make it in a thread.

    Attributes:
        database_file: The database.
        binary: The Temporal command line that is to be started on it.
        clock: Tells the time (aware).
        progress: Is told how far a backup is.
    """

    database_file: Path
    binary: Path
    clock: Callable[[], datetime]
    progress: Progress

    def prepare(self) -> Trial | None:
        """Make the database fit to be started on; return what is tried then, None when that is nothing new.

        Raises:
            InvalidError: The database is damaged.
            UnavailableError: The version cannot be told, or the backup not be written.
        """
        stamp = find_stamp(self.database_file)
        if stamp is not None and stamp.phase is Phase.NEW and self.database_file.exists():
            aside = set_aside(self.database_file)
            _log.warning("the first start was cut off while it made the database; it is made anew", aside=str(aside))
        if not self.database_file.exists():
            write_stamp(self.database_file, Stamp(phase=Phase.NEW))
            return None
        backup = self._undo(stamp)
        check_not_empty(self.database_file)
        version = self._version(stamp)
        earlier = UNKNOWN if stamp is None or stamp.version is None else stamp.version
        if earlier == version:
            return None
        trial = Trial(earlier=earlier, version=version, backup=backup or self._back_up(earlier, version))
        self._write(Phase.TRIAL, version, at=earlier, backup=trial.backup.name)
        return trial

    def is_new(self) -> bool:
        """Tell whether the database is made by the start that :meth:`prepare` prepared: nobody has used it."""
        stamp = find_stamp(self.database_file)
        return stamp is not None and stamp.phase is Phase.NEW

    def settle(self, said: str | None) -> None:
        """Note that the server was ready.

        Args:
            said: The version that it gave itself when it started; None: it was not heard.
        """
        stamp = find_stamp(self.database_file)
        version = said or self._version(stamp)
        settled = self._stamp(Phase.READY, version, at=version)
        if settled != stamp:
            write_stamp(self.database_file, settled)

    def roll_back(self, trial: Trial) -> None:
        """Put the database back to what it was before the trial."""
        restore(trial.backup, self.database_file)
        self._write(Phase.READY, trial.version, at=trial.earlier)

    def _undo(self, stamp: Stamp | None) -> Path | None:
        """Undo a trial that was cut off, and return its backup, which serves the next one."""
        if stamp is None or stamp.backup is None:
            return None
        backup = self.database_file.with_name(stamp.backup)
        if not backup.exists():
            return None
        restore(backup, self.database_file)
        _log.warning(
            "the first start with another version of Temporal was cut off; its database is as it was before",
            backup=str(backup),
        )
        return backup

    def _back_up(self, earlier: str, version: str) -> Path:
        try:
            backup = back_up(self.database_file, earlier, self.clock(), progress=self.progress)
        except (sqlite3.Error, OSError) as error:
            raise self._explain(error) from error
        _log.info(
            "the temporal database was backed up before another version uses it",
            backup=str(backup),
            earlier=earlier,
            version=version,
        )
        return backup

    def _explain(self, error: Exception) -> CompozyError:
        return explain_damage(self.database_file, str(error)) or UnavailableError(
            f"{self.database_file} could not be backed up before another version of Temporal uses it: {error};"
            " it stays as it was"
        )

    def _version(self, stamp: Stamp | None) -> str:
        if stamp is not None and stamp.program_version is not None and stamp.program == Program.at(self.binary):
            return stamp.program_version
        return read_version(self.binary)

    def _write(self, phase: Phase, version: str, *, at: str, backup: str | None = None) -> None:
        write_stamp(self.database_file, self._stamp(phase, version, at=at, backup=backup))

    def _stamp(self, phase: Phase, version: str, *, at: str, backup: str | None = None) -> Stamp:
        program = Program.at(self.binary)
        return Stamp(phase=phase, version=at, program=program, program_version=version, backup=backup)
