"""Idempotency keys: a request that is repeated under the same key has its effect once.

Theory of operation. Two things hold together:

* The identifier of the execution is made of the workflow and the key (:func:`exec_id_of`), and recording it is refused
  when it is there (:meth:`~compozy.engine.executions.Executions.accept_once`). So the record itself is the claim: no
  crash, no lost cache and no race can start a second execution for as long as the first is recorded.
* The cache remembers for a day what was sent under the key (:class:`IdempotencyKeys`). So a key that comes with another
  request is refused, also before the first is recorded, and however the workflow's defaults change meanwhile. Where the
  cache has forgotten, the input on record is compared instead.

A claim that stays behind because the process died does no harm: repeating the request finds it, and starts what was not
started. Source: draft-ietf-httpapi-idempotency-key-header-07. The decision is docs/decisions/0015-idempotency.md.
"""

import json
import re
from contextlib import suppress
from datetime import timedelta
from typing import Final

import attrs

from compozy.contracts.cache import KV
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError, Problem, UnavailableError
from compozy.domain.executions import WorkflowState
from compozy.domain.ids import keyed_exec_id
from compozy.domain.json import Json, fingerprint
from compozy.engine.executions import Accepted, Executions

LIFETIME: Final = timedelta(hours=24)
"""How long what was sent under a key is remembered."""

KEY_RULE: Final = "1 to 255 visible ASCII characters"

_KEY: Final = re.compile(r"[!-~]{1,255}")


def is_key(text: str) -> bool:
    """Tell whether the text can be a key: :data:`KEY_RULE`.

    >>> is_key("8e03978e-40d5-43e8-bc93-6894a57f9324"), is_key("two words"), is_key("")
    (True, False, False)
    """
    return _KEY.fullmatch(text) is not None


@attrs.frozen
class Claim:
    """What is known of a key by whoever has just claimed it.

    Attributes:
        name: Where in the cache it is kept.
        is_new: Whether the cache knew nothing of it.
    """

    name: str
    is_new: bool


@attrs.frozen
class IdempotencyKeys:
    """What was sent under each key.

    Args:
        kv: Where that is remembered, for :data:`LIFETIME`.
    """

    _kv: KV

    async def claim(self, scope: str, key: str, content: Json) -> Claim:
        """Claim a key for a request; one that repeats it may claim it again.

        Args:
            scope: What the key belongs to: the same key elsewhere is another one.
            key: The key.
            content: What was sent.

        Raises:
            InvalidError: The key was claimed for something else.
            UnavailableError: The cache cannot be reached or written now.
        """
        name = f"idempotency:{scope}:{key}"
        value = json.dumps({"fingerprint": fingerprint(content)})
        while True:
            if await self._put(name, value):
                return Claim(name, is_new=True)
            with suppress(NotFoundError):  # it has ended, or been withdrawn, since: claim it again
                if await self._kv.get(name) != value:
                    raise reused(key)
                return Claim(name, is_new=False)

    async def withdraw(self, claim: Claim) -> None:
        """Forget a claim whose request was refused: if nothing was recorded, a corrected one may take the key."""
        with suppress(UnavailableError):  # then it ends by itself, and the refusal is what the caller must hear
            await self._kv.delete(claim.name)

    async def _put(self, name: str, value: str) -> bool:
        try:
            return await self._kv.set(name, value, ttl=LIFETIME, only_if_absent=True)
        except ConflictError as error:  # its memory is full; for the caller no other matter than a cache that is away
            raise UnavailableError(f"the idempotency key cannot be kept: {error}") from error


def exec_id_of(executions: Executions, workflow_id: str, key: str) -> str:
    """Return the identifier of the execution of a workflow that a key stands for."""
    # Projects may share a store, a cache and a Temporal cluster.
    return keyed_exec_id("idempotency", executions.project.name, workflow_id, key)


async def accept_keyed(
    executions: Executions, keys: IdempotencyKeys, key: str, *, draft: WorkflowState, sent: Json
) -> Accepted:
    """Accept an execution under a key, or return the one that was accepted under it before.

    Cancelling, a crash and UnavailableError leave things so that repeating the call does what is missing.

    Args:
        executions: Where to.
        keys: What is known of keys.
        key: The key.
        draft: The execution, with the identifier that :func:`exec_id_of` gives.
        sent: The input as it was sent, before defaults were filled in.

    Raises:
        InvalidError: The key was used with another input; or as :meth:`Executions.accept`.
        UnavailableError: The cache or the store cannot be reached now, or there is no orchestrator for what was not
            accepted before; nothing was started that was not before.
    """
    await executions.find_while_away(draft.exec_id)  # raises before a key is claimed for what cannot be started
    claim = await keys.claim(f"{executions.project.name}:{draft.workflow_id}", key, sent)
    try:
        accepted = await executions.accept_once(draft)
        # By fingerprint here too: to Python, 1 and true are equal.
        if claim.is_new and not accepted.is_new and fingerprint(accepted.state.input) != fingerprint(draft.input):
            raise reused(key)
    except InvalidError as error:
        refusal = error
    else:
        return accepted
    await keys.withdraw(claim)
    raise refusal


def reused(key: str) -> InvalidError:
    """Return the refusal of a key that was used with another input."""
    message = f"{key!r} was used with another input"
    return InvalidError(Problem(key="Idempotency-Key", message=message, hint="use a new key for each new request"))
