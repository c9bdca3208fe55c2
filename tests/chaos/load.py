"""Clients that each want one execution, whatever happens to those whom they ask."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from random import Random
from typing import Any

import httpx
import trio

from compozy.domain.statuses import TERMINAL

from .audit import Seen
from .programs import Doors

WORKFLOW = "storm"
_STARTS = f"/api/v0/workflows/{WORKFLOW}/executions"
_EXECUTIONS = "/api/v0/executions/workflows"
_PATIENCE = httpx.Timeout(25.0, connect=5.0)
_PAUSE_S = 0.3
_LOOK_EVERY_S = 0.5
_OUTAGES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE})


class Load:
    """Wants executions, so many at once, each under a key of its own, until it has seen the end of each.

    A third of the clients start theirs and look how it stands; a third start it and follow its events; a third wait
    for the answer. A request whose answer is lost is sent again under the same key.

    Args:
        random: Who does what, and for how long.
        doors: Whom to ask.
        http: What to ask with.
        prefix: What makes the keys those of this load.

    Attributes:
        seen: What clients were told in the end, by key.
        waits: What the others wait for, by key.
        complaints: Answers that no client should get.
        repetitions: How many requests were sent again.
    """

    def __init__(self, random: Random, doors: Doors, http: httpx.AsyncClient, *, prefix: str) -> None:
        self._random = random
        self._doors = doors
        self._http = http
        self._prefix = prefix
        self._ended = trio.lowlevel.ParkingLot()
        self.seen: dict[str, Seen] = {}
        self.waits: dict[str, str] = {}
        self.complaints: list[str] = []
        self.repetitions = 0

    async def run(self, executions: int, *, at_once: int) -> None:
        """Want so many, and return when the end of each was seen."""
        ways: list[Callable[[str, str], Awaitable[Seen]]] = [self._look, self._follow, self._wait]
        slots = trio.CapacityLimiter(at_once)
        async with trio.open_nursery() as nursery:
            for number in range(executions):
                nursery.start_soon(self._want, f"{self._prefix}-{number}", ways[number % len(ways)], slots)

    async def wait_seen(self, count: int) -> None:
        """Return when so many have been seen to end."""
        while len(self.seen) < count:
            await self._ended.park()

    async def _want(self, key: str, way: Callable[[str, str], Awaitable[Seen]], slots: trio.CapacityLimiter) -> None:
        async with slots:
            pause_ms = str(self._random.randrange(20, 1000))
            self.seen[key] = await way(key, pause_ms)
        del self.waits[key]
        self._ended.unpark_all()

    async def _look(self, key: str, pause_ms: str) -> Seen:
        exec_id = await self._start(key, pause_ms)
        while True:
            seen = await self._get(key, exec_id)
            if seen.status in TERMINAL:
                return seen
            await trio.sleep(_LOOK_EVERY_S)

    async def _follow(self, key: str, pause_ms: str) -> Seen:
        exec_id = await self._start(key, pause_ms)
        while not await self._hear_end(key, exec_id):
            await self._pause()
        seen = await self._get(key, exec_id)
        if seen.status not in TERMINAL:
            self.complaints.append(f"{key}: the end of {exec_id} was told, and then it was {seen.status}")
        return seen

    async def _wait(self, key: str, pause_ms: str) -> Seen:
        said = await self._insist(key, "POST", f"{_STARTS}/sync", pause_ms)
        return Seen(exec_id=said["exec_id"], status=said["status"], output=said["output"])

    async def _start(self, key: str, pause_ms: str) -> str:
        exec_id: str = (await self._insist(key, "POST", _STARTS, pause_ms))["exec_id"]
        return exec_id

    async def _get(self, key: str, exec_id: str) -> Seen:
        said = await self._insist(key, "GET", f"{_EXECUTIONS}/{exec_id}")
        return Seen(exec_id=exec_id, status=said["status"], output=said["output"])

    async def _hear_end(self, key: str, exec_id: str) -> bool:
        """Follow the events; return whether the end was among them, rather than the stream cut off."""
        url = await self._doors.pick()
        self.waits[key] = f"the events of {exec_id} from {url}"
        path = f"{_EXECUTIONS}/{exec_id}/events"
        try:
            async with self._http.stream("GET", url + path, timeout=_PATIENCE) as answer:
                if not answer.is_success and answer.status_code not in _OUTAGES:
                    self.complaints.append(f"{key}: GET {path} is answered {answer.status_code}")
                return answer.is_success and await _has_end(answer)
        except httpx.TransportError:
            return False

    async def _insist(self, key: str, method: str, path: str, pause_ms: str | None = None) -> dict[str, Any]:
        """Ask until there is an answer."""
        body = None if pause_ms is None else {"input": {"pause_ms": pause_ms}}
        headers = {} if body is None else {"Idempotency-Key": key}
        while True:
            url = await self._doors.pick()
            self.waits[key] = f"{method} {url}{path}"
            try:
                answer = await self._http.request(method, url + path, json=body, headers=headers, timeout=_PATIENCE)
            except httpx.TransportError:
                await self._pause()
                continue
            if answer.is_success:
                said: dict[str, Any] = answer.json()
                return said
            if answer.status_code not in _OUTAGES:
                self.complaints.append(f"{key}: {method} {path} is answered {answer.status_code} {answer.text}")
            await self._pause()

    async def _pause(self) -> None:
        self.repetitions += 1
        await trio.sleep(_PAUSE_S)


async def _has_end(answer: httpx.Response) -> bool:
    """Read the events to the last; return whether that of the end was among them."""
    has_end = False
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            event = json.loads(line.removeprefix("data:"))
            has_end = has_end or ("task_id" not in event and event["status"] in TERMINAL)
    return has_end
