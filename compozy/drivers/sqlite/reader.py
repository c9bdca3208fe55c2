"""A reader: one thread that carries out read-only closures, each on a snapshot of its own."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

import attrs

from compozy.drivers.sqlite.connection import connect_reader
from compozy.drivers.sqlite.desks import Desk, Desks
from compozy.drivers.sqlite.errors import translate
from compozy.drivers.sqlite.jobs import Job
from compozy.drivers.sqlite.session import Session


@attrs.define(eq=False)
class Reader:
    """Serves read-only jobs; several readers share their work.

    It connects with its first job, and anew after the database has failed.

    Args:
        path: The database file.
        desks: Where jobs come from.
        deliver: Takes each finished job; called on the reader's thread.
    """

    _path: Path
    _desks: Desks
    _deliver: Callable[[Sequence[Job[object]]], None]
    _connection: sqlite3.Connection | None = None

    def serve(self) -> None:
        """Carry out jobs until there will be no more, then close the connection."""
        desk: Desk = SimpleQueue()
        self._desks.offer(desk)
        try:
            while (job := desk.get()) is not None:
                self._carry_out(job)
                self._desks.offer(desk)  # before the caller wakes up, who may have more to ask
                self._deliver([job])
        finally:
            self._disconnect()

    def _carry_out(self, job: Job[object]) -> None:
        if job.is_given_up:
            return
        try:
            if self._connection is None:
                self._connection = connect_reader(self._path)
            session = Session(self._connection, str(self._path), writable=False)
            self._connection.execute("BEGIN")  # the first statement takes the snapshot, the others see the same
            job.run(session)
            self._connection.execute("ROLLBACK")
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it and the thread serves on
            self._fail(job, error)
        else:
            if session.failure is not None:
                self._fail(job, session.failure)

    def _fail(self, job: Job[object], error: Exception) -> None:
        job.fail(translate(error, str(self._path)))
        self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
