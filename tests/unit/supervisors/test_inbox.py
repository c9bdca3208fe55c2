"""The inbox of an actor, with plain tasks in the place of actors."""

import pytest
import trio
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from supervisors.errors import Unavailable
from supervisors.messages.inbox import Inbox, InboxStatistics
from supervisors.messages.letters import ActorCrashed, InboxError


class Call:
    """A call in a task of its own, that can be cancelled and keeps what came of it."""

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self.value: object = "nothing yet"
        self.error: Exception | None = None

    async def run(self, function, *args) -> None:
        with self.scope:
            try:
                self.value = await function(*args)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.error = error

    @property
    def was_cancelled(self) -> bool:
        return self.scope.cancelled_caught


@pytest.fixture
def begin(nursery):
    """Return a function that begins a call and returns once that waits for something, or is done."""

    async def start(function, *args) -> Call:
        call = Call()
        nursery.start_soon(call.run, function, *args)
        await wait_all_tasks_blocked()
        return call

    return start


@pytest.fixture
def inbox() -> Inbox:
    return Inbox("counter", 2)


async def received(receiver) -> list[object]:
    """Receive until the end."""
    return [letter.message async for letter in receiver]


def raising(receiver, error):
    """Return an actor that takes one letter and crashes with this error, as the supervisor sees it."""

    async def take_and_crash():
        await receiver.receive()
        receiver.close(error)

    return take_and_crash


async def test_asker_gets_the_answer(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 20)
    letter = await receiver.receive()

    letter.reply(letter.message + 1)
    await wait_all_tasks_blocked()

    assert asking.value == 21


async def test_asker_gets_the_error_that_the_actor_answers_with(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, "x")
    error = KeyError("x")

    (await receiver.receive()).fail(error)
    await wait_all_tasks_blocked()

    assert asking.error is error
    assert inbox.statistics().unanswered == 0


async def test_answers_may_come_in_any_order(inbox, begin):
    receiver = inbox.open(1)
    first, second = await begin(inbox.ask, 1), await begin(inbox.ask, 2)
    letters = [await receiver.receive(), await receiver.receive()]

    for letter in reversed(letters):
        letter.reply(-letter.message)
    await wait_all_tasks_blocked()

    assert (first.value, second.value) == (-1, -2)


async def test_messages_are_received_in_the_order_in_which_they_were_sent(inbox, begin):
    receiver = inbox.open(1)
    await begin(inbox.tell, 1)
    inbox.tell_nowait(2)
    for number in (3, 4, 5):
        await begin(inbox.tell, number)

    assert [(await receiver.receive()).message for _ in range(5)] == [1, 2, 3, 4, 5]


async def test_teller_waits_while_the_inbox_is_full(inbox, begin):
    receiver = inbox.open(1)
    calls = [await begin(inbox.tell, number) for number in range(4)]

    before = [call.value for call in calls]
    await receiver.receive()
    await wait_all_tasks_blocked()

    assert before == [None, None, "nothing yet", "nothing yet"]
    assert [call.value for call in calls] == [None, None, None, "nothing yet"]


async def test_telling_a_full_inbox_without_waiting_would_block(inbox):
    inbox.tell_nowait(1)
    inbox.tell_nowait(2)

    with pytest.raises(trio.WouldBlock):
        inbox.tell_nowait(3)
    assert inbox.statistics().queued == 2


async def test_nobody_overtakes_those_who_wait_for_room(inbox, begin):
    receiver = inbox.open(1)
    for number in (1, 2, 3):
        await begin(inbox.tell, number)

    await receiver.receive()
    with pytest.raises(trio.WouldBlock):
        inbox.tell_nowait(4)
    assert [(await receiver.receive()).message for _ in range(2)] == [2, 3]


async def test_crash_is_reported_to_those_whose_message_was_taken(inbox, begin):
    cause = ValueError("bad sum")
    asking = await begin(inbox.ask, 1)

    await raising(inbox.open(7), cause)()
    await wait_all_tasks_blocked()

    assert isinstance(asking.error, ActorCrashed)
    assert (asking.error.actor, asking.error.generation, asking.error.cause) == ("counter", 7, cause)
    assert asking.error.__cause__ is cause
    assert str(asking.error) == "generation 7 of 'counter' ended before it had answered: ValueError: bad sum"


