"""Copying one database into another: opened, locked and migrated as that needs, then copied and verified."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import attrs

from compozy.app.comparing import Comparison, Side
from compozy.app.copying import Copying, Plan, Progress
from compozy.app.databases import Database, MemoryDatabase
from compozy.app.state_folder import keeping_others_out
from compozy.contracts.store import Kind, Record
from compozy.domain.accounts import ApiKey, User
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import Rows


@attrs.frozen(kw_only=True)
class Wishes:
    """What is wanted.

    Attributes:
        dry_run: Only say what would be done.
        verify: Read both sides once more at the end and compare them.
    """

    dry_run: bool = False
    verify: bool = False


@attrs.frozen(kw_only=True)
class KindOutcome:
    """What became of the records of one kind.

    Attributes:
        source: How many the source holds.
        present: How many of them the target held before.
        copied: How many were copied, or would be.
        sha256: Of the source's records: their canonical JSON, line by line, in the order of their keys.
        target_sha256: Of the target's, read at the end; None when that was not asked for.
    """

    source: int
    present: int
    copied: int
    sha256: str
    target_sha256: str | None = None


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of it all.

    Attributes:
        dry_run: Whether nothing was written.
        kinds: By kind.
        unfinished: How many executions have not ended.
        verified: Whether both sides hold the same; None when that was not asked for.
        differences: How they differ first, when they do.
    """

    dry_run: bool
    kinds: Mapping[Kind, KindOutcome]
    unfinished: int
    verified: bool | None
    differences: tuple[str, ...] = ()


async def transfer(
    source: Database, target: Database, wishes: Wishes, *, report: Callable[[Progress], None]
) -> Outcome:
    """Copy everything that one database holds into another, which may hold a part of it already and nothing else.

    Cancellation: the page under way is written whole or not at all; do it again to go on.

    Args:
        source: Must be there and have the schema of this program.
        target: Is migrated; a file is created when it is absent.
        wishes: What is wanted.
        report: Told how far it is.

    Raises:
        NotFoundError: The source is no file.
        InvalidError: The target holds something else, or both are one database.
        ConflictError: The source's schema is older, a server uses one of them, or one was changed meanwhile.
        UnavailableError: One of them cannot be used now.
    """
    _require_two(source, target)
    async with AsyncExitStack() as stack:
        for folder in {database.file.absolute().parent for database in (source, target) if database.file is not None}:
            stack.enter_context(keeping_others_out(folder))
        opened_source = await stack.enter_async_context(_open_source(source))
        opened_target = await stack.enter_async_context(_open_target(target, wishes))
        check = partial(check_row, await target.dialect())
        copying = Copying(source=opened_source, target=opened_target, report=report)
        plan = await copying.examine(check)
        if not wishes.dry_run:
            await copying.write(plan)
        return _outcome(plan, await copying.verify() if wishes.verify else None, wishes)


def check_row(dialect: Dialect, record: Record) -> None:
    """Return when a database of this dialect can hold the record, as far as one can tell without asking it.

    Raises:
        InvalidError: It cannot.
    """
    rows = Rows(dialect)
    if isinstance(record, WorkflowState):
        rows.of_workflow(record)
    elif isinstance(record, TaskState):
        rows.of_task(record)
    elif isinstance(record, User):
        rows.of_user(record)
    elif isinstance(record, ApiKey):
        rows.of_api_key(record)
    else:
        rows.of_payload(record)


def _require_two(source: Database, target: Database) -> None:
    one, other = source.file, target.file
    if source.address == target.address or (one and other and one.resolve() == other.resolve()):
        raise InvalidError(f"{source.address} cannot be copied into itself: name two databases")


@asynccontextmanager
async def _open_source(source: Database) -> AsyncIterator[Side]:
    if source.file is not None and not source.file.exists():
        raise NotFoundError(f"there is no file {source.file}: check the path of the source")
    if (await source.schema_status()).pending:
        raise ConflictError(
            f"the schema of the source {source.address} is older than this program: "
            f"run `compozy migrate up --database {source.address}`, then this again"
        )
    async with source.open(auto_migrate=False) as store:
        yield Side(f"the source {source.address}", store)


@asynccontextmanager
async def _open_target(target: Database, wishes: Wishes) -> AsyncIterator[Side]:
    database = target
    if wishes.dry_run and (status := await target.schema_status()).pending:
        if status.version:
            raise ConflictError(
                f"what the target {target.address} holds cannot be seen, its schema is older than this program: "
                f"run `compozy migrate up --database {target.address}`, then this again"
            )
        database = MemoryDatabase()  # nothing is there yet, and nothing is to be made
    async with database.open(auto_migrate=not wishes.dry_run) as store:
        yield Side(f"the target {target.address}", store)


def _outcome(plan: Plan, verified: Plan | None, wishes: Wishes) -> Outcome:
    kinds = {
        kind: KindOutcome(
            source=found.source.count,
            present=found.same,
            copied=found.missing,
            sha256=found.source.sha256,
            target_sha256=None if verified is None else verified[kind].target.sha256,
        )
        for kind, found in plan.items()
    }
    looked = list((verified or {}).values())
    return Outcome(
        dry_run=wishes.dry_run,
        kinds=kinds,
        unfinished=plan[Kind.EXECUTIONS].unfinished,
        verified=None if verified is None else all(found.is_equal for found in looked),
        differences=tuple(line for found in looked for line in _differences(found)),
    )


def _differences(found: Comparison) -> Iterator[str]:
    yield from map(str, found.differences)
    if found.missing:
        yield f"{found.missing} of the {found.kind} are not there"
