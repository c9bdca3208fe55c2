"""Backends that may not be there: what stands for one until it is, and after.

In distributed mode the API is up before the store and the cache are, to say what it waits for. It holds them by
reference; each use is of what is there in that moment, or tells the caller that nothing is.
"""

from typing import Any

from compozy.contracts.cache import Cache
from compozy.contracts.limiter import Limiter
from compozy.contracts.store import Store
from compozy.domain.errors import UnavailableError
from supervisors import Ref, Unavailable


def store_of(held: Store | Ref[Store]) -> Store:
    """Return the store, or what stands for it: there, or using it raises UnavailableError."""
    return _stand_in(held) if isinstance(held, Ref) else held


def limiter_of(held: Limiter | Ref[Limiter] | None) -> Limiter | None:
    """Return the limiter, or what stands for it, as :func:`store_of`; None for none."""
    return _stand_in(held) if isinstance(held, Ref) else held


def cache_of(held: Cache | Ref[Cache]) -> Cache:
    """Return the cache, or one whose roles stand for those of the one that is there, as :func:`store_of`."""
    if not isinstance(held, Ref):
        return held
    return Cache(
        driver="late",
        kv=_stand_in(held, "kv"),
        lists=_stand_in(held, "lists"),
        hashes=_stand_in(held, "hashes"),
        keys=_stand_in(held, "keys"),
        pubsub=_stand_in(held, "pubsub"),
        locks=_stand_in(held, "locks"),
        conversations=_stand_in(held, "conversations"),
        ping=lambda: present(held).ping(),
        statistics=lambda: present(held).statistics(),
    )


def present(ref: Ref[Any]) -> Any:
    """Return what the actor holds now.

    Raises:
        UnavailableError: Nothing; names the actor, and says why.
    """
    try:
        return ref.get()
    except Unavailable as error:
        raise UnavailableError(f"{error.actor} cannot be used now: {error.why}") from error


def _stand_in(ref: Ref[Any], part: str | None = None) -> Any:
    return _Late(ref, part)  # of no type: it has whatever that which it stands for has


class _Late:
    """Stands for what an actor holds, or for a part of it, such as the one role of a cache."""

    def __init__(self, ref: Ref[Any], part: str | None = None) -> None:
        self._ref = ref
        self._part = part

    def __getattr__(self, name: str) -> Any:
        whole = present(self._ref)
        return getattr(whole if self._part is None else getattr(whole, self._part), name)