async def test_end_without_an_error_is_reported_to_those_who_were_not_answered(inbox, begin):
    asking = await begin(inbox.ask, 1)

    await raising(inbox.open(1), None)()
    await wait_all_tasks_blocked()

    assert str(asking.error) == "generation 1 of 'counter' ended before it had answered"
    assert inbox.statistics().unanswered == 0
    assert asking.error.__cause__ is None


async def test_message_that_nobody_took_waits_for_the_next_generation(inbox, begin):
    inbox.tell_nowait("lost with its taker")
    asking = await begin(inbox.ask, "kept")
    waiting = await begin(inbox.ask, "kept too")
    await raising(inbox.open(1), ValueError())()

    second = inbox.open(2)
    for _ in range(2):
        letter = await second.receive()
        letter.reply(f"{letter.message}, answered by 2")
    await wait_all_tasks_blocked()

    assert asking.value == "kept, answered by 2"
    assert waiting.value == "kept too, answered by 2"


async def test_messages_can_be_sent_while_there_is_no_generation(inbox):
    inbox.tell_nowait(1)

    assert (await inbox.open(1).receive()).message == 1


async def test_refusal_turns_away_all_who_wait_and_counts_what_is_lost(begin):
    inbox = Inbox("counter", 3)
    inbox.tell_nowait("lost")
    inbox.tell_nowait("lost too")
    calls = [await begin(inbox.ask, 1), await begin(inbox.ask, 2), await begin(inbox.tell, 3)]

    lost = inbox.refuse("it gave up")
    await wait_all_tasks_blocked()

    assert lost == 2
    assert [str(call.error) for call in calls] == ["'counter' is not available: it gave up"] * 3
    assert inbox.statistics().queued == inbox.statistics().waiting == 0


async def test_later_messages_are_refused(inbox):
    inbox.refuse("it gave up")

    with pytest.raises(Unavailable, match="it gave up"):
        inbox.tell_nowait(1)
    with pytest.raises(Unavailable, match="it gave up"):
        await inbox.tell(1)
    with pytest.raises(Unavailable, match="it gave up"):
        await inbox.ask(1)


async def test_new_generation_takes_back_a_refusal(inbox):
    inbox.refuse("parked")
    receiver = inbox.open(2)

    inbox.tell_nowait(1)

    assert (await receiver.receive()).message == 1


async def test_question_is_withdrawn_when_its_asker_is_cancelled_and_makes_room(inbox, begin):
    asking = await begin(inbox.ask, 1)
    for number in (2, 3):
        await begin(inbox.tell, number)

    asking.scope.cancel()
    await wait_all_tasks_blocked()

    assert asking.was_cancelled
    assert inbox.statistics().waiting == 0
    receiver = inbox.open(1)
    inbox.drain("test")
    assert await received(receiver) == [2, 3]


@pytest.mark.parametrize("way", ["tell", "ask"])
async def test_nothing_is_sent_when_who_waits_for_room_is_cancelled(inbox, begin, way):
    inbox.tell_nowait(1)
    inbox.tell_nowait(2)
    waiting = await begin(getattr(inbox, way), 3)

    waiting.scope.cancel()
    await wait_all_tasks_blocked()

    assert waiting.was_cancelled
    receiver = inbox.open(1)
    inbox.drain("test")
    assert await received(receiver) == [1, 2]


@pytest.mark.parametrize("way", ["tell", "ask"])
async def test_nothing_is_sent_by_who_is_cancelled_beforehand(inbox, begin, way):
    receiving = await begin(inbox.open(1).receive)

    with trio.CancelScope() as scope:
        scope.cancel()
        await getattr(inbox, way)(1)
    await wait_all_tasks_blocked()

    assert scope.cancelled_caught
    assert receiving.value == "nothing yet"


