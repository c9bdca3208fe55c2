"""What a child writes: lines, tail, and waiting for a line."""

import re

import pytest
import trio
from trio.testing import memory_stream_one_way_pair, wait_all_tasks_blocked

from supervisors.processes.output import LONGEST_LINE, TAIL, Output


@pytest.fixture
async def pipe(nursery):
    """Return an output, the lines it told of, and the stream that writes into it."""
    lines = []
    output = Output(lines.append)
    writer, reader = memory_stream_one_way_pair()
    nursery.start_soon(output.drain, reader)
    return output, lines, writer


async def test_lines_are_told_as_they_come_and_an_unfinished_one_at_the_end(pipe):
    _, lines, writer = pipe

    await writer.send_all(b"one\r\ntw")
    await wait_all_tasks_blocked()
    assert lines == ["one"]
    await writer.send_all(b"o\n\nrest")
    await writer.aclose()
    await wait_all_tasks_blocked()

    assert lines == ["one", "two", "", "rest"]


async def test_bytes_that_are_not_text_are_replaced(pipe):
    _, lines, writer = pipe

    await writer.send_all(b"caf\xe9\n")
    await wait_all_tasks_blocked()

    assert lines == ["caf\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("end", [b"\n", b""])
async def test_long_lines_are_cut(pipe, end):
    _, lines, writer = pipe

    await writer.send_all(b"x" * (LONGEST_LINE * 2 + 5) + end)
    await writer.aclose()
    await wait_all_tasks_blocked()

    assert [len(line) for line in lines] == [LONGEST_LINE, LONGEST_LINE, 5]


async def test_only_the_end_is_kept(pipe):
    output, _, writer = pipe

    await writer.send_all(b"start\n" + b"y" * TAIL + b"end")
    await wait_all_tasks_blocked()

    assert len(output.tail()) == TAIL
    assert output.tail().endswith("yend")
    assert "start" not in output.tail()


async def test_line_that_was_written_before_is_found(pipe):
    output, _, writer = pipe
    await writer.send_all(b"port 1234\nport 9")
    await wait_all_tasks_blocked()

    match = await output.wait_line(re.compile(r"port (\d+)"))

    assert match.group(1) == "1234"


async def test_line_to_come_is_waited_for_until_it_is_complete(pipe, nursery):
    output, _, writer = pipe
    found = []

    async def look():
        match = await output.wait_line(re.compile(r"port (\d+)"))
        found.append(match.group(1))

    nursery.start_soon(look)
    await writer.send_all(b"booting\nport 12")
    await wait_all_tasks_blocked()
    assert not found
    await writer.send_all(b"34\nport 99\n")
    await wait_all_tasks_blocked()

    assert found == ["1234"]


@pytest.mark.parametrize("before", [b"", b"x" * (TAIL - 1) + b"\n"])
async def test_line_that_is_not_complete_yet_is_not_taken_for_one(pipe, nursery, before):
    output, _, writer = pipe
    found = []

    async def look():
        found.append((await output.wait_line(re.compile(r"port (\d+)"))).group(1))

    await writer.send_all(before + b"y" * (TAIL if before else 0) + b"port 12")
    await wait_all_tasks_blocked()
    nursery.start_soon(look)
    await wait_all_tasks_blocked()
    await writer.send_all(b"34\n")
    await wait_all_tasks_blocked()

    assert found == ["1234"]


async def test_waiting_for_a_line_can_be_cancelled(pipe):
    output, _, _ = pipe

    with trio.move_on_after(0):
        await output.wait_line(re.compile("never"))

    assert output._waiters == []


async def test_last_words_are_the_last_lines(pipe):
    output, _, writer = pipe

    await writer.send_all(b"\n".join(b"line %d" % number for number in range(100)) + b"\n\n")
    await wait_all_tasks_blocked()

    assert output.last_words() == "its last output:\n" + "\n".join(f"line {number}" for number in range(90, 100))


async def test_last_words_fit_into_a_message(pipe):
    output, _, writer = pipe

    await writer.send_all(b"z" * TAIL)
    await wait_all_tasks_blocked()

    assert len(output.last_words()) < 1100


async def test_child_that_wrote_nothing_has_no_last_words(pipe):
    output, _, writer = pipe

    await writer.send_all(b" \n")
    await wait_all_tasks_blocked()

    assert output.last_words() == "it wrote nothing"
