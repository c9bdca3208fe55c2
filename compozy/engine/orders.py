"""Orders: that an execution is to be canceled or paused, told to the worker that has it in hand.

Theory of operation. What is told to an execution is kept by the orchestrator, and that is what counts. But short work
is done within a step of the workflow, and the orchestrator holds back what comes in until the step ends; with one short
task after another that takes seconds. So whoever gave an order says so over pub/sub, too, after the orchestrator has
it. The worker then stops what it does for an execution that is canceled, and returns what it does for one that is
paused when that has ended, both with a mark (``TaskOutcome.is_told``). A workflow that sees it begins nothing, lets its
step end, and so hears of the order in the ordinary way. A message that is lost, or comes late, changes nothing but the
time that this takes (docs/decisions/0025).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final

import attrs
import trio

from compozy.contracts.cache import PubSub
from compozy.domain.errors import UnavailableError
from compozy.domain.work import TaskOutcome, TaskRequest
from compozy.engine import planning
from compozy.telemetry.logger import get_logger

_CHANNEL: Final = "orders"
_STANDS_S: Final = 10.0
"""How long an order is remembered; the step that holds it back has been prolonged, and has heard of it, long before."""

_AGAIN_S: Final = 1.0
"""How long to wait before listening is tried again."""

_PATIENCE_S: Final = 1.0
"""How long the cache may take; whoever gave the order waits for that."""

_log = get_logger(__name__)


class Order(StrEnum):
    """What an execution is told to do."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"


async def announce(pubsub: PubSub, order: Order, exec_id: str) -> None:
    """Tell the workers of an order that the orchestrator has; while the cache is away, they hear of it later from it.

    Args:
        pubsub: Where they listen.
        order: The order.
        exec_id: Whom it was given to.
    """
    with suppress(UnavailableError), trio.move_on_after(_PATIENCE_S):
        await pubsub.publish(_CHANNEL, f"{order.value} {exec_id}")


@attrs.frozen
class _Given:
    order: Order
    at: float


@attrs.define(eq=False)
class Orders:
    """The orders that one worker knows of, and the work that it does under them."""

    _given: dict[str, _Given] = attrs.Factory(dict)
    _work: dict[str, set[trio.CancelScope]] = attrs.Factory(dict)

    async def listen(self, pubsub: PubSub) -> None:
        """Take every order that is announced, until this is cancelled or the cache is closed."""
        while not await self._hear(pubsub):  # noqa: ASYNC110 - no event tells that the cache is there again
            await trio.sleep(_AGAIN_S)

    def take(self, announced: str) -> None:
        """Take an order as it was announced: what is done for an execution that is canceled is stopped.

        What a newer program announces and this one does not know is passed over.
        """
        order, _, exec_id = announced.partition(" ")
        if order not in tuple(Order):
            return
        self._forget_old()
        self._given.pop(exec_id, None)  # so that the newest is the last
        self._given[exec_id] = _Given(Order(order), trio.current_time())
        if order == Order.CANCEL:
            for scope in self._work.get(exec_id, ()):
                scope.cancel()

    async def obey(self, run: Callable[[TaskRequest], Awaitable[TaskOutcome]], request: TaskRequest) -> TaskOutcome:
        """Do the work of a task under the orders for its execution; return how it ended.

        Args:
            run: Does the work.
            request: The task run.
        """
        exec_id = request.task.exec_id
        scopes = self._work.setdefault(exec_id, set())
        outcome = planning.CANCELED
        with trio.CancelScope() as scope:
            scopes.add(scope)
            if self._standing(exec_id) is Order.CANCEL:
                scope.cancel()
            try:
                outcome = await run(request)
            finally:
                scopes.discard(scope)
                if not scopes:
                    self._work.pop(exec_id, None)
        is_told = scope.cancel_called or self._standing(exec_id) in {Order.CANCEL, Order.PAUSE}
        return attrs.evolve(outcome, is_told=True) if is_told else outcome

    async def _hear(self, pubsub: PubSub) -> bool:
        """Take the orders that are announced; return whether there will be no more, or the cache is away."""
        try:
            async with pubsub.subscribe(_CHANNEL) as messages:
                async for message in messages:
                    if not message.is_gap:
                        self.take(message.payload)
        except UnavailableError as error:
            _log.debug("orders are heard late while the cache is away", reason=str(error))
            return False
        return True

    def _standing(self, exec_id: str) -> Order | None:
        given = self._given.get(exec_id)
        return None if given is None or trio.current_time() - given.at > _STANDS_S else given.order

    def _forget_old(self) -> None:
        now = trio.current_time()
        while self._given:
            oldest = next(iter(self._given))
            if now - self._given[oldest].at <= _STANDS_S:
                return
            del self._given[oldest]
