"""The SDK's errors as the domain's."""

from temporalio.service import RPCError, RPCStatusCode

from compozy.domain.errors import CompozyError, InvalidError, NotFoundError, UnavailableError

_CALLERS_FAULT = frozenset({RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.OUT_OF_RANGE})


def translate(error: RPCError) -> CompozyError:
    """Return the domain's error for what the Temporal server, or the way to it, said.

    Whatever is neither the caller's fault nor an absent thing is taken for an outage: the calls that we make may all be
    repeated.
    """
    if error.status in _CALLERS_FAULT:
        return InvalidError(f"temporal refused the request: {error.message}")
    if error.status is RPCStatusCode.NOT_FOUND:
        return NotFoundError(f"temporal: {error.message}")
    return UnavailableError(f"temporal cannot be reached now: {error.status.name.lower()}: {error.message}")
