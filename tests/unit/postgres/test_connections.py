import pytest

from compozy.domain.errors import UnavailableError
from compozy.drivers.postgres.connections import IDLE_S, Connections


class Connection:
    """As much of an asyncpg connection as the pool looks at; no server is asked here."""

    def __init__(self):
        self.ended = ""
        self.is_silent = False

    def is_closed(self):
        return bool(self.ended)

    def terminate(self):
        self.ended = self.ended or "terminated"

    async def close(self, *, timeout):  # noqa: ASYNC109 - the name is asyncpg's
        assert timeout > 0
        if self.is_silent:
            raise TimeoutError
        self.ended = "closed"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def make():
    return Connection()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def connections(clock):
    return Connections(make, 1, clock)


async def test_there_is_none_at_first(connections):
    assert connections.take_idle() is None


async def test_the_one_used_last_is_used_next(connections):
    first, second = await connections.make(), await connections.make()
    connections.give_back(first)
    connections.give_back(second)

    assert connections.take_idle() is second
    assert connections.take_idle() is first
    assert connections.take_idle() is None


async def test_one_that_has_died_is_passed_over(connections):
    alive, dead = await connections.make(), await connections.make()
    connections.give_back(alive)
    connections.give_back(dead)
    dead.ended = "lost"

    assert connections.take_idle() is alive
    assert connections.open_count == 1


async def test_one_that_comes_back_dead_is_not_kept(connections):
    connection = await connections.make()
    connection.ended = "lost"
    connections.give_back(connection)

    assert (connections.open_count, connections.idle_count) == (0, 0)


async def test_those_that_nobody_needs_are_closed_but_for_the_fewest(connections, clock):
    made = [await connections.make() for _ in range(3)]
    for connection in made:
        connections.give_back(connection)
    clock.now = IDLE_S + 1
    busy = connections.take_idle()
    connections.give_back(busy)
    clock.now *= 3
    connections.give_back(connections.take_idle())

    assert [connection.ended for connection in made] == ["terminated", "terminated", ""]


async def test_closing_says_goodbye_on_idle_ones_and_cuts_the_others(connections):
    idle, busy = await connections.make(), await connections.make()
    connections.give_back(idle)

    await connections.close()

    assert (idle.ended, busy.ended) == ("closed", "terminated")
    assert connections.open_count == 0


async def test_closing_waits_for_one_silent_farewell_and_not_for_more(connections):
    made = [await connections.make() for _ in range(3)]
    for connection in made:
        connection.is_silent = True
        connections.give_back(connection)

    await connections.close()

    assert [connection.ended for connection in made] == ["terminated"] * 3


async def test_after_closing_none_is_made_or_kept(connections):
    busy = await connections.make()
    await connections.close()
    connections.give_back(busy)

    assert connections.idle_count == 0
    with pytest.raises(UnavailableError, match="closed"):
        await connections.make()


async def test_one_that_is_made_while_the_others_are_closed_is_closed_as_well():
    made = []

    async def make_slowly():
        await connections.close()
        made.append(Connection())
        return made[0]

    connections = Connections(make_slowly, 1)

    with pytest.raises(UnavailableError, match="closed"):
        await connections.make()
    assert made[0].ended == "terminated"
    assert connections.open_count == 0
