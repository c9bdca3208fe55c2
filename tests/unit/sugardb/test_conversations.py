"""Conversations, against a model that is obviously right; kept in a folder and without."""

from datetime import timedelta

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from compozy.contracts.cache import ConversationMetadata
from compozy.drivers.sugardb import open_cache


@attrs.define
class Model:
    """A conversation as the contract tells it; the deadline is that of both of its keys."""

    messages: list = attrs.field(factory=list)
    tokens: int = 0
    deadline: float | None = None
    exists: bool = False

    def append_trim(self, now, messages, delta, length, ttl):
        if self.deadline is not None and self.deadline <= now:
            self.__init__()
        if not self.exists and not messages:
            return ConversationMetadata()
        self.exists = True
        self.messages += messages
        if length is not None:
            self.messages = self.messages[max(0, len(self.messages) - length) :]
        self.tokens = max(0, self.tokens + delta)
        if ttl is not None:
            self.deadline = now + ttl
        return ConversationMetadata(length=len(self.messages), tokens=self.tokens)


CALL = st.tuples(
    st.integers(0, 4),  # time that passes before
    st.lists(st.text("ab", max_size=2), max_size=4),
    st.integers(-9, 9),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(1, 8),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(CALL, max_size=15))
def test_conversation_is_what_the_model_says_after_every_call(tmp_path_factory, calls):
    now = 0.0
    model = Model()
    folder = tmp_path_factory.mktemp("cache")

    async def run():
        nonlocal now
        options = {"clock": lambda: now, "wall_clock": lambda: now, "fsync": "no"}
        async with open_cache(folder=folder, **options) as cache:
            for pause, messages, delta, length, ttl in calls:
                now += pause
                expected = model.append_trim(now, messages, delta, length, ttl)
                lifetime = None if ttl is None else timedelta(seconds=ttl)
                found = await cache.conversations.append_trim(
                    "talk", messages, token_delta=delta, max_length=length, ttl=lifetime
                )
                assert found == expected
                assert await cache.conversations.read("talk") == (model.messages, expected)
        async with open_cache(folder=folder, **options) as cache:
            expected = ConversationMetadata(length=len(model.messages), tokens=model.tokens)
            assert await cache.conversations.read("talk") == (model.messages, expected)

    trio.run(run)
