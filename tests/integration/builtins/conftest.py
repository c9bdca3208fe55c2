"""Built-in tools over real files, processes and a real server on loopback."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import attrs
import pytest
import trio

from compozy.contracts.tools import ToolCall
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.inputs import Draft202012Validator
from compozy.drivers.tools.builtins.settings import BuiltinSettings
from compozy.drivers.tools.builtins.tools import BuiltinTools

SECRET = "kept outside"  # noqa: S105 - the content of a file


@attrs.frozen
class Place:
    """A root with files, and a secret beside it."""

    root: object
    secret: object


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "root"
    (root / "docs" / "deep").mkdir(parents=True)
    (root / "notes.txt").write_text("alpha\nbeta\nAlpha beta alpha\n")
    (root / "docs" / "guide.md").write_text("# Guide\n\nalpha\n")
    (root / "docs" / "deep" / "data.json").write_text("{}")
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    return Place(root, secret)


@attrs.frozen
class Bench:
    """Calls tools by their names without the prefix, and checks outputs against their schemas."""

    tools: object

    async def run(self, name, *, seconds=10.0, **given):
        tool = BUILTINS[f"cp__{name}"]
        call = ToolCall(tool_id=tool.id, tool_exec_id="T", input=given, config={}, timeout=timedelta(seconds=seconds))
        output = await self.tools.run(call)
        assert [error.message for error in Draft202012Validator(tool.output).iter_errors(output)] == []
        return output

    async def refusal(self, name, **given):
        with pytest.raises(ToolError) as caught:
            await self.run(name, **given)
        assert SECRET not in str(caught.value)
        return caught.value.error_code


@pytest.fixture
def bench_of(place):
    def make(*, find=None, **settings):
        given = {} if find is None else {"find": find}
        return Bench(BuiltinTools(BuiltinSettings(root=place.root, **settings), **given))

    return make


@pytest.fixture
async def bench(bench_of):
    return bench_of()


@attrs.define
class Server:
    """Answers requests as it is told, one to a connection, and remembers what it was sent."""

    port: int
    answers: dict[str, Callable[[trio.SocketStream], Awaitable[None]] | bytes] = attrs.Factory(dict)
    requests: list[tuple[str, dict[str, str], bytes]] = attrs.Factory(list)
    connections: int = 0

    def url(self, path="/", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def answers_with(self, path, status="200 OK", body=b"", **headers):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answers[path] = "\r\n".join([*lines, "", ""]).encode() + body

    async def serve(self, stream):
        self.connections += 1
        async with stream:
            try:
                await self._serve(stream)
            except trio.BrokenResourceError:
                return  # the client has heard enough

    async def _serve(self, stream):
        received = b""
        while b"\r\n\r\n" not in received:
            part = await stream.receive_some()
            if not part:
                return
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += await stream.receive_some()
        self.requests.append((first, headers, body))
        path = re.split(r"[ ?]", first)[1]
        answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if isinstance(answer, bytes):
            await stream.send_all(answer)
        else:
            await answer(stream)


@pytest.fixture
async def server(nursery):
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    found = Server(listener.socket.getsockname()[1])
    nursery.start_soon(trio.serve_listeners, found.serve, [listener])
    return found
