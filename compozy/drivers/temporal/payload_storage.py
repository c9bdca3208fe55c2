"""Large payloads: kept in the store, with a reference to them in Temporal's history.

Theory of operation. Temporal refuses a payload of more than 2 MiB, a message of more than 4 MiB and a history of more
than 50 MB; a message that is too large fails the step of the workflow again and again. The SDK's external storage
replaces a payload on its way out by a reference, and a reference on its way in by the payload, so neither workflows nor
activities know. It serves inputs, results, signals, child workflows and replays alike. What is left to say is which:

* Over a threshold, every one.
* Over a floor, those for which the execution's budget is used up. All that local activities return within one step of
  a workflow goes to the server in one message, and a step may take the whole of a workflow task's timeout. So what one
  execution puts into its history is counted over a window longer than that.
* Arguments of local activities, none: they never leave the process.

How large a payload may be is not decided here, where a refusal would fail the step for ever, but where values come
from: inputs of executions and outputs of tasks.

A payload belongs to the execution that it was made for, and is deleted with it.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, Self

import attrs
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    ExternalStorage,
    SerializationContext,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)
from temporalio.exceptions import ApplicationError
from typing_extensions import override

from compozy.bridge import AsyncioHost
from compozy.contracts.store import Repositories, Store
from compozy.domain.errors import CompozyError, UnavailableError
from compozy.domain.payloads import payload_key
from compozy.drivers.temporal.payload_budget import FLOOR, Selector, execution_of
from compozy.drivers.temporal.payloads import PayloadConverter

_CLAIM: Final = "key"


def storing_converter(host: AsyncioHost, store: Store, clock: Callable[[], datetime]) -> DataConverter:
    """Return the converter that keeps large payloads in a store.

    Args:
        host: The loop that the client lives on.
        store: Where they are kept; used on the Trio side.
        clock: Gives the current time, UTC.
    """
    driver = StoreDriver(host=host, keep=store, clock=clock)
    storage = ExternalStorage(drivers=[driver], driver_selector=Selector(driver), payload_size_threshold=FLOOR)
    return StoringConverter(payload_converter_class=PayloadConverter, external_storage=storage)


class StoringConverter(DataConverter):
    """The SDK's converter, which leaves the arguments of local activities where they are."""

    @override
    def with_context(self, context: SerializationContext) -> Self:
        converter = super().with_context(context)
        if isinstance(context, ActivitySerializationContext) and context.is_local:
            return converter.of_local_activities
        return converter

    @cached_property
    def of_local_activities(self) -> Self:
        """The one for local activities; kept, because each step asks for it several times, and making one is slow."""
        storage = self.external_storage
        if storage is None or not isinstance(storage.driver_selector, Selector):
            return self  # it is one already
        selective = dataclasses.replace(storage, driver_selector=storage.driver_selector.of_local_activity)
        return dataclasses.replace(self, external_storage=selective)


@attrs.frozen(kw_only=True, eq=False)
class StoreDriver(StorageDriver):
    """Keeps payloads in a store.

    Attributes:
        host: The loop that it is called on.
        keep: The store.
        clock: Gives the current time, UTC.
    """

    host: AsyncioHost
    keep: Store
    clock: Callable[[], datetime]

    @override
    def name(self) -> str:
        return "compozy.store"  # in every reference: never to be changed

    @override
    def type(self) -> str:
        return "compozy.store"

    @override
    async def store(self, context: StorageDriverStoreContext, payloads: Sequence[Payload]) -> list[StorageDriverClaim]:
        exec_id = execution_of(context.target)
        contents = [payload.SerializeToString() for payload in payloads]
        keys = [payload_key(exec_id, content) for content in contents]
        now = self.clock()

        async def put(repositories: Repositories) -> None:
            for key, content in zip(keys, contents, strict=True):
                await repositories.payloads.put(key, content, exec_id=exec_id, at=now)

        try:
            await self.host.into_trio(self._write, put)
        except UnavailableError:
            raise  # whoever is asking asks again
        except CompozyError as error:
            if not activity.in_activity():
                raise
            raise ApplicationError(str(error), type=error.code, non_retryable=True) from error
        return [StorageDriverClaim({_CLAIM: key}) for key in keys]

    @override
    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        keys = [claim.claim_data[_CLAIM] for claim in claims]

        async def find(repositories: Repositories) -> list[bytes | None]:
            return [await repositories.payloads.find(key) for key in keys]

        contents = await self.host.into_trio(self._read, find)
        return [_payload_of(key, content) for key, content in zip(keys, contents, strict=True)]

    # The store may stand for one that comes and goes, so it is looked at on the Trio side only.
    async def _write(self, work: Callable[[Repositories], Awaitable[None]]) -> None:
        await self.keep.transaction(work)

    async def _read(self, work: Callable[[Repositories], Awaitable[list[bytes | None]]]) -> list[bytes | None]:
        return await self.keep.read(work)


def _payload_of(key: str, content: bytes | None) -> Payload:
    if content is None:
        # Not to be repeated: it ends an execution that has lost what it worked with, rather than trying for ever.
        raise ApplicationError(
            f"the payload {key} is gone from the store: it was deleted with its execution, or the store is another one;"
            " start the execution again",
            type="PAYLOAD_GONE",
            non_retryable=True,
        )
    return Payload.FromString(content)
