"""What people find executions by in Temporal's own web page and command line: two search attributes.

A dev server makes them with its database. Anywhere else they are registered when the first execution is refused for
their sake, so that nothing is asked at each start. Who may not register them, or has to wait until the cluster knows
them, starts executions without: they are for people to look at, and nothing here depends on them.
"""

import time
from collections.abc import Callable
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from compozy.drivers.temporal.dev_server import KEYWORDS, PROJECT_KEYWORD, WORKFLOW_KEYWORD
from compozy.telemetry.logger import get_logger

_LONGEST: Final = 255
"""Characters that a keyword may have where visibility is an SQL database."""
_WORKFLOW: Final = SearchAttributeKey.for_keyword(WORKFLOW_KEYWORD)
_PROJECT: Final = SearchAttributeKey.for_keyword(PROJECT_KEYWORD)
_WAIT_S: Final = 10.0
"""How long a cluster may take until it knows what was registered; until then nothing is labelled."""

_log = get_logger(__name__)


class Labels:
    """The labels of one connection; to be used on its loop.

    Args:
        clock: Tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._not_before = float("-inf")
        self._was_registered = False

    def of(self, workflow_id: str, project: str) -> TypedSearchAttributes:
        """Return the labels of an execution; empty while they are of no use."""
        if self._clock() < self._not_before:
            return TypedSearchAttributes.empty
        pairs = ((_WORKFLOW, workflow_id), (_PROJECT, project))
        return TypedSearchAttributes([SearchAttributePair(key, value[:_LONGEST]) for key, value in pairs])

    async def handle_refusal(self, client: Client, error: RPCError) -> bool:
        """Return whether a start was refused because of its labels; if so, they are registered, and left out now."""
        if error.status is not RPCStatusCode.INVALID_ARGUMENT or "search attribute" not in error.message.lower():
            return False
        self._not_before = self._clock() + _WAIT_S
        if not self._was_registered:
            self._was_registered = True
            await self._register(client)
        return True

    async def _register(self, client: Client) -> None:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        request = AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes=dict.fromkeys(KEYWORDS, keyword)
        )
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:  # another process was faster
                return
            self._not_before = float("inf")
            _log.info(
                "executions have no search attributes in temporal; somebody who may has to register them",
                attributes=", ".join(KEYWORDS),
                namespace=client.namespace,
                reason=error.message,
            )
