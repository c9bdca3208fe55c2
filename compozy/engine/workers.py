"""The workers of a project: who is there, who has not been heard of, and what each of them runs."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

import attrs

from compozy.contracts.cache import KV, Keys
from compozy.domain.errors import NotFoundError
from compozy.engine.config_store import ConfigStore, Outline, differing_workflows
from compozy.engine.heartbeats import (
    EVERYBODY,
    REMEMBERED,
    WorkerRecord,
    heartbeat_key,
    parse_record,
    worker_id_in,
    worker_key,
)

STALE_AFTER: Final = timedelta(seconds=120)
"""A worker that was not heard of for longer than this is stale."""


class Liveness(StrEnum):
    """Whether a worker is there, as far as its heartbeats tell."""

    LIVE = "live"
    LATE = "late"
    """It should have been heard of by now."""
    STALE = "stale"
    """It has died, or cannot reach the cache."""


@attrs.frozen(kw_only=True)
class WorkerReport:
    """How one worker stands.

    Attributes:
        record: What it said of itself last.
        liveness: Whether it is there.
        age: How long ago it was heard of, by the clock of the cache; never negative.
        same_project: Whether it runs the version of the project that the listing was made for.
        differing_workflows: The ids of the workflows that differ; None when its outline is not known any more.
        same_tools: Whether its entrypoint has the same text; None when its outline is not known any more.
    """

    record: WorkerRecord
    liveness: Liveness
    age: timedelta
    same_project: bool
    differing_workflows: Sequence[str] | None
    same_tools: bool | None


@attrs.frozen(kw_only=True)
class Listing:
    """All workers of a project that are remembered.

    Attributes:
        workers: In the order in which they started.
        unreadable: The ids of records that cannot be read, in order: written by another version, or by somebody else.
    """

    workers: Sequence[WorkerReport]
    unreadable: Sequence[str]


@attrs.frozen(kw_only=True)
class Workers:
    """Lists workers.

    Attributes:
        kv: Where their heartbeats are.
        keys: The names of the keys there.
        configs: Where their outlines are.
        outline: The project whose workers are listed, in the version that they are compared with.
    """

    kv: KV
    keys: Keys
    configs: ConfigStore
    outline: Outline

    async def list(self) -> Listing:
        """Return the workers that are there, and those of the last day that did not stop in order.

        Raises:
            UnavailableError: The cache cannot be reached now.
        """
        reports: dict[str, WorkerReport] = {}
        unreadable: set[str] = set()
        outlines: dict[str, Outline | None] = {self.outline.digest: self.outline}
        async for page in self.keys.scan(EVERYBODY):
            for sighting in await self._look(page):
                record = sighting.record
                if record is None or sighting.age is None:
                    unreadable.add(sighting.worker_id)
                elif record.project == self.outline.project:
                    if record.digest not in outlines:
                        outlines[record.digest] = await self.configs.find(record.project, record.digest)
                    liveness = liveness_of(sighting.age, has_heartbeat=sighting.has_heartbeat)
                    reports[record.id] = self._report(record, liveness, sighting.age, outlines[record.digest])
        workers = sorted(reports.values(), key=lambda report: (report.record.started_at, report.record.id))
        return Listing(workers=workers, unreadable=sorted(unreadable))

    async def _look(self, worker_keys: Sequence[str]) -> Sequence["_Sighting"]:
        """Return what is under these keys, without those that have gone meanwhile."""
        ids = [worker_id_in(key) for key in worker_keys]
        values = await self.kv.get_many(*worker_keys, *map(heartbeat_key, ids))
        texts, heartbeats = values[: len(ids)], values[len(ids) :]
        sightings = []
        for worker_id, text, heartbeat in zip(ids, texts, heartbeats, strict=True):
            try:
                left = await self.kv.ttl(worker_key(worker_id))
            except NotFoundError:
                continue
            sightings.append(
                _Sighting(
                    worker_id=worker_id,
                    record=None if text is None else parse_record(worker_id, text),
                    has_heartbeat=heartbeat is not None,
                    age=None if left is None else max(REMEMBERED - left, timedelta()),
                )
            )
        return sightings

    def _report(
        self, record: WorkerRecord, liveness: Liveness, age: timedelta, outline: Outline | None
    ) -> WorkerReport:
        return WorkerReport(
            record=record,
            liveness=liveness,
            age=age,
            same_project=record.digest == self.outline.digest,
            differing_workflows=None if outline is None else differing_workflows(self.outline, outline),
            same_tools=None if outline is None else outline.tools == self.outline.tools,
        )


def liveness_of(age: timedelta, *, has_heartbeat: bool) -> Liveness:
    """Return how a worker stands that was heard of so long ago."""
    if has_heartbeat:
        return Liveness.LIVE
    return Liveness.STALE if age > STALE_AFTER else Liveness.LATE


@attrs.frozen(kw_only=True)
class _Sighting:
    """What the cache has of one worker; a record or age of None was not written by a worker of this version."""

    worker_id: str
    record: WorkerRecord | None
    has_heartbeat: bool
    age: timedelta | None
