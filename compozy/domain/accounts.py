"""Who may use the API: users, and the keys that stand for them."""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from compozy.domain.ids import new_exec_id

_PREFIX: Final = "cpzy_"
_SHOWN: Final = len(_PREFIX) + 6


class Role(StrEnum):
    """What a user may do."""

    ADMIN = "admin"
    USER = "user"


def _lower(text: str) -> str:
    return text.lower()


@attrs.frozen(kw_only=True)
class User:
    """Somebody who may use the API.

    Attributes:
        user_id: Opaque; sorts by creation.
        email: Unique, in lower case.
        role: What they may do.
        created_at: When they were added (UTC, microseconds).
    """

    user_id: str
    email: str = attrs.field(converter=_lower)
    role: Role = Role.USER
    created_at: datetime


@attrs.frozen(kw_only=True)
class ApiKey:
    """A key that stands for a user. What the client sends is not kept, only its fingerprint.

    Attributes:
        key_id: Opaque; sorts by creation.
        user_id: Whom it stands for.
        name: What its owner calls it; may be empty.
        fingerprint: :func:`fingerprint_of` of what the client sends; unique.
        prefix: How it begins, so that people can tell their keys apart.
        created_at: When it was made (UTC, microseconds).
        last_used_at: When it was last used, or None.
        revoked_at: Since when it is refused, or None.
    """

    key_id: str
    user_id: str
    name: str = ""
    fingerprint: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


def new_api_key(user_id: str, *, at: datetime, name: str = "") -> tuple[str, ApiKey]:
    """Return a fresh secret, to be shown once, and the key that recognises it.

    Args:
        user_id: Whom it stands for.
        at: Now, aware.
        name: What its owner calls it.
    """
    secret = _PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        key_id=new_exec_id(),
        user_id=user_id,
        name=name,
        fingerprint=fingerprint_of(secret),
        prefix=secret[:_SHOWN],
        created_at=at,
    )
    return secret, key


def fingerprint_of(secret: str) -> str:
    """Return the SHA-256 of a secret, 64 hexadecimal digits.

    No salt and no stretching: a secret of ours has 256 random bits, which nobody finds by trying.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
