"""The writer: one thread that commits closures in groups.

SQLite lets one transaction write at a time, so one thread is enough, and a commit costs the same whether one closure or
a hundred wrote in it. Whatever waits when a transaction begins, or arrives while it is open, shares it: each closure
within a savepoint of its own, so that one which raises takes back what it wrote and nothing else. Callers are answered
after the one COMMIT. A lone closure commits at once: nothing waits for company.

If the database itself fails, SQLite may have rolled the whole transaction back. Then every closure of the group is
answered with that failure, and nothing of any of them remains.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty
from typing import Final

import attrs

from compozy.drivers.sqlite.errors import translate
from compozy.drivers.sqlite.jobs import Job, Jobs
from compozy.drivers.sqlite.session import Session

MAX_GROUP: Final = 256
"""How many closures share a commit at most: at 50-100 µs each, the first waits 25 ms for the last."""


@attrs.define(eq=False)
class Writer:
    """Serves jobs on the one connection that writes.

    Args:
        connection: Owned from now on: closed by :meth:`serve` when it ends.
        place: The database as the user knows it.
        jobs: What to carry out; None ends it after everything before has been done.
        deliver: Takes each finished group; called on the writer's thread.
    """

    _connection: sqlite3.Connection
    _place: str
    _jobs: Jobs
    _deliver: Callable[[Sequence[Job[object]]], None]
    _is_ending: bool = False

    def serve(self) -> None:
        """Commit groups until the end of the queue, then fold the WAL into the file and close the connection."""
        try:
            while not self._is_ending:
                job = self._jobs.get()
                if job is None:
                    break
                self._commit_group(job)
            # Another process may be reading; then the WAL stays, and the next to open the file goes on with it.
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._connection.close()

    def _commit_group(self, first: Job[object]) -> None:
        group = [first]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._carry_out(first)
            for job in self._waiting():
                group.append(job)
                self._carry_out(job)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers get it and the thread serves on
            # Who waits has waited behind this failure already, and would only meet it again.
            group.extend(self._waiting())
            self._take_back(group, error)
        self._deliver(group)

    def _waiting(self) -> Iterator[Job[object]]:
        """Yield the jobs that wait now and those that come while they are carried out, up to a group's size."""
        for _ in range(MAX_GROUP - 1):
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is None:
                self._is_ending = True
                return
            yield job

    def _carry_out(self, job: Job[object]) -> None:
        """Run one closure within a savepoint, and keep what it wrote if it succeeded and is still wanted."""
        if job.is_given_up:
            return
        self._connection.execute("SAVEPOINT closure")
        session = Session(self._connection, self._place, writable=job.writes)
        job.run(session)
        if session.failure is not None:
            if not self._connection.in_transaction:
                raise session.failure  # the group's transaction is gone
            job.fail(translate(session.failure, self._place))
        if not (job.ended_well and job.claim()):
            self._connection.execute("ROLLBACK TO closure")
        self._connection.execute("RELEASE closure")

    def _take_back(self, group: Sequence[Job[object]], error: Exception) -> None:
        # SQLite has rolled back by itself after some errors, and then refuses to do it again.
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        for job in group:
            job.fail(translate(error, self._place))
