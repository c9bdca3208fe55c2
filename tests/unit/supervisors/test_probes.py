"""Probes that ask again and again: what counts as ready, and what is left to say when nothing does."""

import socket
from types import SimpleNamespace

import pytest
import trio

from supervisors.errors import ProbeError
from supervisors.processes.probes import Endpoint, Polling, tcp


@pytest.fixture
def child():
    return SimpleNamespace(why_not_ready="", listens_on=lambda _: None)


def scripted(*answers):
    """Return an `ask` that gives these answers one after another, and the last one for ever; errors are raised."""
    left = list(answers)
    asked = []

    async def ask(_):
        await trio.lowlevel.checkpoint()
        answer = left.pop(0) if len(left) > 1 else left[0]
        asked.append(trio.current_time())
        if isinstance(answer, Exception):
            raise answer
        return answer

    ask.asked = asked
    return ask


async def test_first_good_answer_is_enough_unless_more_are_asked_for(child, autojump_clock):
    probe = Polling(what="it", ask=scripted(ProbeError("not yet"), "up"))

    assert await probe(child) == "up"


async def test_good_answers_have_to_come_in_a_row(child, autojump_clock):
    ask = scripted(1, 2, ProbeError("no"), 4, 5, 6, 7)

    assert await Polling(what="it", ask=ask, successes=3)(child) == 6
    assert len(ask.asked) == 6


async def test_pause_is_as_long_as_it_is_told(child, autojump_clock):
    ask = scripted(ProbeError("no"), ProbeError("no"), "up")

    await Polling(what="it", ask=ask, every=7)(child)

    assert [at - ask.asked[0] for at in ask.asked] == pytest.approx([0, 7, 14])


async def test_pause_starts_short_and_grows_up_to_a_limit(child, autojump_clock):
    ask = scripted(*[ProbeError("no")] * 20, "up")

    await Polling(what="it", ask=ask)(child)

    pauses = [after - before for before, after in zip(ask.asked, ask.asked[1:], strict=False)]
    assert pauses[0] == pytest.approx(0.01)
    assert pauses[-1] == pytest.approx(0.25)
    assert pauses == sorted(pauses)


async def test_attempt_that_takes_too_long_has_failed(child, autojump_clock):
    async def hang(_):
        await trio.sleep_forever()

    with pytest.raises(ProbeError, match="it: no answer within 3 s"):
        await Polling(what="it", ask=hang, timeout=3).attempt(child)

    assert trio.current_time() >= 3


async def test_last_failure_is_left_for_whoever_gives_up_waiting(child, autojump_clock):
    probe = Polling(what="it", ask=scripted(ProbeError("no disk"), ProbeError("no leader")))

    with trio.move_on_after(10):
        await probe(child)

    assert child.why_not_ready == "no leader"


async def test_probe_that_never_got_an_answer_says_so(child):
    async def hang(_):
        await trio.sleep_forever()

    with trio.move_on_after(0):
        await Polling(what="the gate", ask=hang)(child)

    assert child.why_not_ready == "the gate: no answer yet"


async def test_failure_says_more_than_an_attempt_that_was_broken_off(child, autojump_clock):
    left = [ProbeError("no leader")]

    async def ask(_):
        await trio.lowlevel.checkpoint()
        if left:
            raise left.pop()
        await trio.sleep_forever()

    with trio.move_on_after(1):
        await Polling(what="it", ask=ask)(child)

    assert child.why_not_ready == "no leader"


async def test_any_other_error_is_not_taken_for_an_answer(child):
    with pytest.raises(KeyError):
        await Polling(what="it", ask=scripted(KeyError("bug")))(child)


@pytest.mark.parametrize("wrong", [{"successes": 0}, {"every": 0}, {"timeout": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Polling(what="it", ask=scripted(1), **wrong)


@pytest.mark.parametrize("port", [0, 65_536])
def test_ports_that_do_not_exist_are_refused(port):
    with pytest.raises(ValueError, match="port"):
        tcp(port)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")])
def test_endpoint_is_written_as_in_an_address(host, shown):
    assert str(Endpoint(host, 80)) == shown


@pytest.fixture
def unheard():
    """Return a socket that holds a port on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
async def listener(nursery):
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        yield listener


async def test_tcp_tells_the_child_from_a_stranger(listener):
    port = listener.socket.getsockname()[1]
    answers = {True: "child", False: "stranger", None: "nobody knows"}
    seen = {}

    for listens, who in answers.items():
        try:
            seen[who] = await tcp(port).attempt(SimpleNamespace(listens_on=lambda _, answer=listens: answer))
        except ProbeError as error:
            seen[who] = str(error)

    here = ("127.0.0.1", port)
    refusal = f"127.0.0.1:{port} accepts connections, but it is another process that listens there"
    assert seen == {"child": here, "stranger": refusal, "nobody knows": here}


async def test_tcp_says_why_there_is_no_connection(child, unheard):
    port = unheard.getsockname()[1]

    with pytest.raises(ProbeError, match=f"127.0.0.1:{port} accepts no connections: .*refused"):
        await tcp(port).attempt(child)
