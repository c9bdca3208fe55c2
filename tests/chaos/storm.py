"""One storm: a load, strikes while it is under way, and the audit when it is over."""

import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from random import Random

import attrs
import httpx
import psutil
import trio

from compozy.contracts.store import Kind
from compozy.testing.custody import open_custody

from .audit import Facts, violations
from .gathering import held_ports, left_processes, listening_ports, read_ledger, read_store, read_temporal
from .load import Load
from .programs import Place, place_of
from .scene import Scene
from .strikes import chance, plan_strikes
from .timeline import Timeline

_PROJECT = Path(__file__).with_name("project")
_GONE_WITHIN_S = 10.0
_LIMITS = httpx.Limits(max_connections=None)


@attrs.frozen(kw_only=True)
class Storm:
    """What is to happen.

    Attributes:
        name: What it is called.
        scene: Opens what it falls upon, at this place and with this chance.
        seed: What all chance comes from.
        executions: How many are wanted.
        at_once: How many of them at once.
        strikes: How many kills.
        limit_s: How long all of it may take.
        keep: Where the logs go when a law is broken; None: nowhere.
    """

    name: str
    scene: Callable[[Place, Random], AbstractAsyncContextManager[Scene]]
    seed: int
    executions: int
    at_once: int
    strikes: int
    limit_s: float
    keep: Path | None = None


@attrs.frozen(kw_only=True)
class Report:
    """What came of it.

    Attributes:
        breaches: Of the laws, in words; none: all of them hold.
        summary: The numbers, in words.
    """

    breaches: list[str]
    summary: str


async def unleash(storm: Storm, timeline: Timeline) -> Report:
    """Carry the storm out."""
    with open_custody("compozy-chaos-") as custody:
        project = Path(shutil.copytree(_PROJECT, custody.folder / "project"))
        place = place_of(custody, project, timeline)
        breaches = ["it was not carried out to the end"]
        try:
            report = await _carry_out(storm, place)
            breaches = report.breaches
        finally:
            if breaches and storm.keep is not None:
                shutil.copytree(custody.folder, storm.keep / f"{storm.name}-{storm.seed}", dirs_exist_ok=True)
        return report


async def _carry_out(storm: Storm, place: Place) -> Report:
    opening = storm.scene(place, chance(storm.seed, "scene"))
    async with opening as scene, httpx.AsyncClient(trust_env=False, limits=_LIMITS) as http:
        load = Load(chance(storm.seed, "load"), scene.doors, http, prefix=str(storm.seed))
        ports: set[int] = set()
        with trio.move_on_after(storm.limit_s) as budget:
            await scene.wait_ready()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_strike_all, storm, scene, load, ports)
                await load.run(storm.executions, at_once=storm.at_once)
                place.timeline.note("the end of every execution has been seen")
            await scene.wait_ready()
        if budget.cancelled_caught:
            late = [f"{key} still waits for {what}" for key, what in load.waits.items()]
            summary = f"{len(load.seen)} of {storm.executions} executions were seen to end"
            over = f"it is not over after {storm.limit_s:g} s"
            return Report(breaches=[over, *late, *load.complaints, *scene.deaths], summary=summary)
        facts = await _gather(scene, load, ports)
        place.timeline.note("all has been looked at")
        return Report(breaches=[*load.complaints, *violations(facts)], summary=_summary(storm, load, facts, place))


async def _strike_all(storm: Storm, scene: Scene, load: Load, ports: set[int]) -> None:
    """Let every strike fall when it is due; remember at which ports anything listened before."""
    random = chance(storm.seed, "strikes")
    async with trio.open_nursery() as nursery:
        for strike in plan_strikes(random, scene.victims, executions=storm.executions, count=storm.strikes):
            with trio.move_on_after(strike.latest_s):
                await load.wait_seen(strike.at)
            await trio.sleep(strike.delay_s)
            ports |= await trio.to_thread.run_sync(_ports_of, scene)
            scene.place.timeline.note(f"{len(load.seen)} have ended; now {strike.victim}")
            nursery.start_soon(scene.kill, strike)


def _ports_of(scene: Scene) -> set[int]:
    return listening_ports(scene.family())


async def _gather(scene: Scene, load: Load, ports: set[int]) -> Facts:
    """Ask Temporal, stop everything, and look at what there is."""
    histories = await read_temporal(await scene.find_temporal())
    ports |= await trio.to_thread.run_sync(_ports_of, scene)
    exits = await scene.stop()
    _, left = await trio.to_thread.run_sync(partial(psutil.wait_procs, scene.family(), timeout=_GONE_WITHIN_S))
    return Facts(
        seen=load.seen,
        executions=await read_store(scene.open_store(), Kind.EXECUTIONS),
        tasks=await read_store(scene.open_store(), Kind.TASKS),
        runs=read_ledger(scene.place.project / "ledger.jsonl"),
        histories=histories,
        left_over=[*left_processes(left), *held_ports(ports), *scene.held_locks()],
        deaths=scene.deaths,
        exits=exits,
        overlap=scene.overlap,
    )


def _summary(storm: Storm, load: Load, facts: Facts, place: Place) -> str:
    ended = sum(state.status.is_terminal for state in facts.executions)
    return (
        f"{ended} of {storm.executions} executions ended under {storm.strikes} kills in {place.timeline.seconds:.0f} s;"
        f" {len(facts.tasks)} tasks, {facts.repeated} runs of tools repeated, {load.repetitions} requests sent again"
    )
