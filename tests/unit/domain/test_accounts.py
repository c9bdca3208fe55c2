"""A key's secret is shown once; what is kept only recognises it."""

import hashlib
from datetime import UTC, datetime

import attrs
import pytest

from compozy.domain.accounts import ApiKey, Role, User, fingerprint_of, new_api_key

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_an_email_is_kept_in_lower_case():
    user = User(user_id="u", email="Ada.Löve@EXAMPLE.org", created_at=NOON)

    assert user.email == "ada.löve@example.org"
    assert attrs.evolve(user, email="OTHER@x").email == "other@x"


def test_nobody_is_an_administrator_by_default():
    assert User(user_id="u", email="a@x", created_at=NOON).role is Role.USER


def test_a_fresh_key_recognises_its_secret_and_no_other():
    secret, key = new_api_key("u", at=NOON, name="laptop")
    other_secret, _ = new_api_key("u", at=NOON)

    assert key.fingerprint == fingerprint_of(secret)
    assert key.fingerprint != fingerprint_of(other_secret)
    assert (key.user_id, key.name, key.created_at) == ("u", "laptop", NOON)
    assert (key.last_used_at, key.revoked_at) == (None, None)


def test_a_key_does_not_hold_its_secret():
    secret, key = new_api_key("u", at=NOON)

    assert secret not in repr(key)
    assert secret.startswith(key.prefix)
    assert len(secret) - len(key.prefix) > 30  # what is shown leaves enough to guess


def test_keys_are_told_apart_by_id_and_secret():
    made = [new_api_key("u", at=NOON) for _ in range(100)]

    assert len({secret for secret, _ in made}) == 100
    assert len({key.key_id for _, key in made}) == 100
    assert len({key.fingerprint for _, key in made}) == 100


def test_a_secret_says_what_it_is_and_fits_into_a_header():
    secret, _ = new_api_key("u", at=NOON)

    assert secret.startswith("cpzy_")
    assert secret.isascii()
    assert secret.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("secret", ["", "cpzy_x", "ü"])
def test_a_fingerprint_is_the_sha_256_of_what_is_sent(secret):
    assert fingerprint_of(secret) == hashlib.sha256(secret.encode()).hexdigest()


def test_accounts_cannot_be_changed_by_mistake():
    key = ApiKey(key_id="k", user_id="u", fingerprint="f", prefix="p", created_at=NOON)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        key.revoked_at = None
