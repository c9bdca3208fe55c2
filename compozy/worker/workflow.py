"""The Temporal workflows: the one that interprets every definition, and its helper for large collections."""

from temporalio import workflow

from compozy.domain.work import EXECUTION_WORKFLOW, Chunk, ChunkFrame, ChunkNews, ChunkOutcome, ExecutionRequest
from compozy.worker.heeding import Heeding
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.part import run_part
from compozy.worker.names import CHUNK_NEWS, CHUNK_WORKFLOW


@workflow.defn(name=EXECUTION_WORKFLOW)
class ExecutionWorkflow(Heeding):
    """Runs one execution; its id is the execution's."""

    @workflow.init
    def __init__(self, request: ExecutionRequest) -> None:
        super().__init__()
        # Here already, because what is told to it at its start may come before it runs.
        self._execution = self._prepare(request)

    @workflow.run
    async def run(self, _request: ExecutionRequest) -> str:
        """Run the execution and return its final status; its output is in the store, not in the history."""
        return await self._carry_out(self._execution)


@workflow.defn(name=CHUNK_WORKFLOW)
class ChunkWorkflow:
    """Runs one part of a large collection."""

    @workflow.init
    def __init__(self, _shared: ChunkFrame, chunk: Chunk) -> None:
        self._control = Control(is_paused=chunk.is_paused)
        for signal in chunk.signals:
            self._control.take(signal)

    @workflow.run
    async def run(self, shared: ChunkFrame, chunk: Chunk) -> ChunkOutcome:
        """Run the children for these items and return how they ended."""
        return await run_part(shared, chunk, self._control)

    @workflow.signal(name=CHUNK_NEWS)
    def hear(self, news: ChunkNews) -> None:
        """Hear what was told to the execution."""
        if news.is_paused is not self._control.is_paused:
            self._control.put_pause(is_paused=news.is_paused)
        for signal in news.signals:
            self._control.take(signal)
