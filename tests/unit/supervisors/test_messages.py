"""Messages between actors of a running tree: who may send, what survives what, and who is told that nobody answers."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import ActorCrashed, Backoff, InboxError, Tree, TreeFailed, Unavailable

NOW = Backoff(0)
CRASH = OSError("connection lost")


async def adder(ctx):
    """Answer with the message plus one; raise what is an error; begin with the generation when asked who."""
    inbox = ctx.inbox
    ctx.started()
    async for letter in inbox:
        if isinstance(letter.message, Exception):
            raise letter.message
        letter.reply(ctx.generation if letter.message == "who" else letter.message + 1)


def tree_of(**options):
    """Return a tree with an adder."""
    tree = Tree("t")
    tree.add(adder, **{"inbox": 3, "backoff": NOW, **options})
    return tree


@pytest.fixture
def ask(nursery):
    """Return a function that begins to ask, and returns a list that gets what comes of it."""

    async def begin(ref, message, came=None):
        came = [] if came is None else came

        async def run():
            try:
                came.append(await ref.ask(message))
            except Exception as error:  # noqa: BLE001 - the test looks at it
                came.append(error)

        nursery.start_soon(run)
        await wait_all_tasks_blocked()
        return came

    return begin


# Who may send


async def test_the_program_asks_an_actor_and_tells_it():
    heard = []
    tree = Tree("t")

    @tree.actor(inbox=2)
    async def ear(ctx):
        ctx.started()
        async for letter in ctx.inbox:
            heard.append(letter.message)
            if letter.wants_reply:
                letter.reply("heard")

    async with tree.open() as live:
        await live[ear].tell(1)
        live[ear].tell_nowait(2)
        assert await live[ear].ask(3) == "heard"

    assert heard == [1, 2, 3]


async def test_an_actor_asks_another_through_the_tree_and_through_what_it_wants():
    tree = tree_of()
    answers = []

    @tree.actor(wants=("adder",))
    async def client(ctx, adder):
        ctx.started()
        await adder.ready()
        answers.append(await adder.ask(1))
        answers.append(await ctx.tree["adder"].ask(2))
        await adder.tell(3)
        ctx.tree["adder"].tell_nowait(4)
        await ctx.stopping.wait()

    async with tree.open():
        await wait_all_tasks_blocked()

    assert answers == [2, 3]


async def test_a_full_inbox_would_block():
    tree = Tree("t")

    @tree.actor(inbox=1)
    async def busy(ctx):
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        live[busy].tell_nowait(1)
        with pytest.raises(trio.WouldBlock):
            live[busy].tell_nowait(2)


@pytest.mark.parametrize("name", ["deaf", "group", "pool"])
async def test_what_was_declared_without_an_inbox_takes_no_messages_and_says_so(name):
    tree = Tree("t")

    @tree.actor
    async def deaf(ctx):
        ctx.started()
        await ctx.stopping.wait()

    tree.pool("pool")
    tree.include(Tree("group"))
    async with tree.open() as live:
        with pytest.raises(InboxError, match=f"'{name}' takes no messages; declare it with inbox="):
            live[name].tell_nowait(1)
        with pytest.raises(InboxError):
            await live[name].ask(1)


async def test_an_actor_without_an_inbox_cannot_receive(autojump_clock):
    tree = Tree("t")
    errors = []

    @tree.actor
    async def deaf(ctx):
        ctx.started()
        with pytest.raises(InboxError, match="'deaf' takes no messages") as caught:
            _ = ctx.inbox
        errors.append(caught.value)
        await ctx.stopping.wait()

    async with tree.open():
        await wait_all_tasks_blocked()
        assert len(errors) == 1


async def test_what_is_not_part_of_the_tree_is_unavailable():
    tree = tree_of()

    @tree.actor(wants=("adder",))
    async def client(ctx, adder):
        ctx.started(adder)
        await ctx.stopping.wait()

    async with tree.only(client).open() as live:
        adder = live[client].get()
        with pytest.raises(Unavailable, match="'adder' is not available: is not part of this tree"):
            await adder.ask(1)


# What survives what


async def test_messages_wait_for_the_next_generation(ask, autojump_clock):
    async with tree_of(backoff=Backoff(1, 1)).open() as live:
        live["adder"].tell_nowait(CRASH)
        await wait_all_tasks_blocked()
        answer = await ask(live["adder"], "who")
        assert answer == []
        await live.wait_ready()
        await wait_all_tasks_blocked()

        assert answer == [2]


async def test_what_was_queued_when_it_crashed_is_answered_by_the_next_generation(ask, autojump_clock):
    async with tree_of().open() as live:
        live["adder"].tell_nowait(CRASH)
        answers = [await ask(live["adder"], "who"), await ask(live["adder"], 1)]
        await wait_all_tasks_blocked()

        assert answers == [[2], [2]]


async def test_who_asked_the_generation_that_crashed_hears_of_the_cause(ask, autojump_clock):
    async with tree_of().open() as live:
        came = await ask(live["adder"], CRASH)

        (error,) = came
        assert isinstance(error, ActorCrashed)
        assert (error.actor, error.generation, error.cause, error.__cause__) == ("adder", 1, CRASH, CRASH)
        assert str(error) == "generation 1 of 'adder' ended before it had answered: OSError: connection lost"
        assert await live["adder"].ask("who") == 2


async def test_messages_survive_a_restart_by_hand(ask, autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=5)
    async def slow(ctx):
        inbox = ctx.inbox
        ctx.started()
        async for letter in inbox:
            await trio.sleep(1)
            letter.reply((letter.message, ctx.generation))

    async with tree.open() as live:
        first, second = await ask(live[slow], "a"), await ask(live[slow], "b")
        await live.restart(slow)
        await trio.sleep(1.5)

        assert first == [("a", 1)]
        assert second == [("b", 2)]


async def test_messages_survive_the_loss_of_a_dependency(ask, autojump_clock):
    tree = tree_of()

    @tree.actor(needs=("adder",), inbox=1)
    async def front(ctx):
        inbox = ctx.inbox
        ctx.started()
        async for letter in inbox:
            letter.reply(ctx.generation)

    async with tree.open() as live:
        live["adder"].tell_nowait(CRASH)
        await wait_all_tasks_blocked()

        assert await live[front].ask("who") == 2


# An actor that is asked to stop before it has looked into its inbox


async def test_the_loop_ends_at_once_when_the_stop_came_before_it_began(autojump_clock):
    tree = Tree("t")
    generations = []

    @tree.actor(inbox=1, grace=100)
    async def late(ctx):
        ctx.started()
        await trio.sleep(1)
        async for _ in ctx.inbox:
            raise AssertionError("nothing was sent")
        generations.append((ctx.generation, trio.current_time()))

    async with tree.open() as live:
        await live.restart(late)
    assert generations == [(1, 1), (2, 2)]


async def test_what_was_queued_is_delivered_in_a_shutdown_also_to_who_looks_late(autojump_clock):
    tree = Tree("t")
    heard = []

    @tree.actor(inbox=3, grace=100)
    async def late(ctx):
        ctx.started()
        await trio.sleep(1)
        async for letter in ctx.inbox:
            heard.append(letter.message)  # noqa: PERF401 - it is the loop that is tested

    async with tree.open() as live:
        live[late].tell_nowait(1)
        live[late].tell_nowait(2)
        live.request_stop()
        await wait_all_tasks_blocked()
        with pytest.raises(Unavailable):
            live[late].tell_nowait(3)

    assert heard == [1, 2]
    assert trio.current_time() == 1


async def test_an_older_generation_gets_nothing_of_what_is_meant_for_the_present_one(autojump_clock):
    tree = Tree("t")
    contexts = []

    @tree.actor(inbox=1)
    async def ear(ctx):
        contexts.append(ctx)
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        await live.restart(ear)
        with pytest.raises(InboxError, match="generation 1 of 'ear' has ended; it cannot receive"):
            _ = contexts[0].inbox
        live[ear].tell_nowait("for the second")

        assert (await contexts[1].inbox.receive()).message == "for the second"


# The end


async def test_what_is_queued_is_delivered_in_a_shutdown_before_the_loop_ends(ask, autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=5, grace=10)
    async def slow(ctx):
        inbox = ctx.inbox
        ctx.started()
        async for letter in inbox:
            await trio.sleep(1)
            letter.reply(letter.message)

    async with tree.open() as live:
        answers = [await ask(live[slow], message) for message in "abc"]

    await wait_all_tasks_blocked()
    assert answers == [["a"], ["b"], ["c"]]


async def test_whom_the_grace_leaves_no_time_for_is_told(ask, autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=5, grace=1.5)
    async def slow(ctx):
        inbox = ctx.inbox
        ctx.started()
        async for letter in inbox:
            await trio.sleep(1)
            letter.reply(letter.message)

    async with tree.open() as live:
        answers = [await ask(live[slow], message) for message in "abc"]

    await wait_all_tasks_blocked()
    assert answers[0] == ["a"]
    assert [type(error) for (error,) in answers[1:]] == [ActorCrashed, Unavailable]


async def test_whom_an_actor_that_stops_without_looking_leaves_behind_is_told(ask, autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=1)
    async def careless(ctx):
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        queued, waiting = await ask(live[careless], 1), await ask(live[careless], 2)
        live.request_stop("test")
        await live.wait_stopped()
        await wait_all_tasks_blocked()

        assert [str(error) for error in (*queued, *waiting)] == [
            "'careless' is not available: the tree is going down: test"
        ] * 2


async def test_who_asks_when_the_tree_goes_down_is_turned_away(autojump_clock):
    async with tree_of().open() as live:
        live.request_stop("test")

        with pytest.raises(Unavailable, match="'adder' is not available: the tree is going down: test"):
            await live["adder"].ask(1)


async def test_who_asks_an_actor_that_is_abandoned_is_told(ask, autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=2, grace=1)
    async def hog(ctx):
        inbox = ctx.inbox
        ctx.started()
        await inbox.receive()
        with trio.CancelScope(shield=True):
            await trio.sleep(10_000)

    async def leave():
        async with tree.open() as live:
            answers.extend([await ask(live[hog], 1), await ask(live[hog], 2)])

    answers = []
    with pytest.raises(TreeFailed):
        await leave()
    await wait_all_tasks_blocked()

    assert [type(error) for (error,) in answers] == [ActorCrashed, Unavailable]
    await trio.sleep(10_000)


@pytest.mark.parametrize("gives_up", ["park", "ignore"])
async def test_who_asks_an_actor_that_gave_up_is_turned_away_until_it_is_restarted(gives_up, ask, autojump_clock):
    async with tree_of(gives_up=gives_up, retries=0).open() as live:
        live["adder"].tell_nowait(CRASH)
        queued = await ask(live["adder"], 1)
        gave_up = r"'adder' is not available: adder gave up \(retries exhausted\)"

        assert [str(error) for error in queued] == ["'adder' is not available: adder gave up (retries exhausted)"]
        with pytest.raises(Unavailable, match=gave_up):
            await live["adder"].ask(1)
        with pytest.raises(Unavailable, match=gave_up):
            await live["adder"].tell(1)
        await live.restart("adder")
        assert await live["adder"].ask("who") == 2


async def test_who_asks_an_actor_that_gave_up_before_anybody_wrote_to_it_is_turned_away(autojump_clock):
    tree = Tree("t")

    @tree.actor(inbox=1, gives_up="ignore", retries=0)
    async def broken(ctx):
        raise OSError("x")

    async with tree.open() as live:
        await wait_all_tasks_blocked()

        with pytest.raises(Unavailable, match=r"broken gave up \(retries exhausted\)"):
            await live[broken].ask(1)


async def test_an_actor_that_is_restarted_after_it_gave_up_takes_messages_before_it_looks_for_them(autojump_clock):
    tree = Tree("t")
    release = trio.Event()

    @tree.actor(inbox=2, gives_up="park", retries=0)
    async def late(ctx):
        ctx.started()
        if ctx.generation == 1:
            await crash.wait()
            raise CRASH
        await release.wait()
        async for letter in ctx.inbox:
            letter.reply(ctx.generation)

    crash = trio.Event()
    async with tree.open() as live:
        crash.set()
        await wait_all_tasks_blocked()
        await live.restart(late)
        live[late].tell_nowait("before it looks")
        release.set()

        assert await live[late].ask("who") == 2


async def test_who_asks_what_needs_a_parked_actor_is_turned_away_too(ask, autojump_clock):
    tree = tree_of(gives_up="park", retries=0)

    @tree.actor(needs=("adder",), inbox=2)
    async def front(ctx):
        inbox = ctx.inbox
        ctx.started()
        async for letter in inbox:
            letter.reply(ctx.generation)

    async with tree.open() as live:
        live["adder"].tell_nowait(CRASH)
        await wait_all_tasks_blocked()

        with pytest.raises(Unavailable, match="adder gave up"):
            await live[front].ask(1)
        await live.restart("adder")
        await live.wait_ready()
        assert await live[front].ask("who") == 2


async def test_who_asks_the_actor_that_takes_the_tree_down_is_told(ask, autojump_clock):
    async def live_on():
        async with tree_of(retries=0).open() as live:
            live["adder"].tell_nowait(CRASH)
            await ask(live["adder"], 2, answers)

    answers = []
    with pytest.raises(TreeFailed):
        await live_on()

    assert [type(error) for error in answers] == [Unavailable]


# Children of a pool


async def test_a_child_of_a_pool_takes_messages(autojump_clock):
    tree = Tree("t")
    tree.pool("pool")

    async with tree.open() as live:
        child = live.spawn("pool", adder, inbox=1)
        assert await child.ask(1) == 2
        assert await live["pool/1"].ask(2) == 3


async def test_a_child_that_has_ended_takes_no_messages(ask, autojump_clock):
    tree = Tree("t")
    tree.pool("pool")

    async with tree.open() as live:
        child = live.spawn("pool", adder, inbox=3)
        child.tell_nowait(CRASH)
        queued = await ask(child, 1)

        assert [str(error) for error in queued] == ["'pool/1' is not available: it has ended"]
        with pytest.raises(Unavailable, match="'pool/1' is not available: is not part of this tree"):
            await child.ask(1)


async def test_a_child_that_is_restarted_keeps_its_messages(ask, autojump_clock):
    tree = Tree("t")
    tree.pool("pool")

    async with tree.open() as live:
        child = live.spawn("pool", adder, inbox=3, restart="on_failure", backoff=NOW)
        child.tell_nowait(CRASH)

        assert await child.ask("who") == 2


async def test_nobody_inherits_the_messages_of_a_child_of_the_same_name(autojump_clock):
    tree = Tree("t")
    tree.pool("pool")

    async def leave(ctx):
        await trio.lowlevel.checkpoint()

    async with tree.open() as live:
        first = live.spawn("pool", leave, inbox=3, name="x")
        first.tell_nowait("secret")
        await first.wait()
        second = live.spawn("pool", adder, inbox=3, name="x")

        assert await second.ask("who") == 1
