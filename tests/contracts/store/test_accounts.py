"""Users are told apart by their email, keys by their fingerprint."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
import trio

from compozy.domain.accounts import Role, new_api_key
from compozy.domain.errors import ConflictError, DuplicateError, InvalidError, NotFoundError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused


@pytest.fixture
def user(store):
    """Return a function that reads one user."""
    return lambda user_id: store.read(lambda repositories: repositories.users.get(user_id))


@pytest.fixture
def users(store):
    """Return a function that reads all users."""
    return lambda: store.read(lambda repositories: repositories.users.list())


@pytest.fixture
def key(store):
    """Return a function that finds a key by its fingerprint."""
    return lambda fingerprint: store.read(lambda repositories: repositories.api_keys.find(fingerprint))


@pytest.fixture
def keys_of(store):
    """Return a function that reads the keys of a user."""
    return lambda user_id: store.read(lambda repositories: repositories.api_keys.list(user_id))


@pytest.mark.parametrize("role", Role)
async def test_a_user_comes_back_whole(put_accounts, user, a_user, role):
    ada = a_user(email="ada.löve@example.org", role=role, at=0.000001)

    await put_accounts(ada)

    assert await user(ada.user_id) == ada


async def test_an_absent_user_is_not_found_by_name(user):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await user("01ABSENT")


@pytest.mark.parametrize("written", ["Ada@Example.org", "ada@example.org", "ADA@EXAMPLE.ORG"])
async def test_an_email_is_found_in_whatever_case(store, put_accounts, a_user, written):
    ada = a_user(email="aDa@eXample.org")
    await put_accounts(ada, a_user())

    found = await store.read(lambda repositories: repositories.users.find_by_email(written))

    assert found == ada
    assert found.email == "ada@example.org"


async def test_an_unknown_email_is_none(store):
    assert await store.read(lambda repositories: repositories.users.find_by_email("nobody@example.org")) is None


async def test_users_are_listed_oldest_first_and_ids_decide_between_equals(put_accounts, users, a_user):
    expected = [a_user(user_id=f"{name}{at}", at=at) for at in range(3) for name in "ab"]
    await put_accounts(*reversed(expected))

    assert list(await users()) == expected


@pytest.mark.parametrize("same", ["user_id", "email"])
async def test_a_user_who_is_there_is_refused_and_the_closure_goes_on(store, users, put_accounts, a_user, same):
    ada, other = a_user(email="ada@example.org"), a_user(at=1)
    twin = a_user(**{same: getattr(ada, same).upper() if same == "email" else ada.user_id})
    await put_accounts(ada)

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(DuplicateError, match="already"):
            await repositories.users.add(twin)
        await repositories.users.add(other)

    await store.transaction(goes_on_after_the_refusal)

    assert list(await users()) == [ada, other]


async def test_of_many_who_want_an_email_at_the_same_time_one_gets_it(store, users, a_user):
    wanted = [a_user(email="ada@example.org") for _ in range(20)]
    refused = []

    async def add(user):
        try:
            await store.transaction(lambda repositories: repositories.users.add(user))
        except DuplicateError:
            refused.append(user)

    async with trio.open_nursery() as nursery:
        for each in wanted:
            nursery.start_soon(add, each)

    [winner] = await users()
    assert len(refused) == len(wanted) - 1
    assert winner in wanted
    assert winner not in refused


async def test_a_user_goes_with_their_keys_and_nobody_elses(store, put_accounts, users, key, a_user, a_key):
    ada, bob = a_user(), a_user()
    adas, bobs = [a_key(ada.user_id) for _ in range(3)], a_key(bob.user_id)
    await put_accounts(ada, bob, *adas, bobs)

    await store.transaction(lambda repositories: repositories.users.delete(ada.user_id))

    assert list(await users()) == [bob]
    assert [await key(each.fingerprint) for each in adas] == [None] * 3
    assert await key(bobs.fingerprint) == bobs


async def test_an_absent_user_cannot_be_deleted(store):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.transaction(lambda repositories: repositories.users.delete("01ABSENT"))


async def test_a_user_who_was_deleted_can_be_added_again(store, put_accounts, user, a_user):
    ada = a_user()
    await put_accounts(ada)
    await store.transaction(lambda repositories: repositories.users.delete(ada.user_id))

    await put_accounts(ada)

    assert await user(ada.user_id) == ada


async def test_a_key_comes_back_whole(put_accounts, key, a_user, a_key):
    ada = a_user()
    moments = {"last_used_at": NOON + timedelta(microseconds=1), "revoked_at": NOON + timedelta(days=1)}
    bare, full = a_key(ada.user_id), a_key(ada.user_id, name="CI, Zürich 👋", **moments)

    await put_accounts(ada, bare, full)

    assert await key(bare.fingerprint) == bare
    assert await key(full.fingerprint) == full


async def test_a_fresh_key_is_found_by_the_secret_it_recognises(put_accounts, key, a_user):
    ada = a_user()
    _secret, fresh = new_api_key(ada.user_id, at=NOON, name="laptop")

    await put_accounts(ada, fresh)

    assert await key(fresh.fingerprint) == fresh


async def test_an_unknown_fingerprint_is_none(key):
    assert await key("0" * 64) is None


async def test_keys_are_listed_oldest_first_and_ids_decide_between_equals(put_accounts, keys_of, a_user, a_key):
    ada, bob = a_user(), a_user()
    expected = [a_key(ada.user_id, key_id=f"{name}{at}", at=at) for at in range(3) for name in "ab"]
    await put_accounts(ada, bob, *reversed(expected), a_key(bob.user_id))

    assert list(await keys_of(ada.user_id)) == expected
    assert list(await keys_of("01ABSENT")) == []


@pytest.mark.parametrize("same", ["key_id", "fingerprint"])
async def test_a_key_that_is_there_is_refused_and_the_closure_goes_on(
    store, put_accounts, keys_of, a_user, a_key, same
):
    ada = a_user()
    first, other = a_key(ada.user_id), a_key(ada.user_id, at=1)
    twin = a_key(ada.user_id, **{same: getattr(first, same)})
    await put_accounts(ada, first)

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(DuplicateError, match="already"):
            await repositories.api_keys.add(twin)
        await repositories.api_keys.add(other)

    await store.transaction(goes_on_after_the_refusal)

    assert list(await keys_of(ada.user_id)) == [first, other]


async def test_a_key_of_an_absent_user_is_refused_and_the_closure_goes_on(store, put_accounts, key, a_user, a_key):
    stray, ada = a_key("01ABSENT"), a_user()

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(ConflictError, match="'01ABSENT' is not recorded"):
            await repositories.api_keys.add(stray)
        await repositories.users.add(ada)

    await store.transaction(goes_on_after_the_refusal)

    assert await key(stray.fingerprint) is None
    await put_accounts(a_key(ada.user_id))


async def test_keys_that_are_added_while_their_user_goes_are_refused_or_go_too(store, put_accounts, a_user, a_key):
    ada = a_user()
    added = [a_key(ada.user_id) for _ in range(10)]
    refused = []
    await put_accounts(ada)

    async def add(key):
        try:
            await store.transaction(lambda repositories: repositories.api_keys.add(key))
        except ConflictError:
            refused.append(key)

    async with trio.open_nursery() as nursery:
        for number, each in enumerate(added):
            if number == 5:
                nursery.start_soon(store.transaction, lambda repositories: repositories.users.delete(ada.user_id))
            nursery.start_soon(add, each)

    async def look(repositories):
        return [await repositories.api_keys.find(each.fingerprint) for each in added]

    assert await store.read(look) == [None] * 10


async def test_the_last_use_of_a_key_never_goes_back(store, put_accounts, key, a_user, a_key):
    ada = a_user()
    used = a_key(ada.user_id)
    await put_accounts(ada, used)
    noted = []

    for seconds in (5, 3, 5.000001, 5):
        at = NOON + timedelta(seconds=seconds)
        await store.transaction(lambda repositories, at=at: repositories.api_keys.touch(used.key_id, at))
        noted.append((await key(used.fingerprint)).last_used_at - NOON)

    assert noted == [timedelta(seconds=each) for each in (5, 5, 5.000001, 5.000001)]
    assert attrs.evolve(await key(used.fingerprint), last_used_at=None) == used


async def test_times_of_use_that_arrive_at_once_leave_the_latest(store, put_accounts, key, a_user, a_key):
    ada = a_user()
    used = a_key(ada.user_id)
    await put_accounts(ada, used)

    async with trio.open_nursery() as nursery:
        for n in range(20):
            at = NOON + timedelta(seconds=n * 7 % 20)
            nursery.start_soon(
                store.transaction, lambda repositories, at=at: repositories.api_keys.touch(used.key_id, at)
            )

    assert (await key(used.fingerprint)).last_used_at == NOON + timedelta(seconds=19)


async def test_touching_a_key_that_is_gone_changes_nothing(store):
    await store.transaction(lambda repositories: repositories.api_keys.touch("01ABSENT", NOON))

    assert await store.read(lambda repositories: repositories.api_keys.find("01ABSENT")) is None


async def test_a_revoked_key_keeps_its_first_time_and_is_still_found(store, put_accounts, key, a_user, a_key):
    ada = a_user()
    revoked = a_key(ada.user_id)
    await put_accounts(ada, revoked)
    expected = attrs.evolve(revoked, revoked_at=NOON)

    for at in (NOON.astimezone(timezone(timedelta(hours=9))), NOON + timedelta(1), NOON - timedelta(1)):
        answer = await store.transaction(lambda repositories, at=at: repositories.api_keys.revoke(revoked.key_id, at))
        assert answer == expected

    assert await key(revoked.fingerprint) == expected


async def test_an_absent_key_cannot_be_revoked(store):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.transaction(lambda repositories: repositories.api_keys.revoke("01ABSENT", NOON))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda api_keys: api_keys.touch("x", NAIVE), "at: 2026-01-01 00:00:00 has no time zone"),
        (lambda api_keys: api_keys.revoke("x", NAIVE), "at: 2026-01-01 00:00:00 has no time zone"),
    ],
)
async def test_a_time_without_a_zone_is_refused(store, call, named):
    with pytest.raises(InvalidError, match=named):
        await store.transaction(lambda repositories: call(repositories.api_keys))


@pytest.mark.parametrize(
    "changes",
    [{"email": "a\0b"}, {"email": "\udc00"}, {"user_id": "a\0b"}, {"user_id": ""}, {"created_at": NAIVE}],
    ids=repr,
)
async def test_a_user_that_cannot_be_recorded_is_refused_by_the_name_of_the_value(put_accounts, users, a_user, changes):
    with pytest.raises(InvalidError, match=f"^{next(iter(changes))}: "):
        await put_accounts(a_user(**changes))

    assert list(await users()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"key_id": "a\0b"},
        {"key_id": ""},
        {"name": "a\0b"},
        {"fingerprint": "\ud800"},
        {"prefix": "\0"},
        {"created_at": NAIVE},
        {"last_used_at": NAIVE},
        {"revoked_at": NAIVE},
    ],
    ids=repr,
)
async def test_a_key_that_cannot_be_recorded_is_refused_by_the_name_of_the_value(
    put_accounts, keys_of, a_user, a_key, changes
):
    ada = a_user()
    await put_accounts(ada)

    with pytest.raises(InvalidError, match=f"^{next(iter(changes))}: "):
        await put_accounts(a_key(ada.user_id, **changes))

    assert list(await keys_of(ada.user_id)) == []