async def test_answer_is_dropped_when_its_asker_was_cancelled(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()
    wanted = letter.wants_reply

    asking.scope.cancel()
    await wait_all_tasks_blocked()
    still_wanted = letter.wants_reply
    unanswered = inbox.statistics().unanswered
    letter.reply(2)
    receiver.close(None)

    assert unanswered == 0
    assert (wanted, still_wanted) == (True, False)
    assert asking.was_cancelled


async def test_error_is_dropped_when_its_asker_was_cancelled(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()
    asking.scope.cancel()
    await wait_all_tasks_blocked()

    letter.fail(ValueError("nobody hears"))

    assert inbox.statistics().unanswered == 0


async def test_no_letter_is_lost_when_a_receiver_is_cancelled(inbox, begin):
    receiver = inbox.open(1)
    receiving = await begin(receiver.receive)

    receiving.scope.cancel()
    inbox.tell_nowait(1)
    await wait_all_tasks_blocked()

    assert receiving.was_cancelled
    assert (await receiver.receive()).message == 1


async def test_letter_that_was_handed_over_is_received_in_spite_of_a_cancellation_after_it(inbox, begin):
    receiving = await begin(inbox.open(1).receive)

    inbox.tell_nowait(1)
    receiving.scope.cancel()
    await wait_all_tasks_blocked()

    assert receiving.value.message == 1


async def test_each_letter_goes_to_one_of_several_tasks_in_turn(inbox, begin):
    receiver = inbox.open(1)
    tasks = [await begin(receiver.receive) for _ in range(3)]

    for number in range(3):
        inbox.tell_nowait(number)
    await wait_all_tasks_blocked()

    assert [task.value.message for task in tasks] == [0, 1, 2]


async def test_shutdown_delivers_what_is_queued_and_then_ends_the_iteration(inbox):
    receiver = inbox.open(1)
    inbox.tell_nowait(1)
    inbox.tell_nowait(2)

    inbox.drain("going down")

    assert await received(receiver) == [1, 2]


async def test_shutdown_answers_the_questions_that_are_queued(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)

    inbox.drain("going down")
    async for letter in receiver:
        letter.reply(letter.message + 1)
    await wait_all_tasks_blocked()

    assert asking.value == 2


async def test_shutdown_turns_away_new_messages_and_those_without_room(inbox, begin):
    inbox.open(1)
    inbox.tell_nowait(1)
    inbox.tell_nowait(2)
    waiting = [await begin(inbox.tell, 3), await begin(inbox.ask, 4)]

    inbox.drain("going down")
    await wait_all_tasks_blocked()

    assert [str(call.error) for call in waiting] == ["'counter' is not available: going down"] * 2
    with pytest.raises(Unavailable, match="going down"):
        inbox.tell_nowait(5)


async def test_any_other_stop_ends_the_iteration_at_once_and_keeps_the_queue(inbox):
    receiver = inbox.open(1)
    inbox.tell_nowait(1)

    inbox.end()
    before = await received(receiver)
    receiver.close(None)

    assert before == []
    assert (await inbox.open(2).receive()).message == 1


@pytest.mark.parametrize("stop", [Inbox.end, lambda inbox: inbox.drain("going down")], ids=["restart", "shutdown"])
async def test_stop_ends_the_iteration_of_a_task_that_waits(inbox, begin, stop):
    iterating = await begin(received, inbox.open(1))

    stop(inbox)
    await wait_all_tasks_blocked()

    assert iterating.value == []


async def test_messages_that_come_while_a_generation_stops_wait_for_the_next(inbox):
    first = inbox.open(1)
    inbox.end()
    inbox.tell_nowait(1)

    assert await received(first) == []
    first.close(None)
    assert (await inbox.open(2).receive()).message == 1


async def test_letter_that_was_taken_can_be_answered_while_its_generation_stops(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()

    inbox.end()
    letter.reply("in time")
    await wait_all_tasks_blocked()

    assert asking.value == "in time"


async def test_stop_requests_mean_nothing_while_there_is_no_generation(inbox):
    inbox.end()
    inbox.open(1).close(None)
    inbox.end()
    inbox.tell_nowait(1)

    assert inbox.statistics().queued == 1


async def test_generation_that_has_ended_cannot_receive(inbox, begin):
    receiver = inbox.open(1)
    hanging = await begin(receiver.receive)

    receiver.close(None)
    inbox.end()
    await wait_all_tasks_blocked()

    assert str(hanging.error) == "generation 1 of 'counter' has ended; it cannot receive"
    with pytest.raises(InboxError, match="generation 1"):
        await receiver.receive()
    with pytest.raises(InboxError, match="generation 1"):
        await received(receiver)


async def test_generation_that_has_ended_cannot_answer(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()
    receiver.close(None)

    with pytest.raises(InboxError, match="has ended"):
        letter.reply(1)
    with pytest.raises(InboxError, match="has ended"):
        letter.fail(ValueError())
    await wait_all_tasks_blocked()
    assert isinstance(asking.error, ActorCrashed)


async def test_two_generations_cannot_receive_at_once(inbox):
    inbox.open(1)

    with pytest.raises(InboxError, match="two generations of 'counter'"):
        inbox.open(2)


async def test_letter_is_answered_once(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()
    letter.reply("first")

    with pytest.raises(InboxError, match="was answered before"):
        letter.reply("second")
    with pytest.raises(InboxError, match="was answered before"):
        letter.fail(ValueError())
    await wait_all_tasks_blocked()
    assert asking.value == "first"


async def test_what_was_told_can_be_answered_by_the_handler_of_what_is_asked(inbox):
    receiver = inbox.open(1)
    inbox.tell_nowait(1)
    letter = await receiver.receive()

    unanswered = inbox.statistics().unanswered
    letter.reply("to nobody")

    assert unanswered == 0
    assert not letter.wants_reply
    assert not letter.is_ask


async def test_failure_of_what_was_told_is_raised_where_it_happened(inbox):
    receiver = inbox.open(1)
    inbox.tell_nowait(1)
    letter = await receiver.receive()

    with pytest.raises(ValueError, match="nobody else hears of it"):
        letter.fail(ValueError("nobody else hears of it"))


async def test_cancellation_cannot_be_passed_on_to_an_asker(inbox, begin):
    receiver = inbox.open(1)
    asking = await begin(inbox.ask, 1)
    letter = await receiver.receive()

    with pytest.raises(TypeError, match="KeyboardInterrupt"):
        letter.fail(KeyboardInterrupt())
    letter.reply("still possible")
    await wait_all_tasks_blocked()
    assert asking.value == "still possible"


async def test_what_succeeds_at_once_is_a_checkpoint_all_the_same(inbox, begin):
    receiver = inbox.open(1)

    with assert_checkpoints():
        await inbox.tell(1)
    with assert_checkpoints():
        await receiver.receive()
    await begin(receiver.receive)
    with assert_checkpoints():
        await inbox.tell(2)
    await wait_all_tasks_blocked()

    async def answer():
        (await receiver.receive()).reply()

    await begin(answer)
    with assert_checkpoints():
        await inbox.ask(3)
    inbox.end()
    with assert_checkpoints():
        await received(receiver)


async def test_what_does_not_wait_is_no_checkpoint(inbox, begin):
    receiver = inbox.open(1)
    await begin(inbox.ask, 1)
    letter = await receiver.receive()

    with assert_no_checkpoints():
        letter.reply()
        inbox.tell_nowait(2)
        inbox.drain("test")
        inbox.refuse("test")
        receiver.close(None)


@pytest.mark.parametrize("capacity", [0, -1])
def test_inbox_without_room_is_an_error(capacity):
    with pytest.raises(ValueError, match=f"'counter' cannot hold {capacity} letters"):
        Inbox("counter", capacity)


async def test_statistics_count_letters_and_those_who_wait(inbox, begin):
    receiver = inbox.open(1)
    for number in range(4):
        await begin(inbox.ask, number)
    await receiver.receive()
    full = inbox.statistics()
    inbox.refuse("test")
    await begin(receiver.receive)

    assert full == InboxStatistics(capacity=2, queued=2, waiting=1, unanswered=1, receiving=0)
    assert inbox.statistics() == InboxStatistics(capacity=2, queued=0, waiting=0, unanswered=1, receiving=1)
    assert repr(inbox) == "<Inbox of 'counter', 0 of 2 used>"
    assert repr(receiver) == "<Receiver of 'counter', generation 1, open>"
