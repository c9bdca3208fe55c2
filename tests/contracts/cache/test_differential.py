"""The same commands to sugardb and to a real Redis give equal answers and equal errors.

Time is told by the test: what sugardb sees as the time stands still between two commands, and in Redis everything with
a time to live is made older (or removed) by as much as the test lets pass. All times are multiples of ten minutes, so
what the commands take is far too little to make a difference, and times are compared in these units.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import attrs
import pytest
import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from compozy.contracts.limiter import Decision
from compozy.domain.errors import CompozyError

UNIT = timedelta(minutes=10)
OURS = "compozy:"
"""What the names of the keys begin with in which Redis keeps locks and hits; sugardb has no keys for them."""

KEYS = st.sampled_from(["a", "a:metadata", "b", "b:metadata", "é*"])
VALUES = st.sampled_from(
    ["", "0", "1", "-1", "7", "x", "007", "día\n\0", "1.5", str(2**63 - 1), str(-(2**63)), str(2**53)]
)
FIELDS = st.sampled_from(["tokens", "f", "", "día"])
MAPPINGS = st.dictionaries(FIELDS, VALUES, max_size=3)
STEPS = st.sampled_from([1, -1, 5, 2**62, -(2**62), 2**63 - 1, -(2**63), 2**63])
POSITIONS = st.integers(-5, 5)
TTLS = st.none() | st.integers(-1, 6).map(lambda units: units * UNIT)
SOME_TTLS = st.integers(-1, 6).map(lambda units: units * UNIT)
PATTERNS = st.just("*") | st.text("ab*?[]^-\\:éd", max_size=6)
TOKENS = st.sampled_from([0, 1, -1, 100, -(2**40), 2**53 - 1, 2**53, -(2**53)])
LENGTHS = st.none() | st.integers(-1, 4)


class Machine(RuleBasedStateMachine):
    """Commands to two caches; it lives on a thread beside the Trio thread on which the caches live."""

    def __init__(self, sugar, redis):
        super().__init__()
        self.harnesses = (sugar, redis)
        self.locks = []
        trio.from_thread.run(self._empty)

    async def _empty(self):
        for harness in self.harnesses:
            names = [name async for page in harness.cache.keys.scan() for name in page]
            await harness.cache.kv.delete(*names)
        # What has no keys in sugardb goes when its time has passed.
        await self.harnesses[0].advance(1000 * UNIT)

    def both(self, command):
        """Give a command to both caches; what they answer must be equal."""
        sugar, redis = trio.from_thread.run(self._ask, command)
        assert sugar == redis
        return sugar

    async def _ask(self, command):
        return [await self._answer(command, harness) for harness in self.harnesses]

    async def _answer(self, command, harness):
        try:
            return told(await command(harness.cache))
        except CompozyError as error:
            return type(error)

    @rule(key=KEYS)
    def get(self, key):
        self.both(lambda cache: cache.kv.get(key))

    @rule(key=KEYS, value=VALUES, ttl=TTLS, only_if_absent=st.booleans())
    def set(self, key, value, ttl, only_if_absent):
        self.both(lambda cache: cache.kv.set(key, value, ttl=ttl, only_if_absent=only_if_absent))

    @rule(keys=st.lists(KEYS, max_size=3))
    def delete(self, keys):
        self.both(lambda cache: cache.kv.delete(*keys))

    @rule(keys=st.lists(KEYS, max_size=3))
    def get_many(self, keys):
        self.both(lambda cache: cache.kv.get_many(*keys))

    @rule(key=KEYS, ttl=SOME_TTLS)
    def expire(self, key, ttl):
        self.both(lambda cache: cache.kv.expire(key, ttl))

    @rule(key=KEYS)
    def ttl(self, key):
        self.both(lambda cache: cache.kv.ttl(key))

    @rule(key=KEYS, by=STEPS, ttl=TTLS)
    def increment(self, key, by, ttl):
        self.both(lambda cache: cache.kv.increment(key, by, ttl_if_new=ttl))

    @rule(key=KEYS, values=st.lists(VALUES, max_size=4))
    def push(self, key, values):
        self.both(lambda cache: cache.lists.push(key, *values))

    @rule(key=KEYS, start=POSITIONS, stop=POSITIONS)
    def range(self, key, start, stop):
        self.both(lambda cache: cache.lists.range(key, start, stop))

    @rule(key=KEYS)
    def length(self, key):
        self.both(lambda cache: cache.lists.length(key))

    @rule(key=KEYS, start=POSITIONS, stop=POSITIONS)
    def trim(self, key, start, stop):
        self.both(lambda cache: cache.lists.trim(key, start, stop))

    @rule(key=KEYS, mapping=MAPPINGS)
    def set_fields(self, key, mapping):
        self.both(lambda cache: cache.hashes.set(key, mapping))

    @rule(key=KEYS, field=FIELDS)
    def get_field(self, key, field):
        self.both(lambda cache: cache.hashes.get(key, field))

    @rule(key=KEYS)
    def get_fields(self, key):
        self.both(lambda cache: cache.hashes.get_all(key))

    @rule(key=KEYS, field=FIELDS, by=STEPS)
    def increment_field(self, key, field, by):
        self.both(lambda cache: cache.hashes.increment(key, field, by))

    @rule(key=KEYS, fields=st.lists(FIELDS, max_size=3))
    def delete_fields(self, key, fields):
        self.both(lambda cache: cache.hashes.delete(key, *fields))

    @rule(key=KEYS, messages=st.lists(VALUES, max_size=4), delta=TOKENS, length=LENGTHS, ttl=TTLS)
    def append_trim(self, key, messages, delta, length, ttl):
        self.both(
            lambda cache: cache.conversations.append_trim(key, messages, token_delta=delta, max_length=length, ttl=ttl)
        )

    @rule(key=KEYS)
    def read(self, key):
        self.both(lambda cache: cache.conversations.read(key))

    @rule(key=KEYS)
    def clear(self, key):
        self.both(lambda cache: cache.conversations.clear(key))

    @rule(pattern=PATTERNS, page_size=st.integers(1, 3))
    def scan(self, pattern, page_size):
        self.both(lambda cache: scanned(cache, pattern, page_size=page_size))

    @rule(resource=st.sampled_from(["door", "window"]), ttl=SOME_TTLS)
    def acquire(self, resource, ttl):
        acquired = {}

        async def acquire(cache):
            acquired[cache.driver] = await cache.locks.acquire(resource, ttl)
            return True

        if self.both(acquire) is True:
            self.locks.append(acquired)

    @precondition(lambda self: self.locks)
    @rule(data=st.data())
    def release(self, data):
        held = data.draw(st.sampled_from(self.locks))
        self.both(lambda cache: cache.locks.release(held[cache.driver]))

    @precondition(lambda self: self.locks)
    @rule(data=st.data(), ttl=SOME_TTLS)
    def extend(self, data, ttl):
        held = data.draw(st.sampled_from(self.locks))
        self.both(lambda cache: cache.locks.extend(held[cache.driver], ttl))

    @rule(units=st.integers(1, 4))
    def advance(self, units):
        for harness in self.harnesses:
            trio.from_thread.run(harness.advance, units * UNIT)

    @rule(key=st.sampled_from(["one", "other"]), limit=st.integers(0, 3), units=st.integers(2, 3))
    def hit(self, key, limit, units):
        limiters = {harness.cache.driver: harness.limiter for harness in self.harnesses}
        self.both(lambda cache: limiters[cache.driver].hit(f"{key} {units}", limit, units * UNIT))

    @invariant()
    def holds_the_same(self):
        self.both(contents)

    def teardown(self):
        for driver in ("sugardb", "redis"):
            fences = [acquired[driver].fence for acquired in self.locks]
            assert fences == sorted(set(fences))


async def scanned(cache, pattern, **options):
    """Return the names that match, but those that one driver alone keeps."""
    names = [name async for page in cache.keys.scan(pattern, **options) for name in page]
    return sorted(name for name in names if not name.startswith(OURS))


async def contents(cache):
    """Return all keys with their times to live, and the texts among their values."""
    names = await scanned(cache, "*")
    return [(name, told(await cache.kv.ttl(name)), *await cache.kv.get_many(name)) for name in names]


def told(answer):
    """Return an answer as it can be compared: times in whole units, sequences and mappings as lists and dicts."""
    match answer:
        case timedelta():
            return round(answer / UNIT)
        case Decision():
            return told(attrs.astuple(answer))
        case str() | bytes():
            return answer
        case Sequence():
            return [told(part) for part in answer]
        case Mapping():
            return dict(answer)
    return answer


@pytest.mark.slow
async def test_same_commands_give_equal_answers(opening):
    async with opening("sugardb", frozen=True) as sugar, opening("redis") as redis:
        limits = settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        )
        await trio.to_thread.run_sync(lambda: run_state_machine_as_test(lambda: Machine(sugar, redis), settings=limits))
